"""Bulk restyling from end to end in Chromium: all 24 products, a sample, a job, its review, and its undo."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from styletransfer.jobs.worker import Worker
from styletransfer.models import RestyleJob, StyledVariant, StylePreset, StyleReference
from styletransfer.testing import photo_file

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff(visit, live_server):
    """Sign an administrator in, in a store whose looks the fake engine paints and nothing is painted yet."""
    StyledVariant.objects.all().delete()
    for seed, preset in enumerate(StylePreset.objects.all()):
        preset.engine = "fake"
        preset.widths = [320]
        preset.save()
        StyleReference(preset=preset, image=photo_file(f"look-{seed}.jpg", seed=seed + 1)).save()
    boss = User.objects.create_superuser("boss")

    def sign_in(**options):
        visitor = visit(**options)
        client = Client()
        client.force_login(boss)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        visitor.page.context.add_cookies([cookie])
        visitor.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        return visitor

    return sign_in


def work():
    """Do all that waits, in this thread: the live server shares its connection to SQLite's memory."""
    Worker(encode_threads=0, poll_seconds=0.01).run(until=lambda: True)


def choose_all(page):
    page.check("#action-toggle")
    across = page.locator(".actions .question a")
    if across.count() and across.is_visible():
        across.click()
    page.select_option("select[name=action]", "restyle_selected")
    page.click("button[name=index]")
    page.wait_for_selector(".st-confirm")


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_whole_flow(staff):
    visitor = staff()
    page = visitor.page
    visitor.open("/admin/shop/product/")
    choose_all(page)
    assert "24 products" in page.text_content(".st-count")
    page.check("input[name=presets] >> nth=0")
    page.click(".st-sample-start")
    page.wait_for_selector(".st-sample-pair")
    work()
    page.wait_for_function("document.querySelector('.st-sample-status').textContent.includes('finished')")
    assert page.locator(".st-sample-pair").count() == 3
    page.wait_for_function("[...document.images].every(image => image.complete)")
    assert fits(page)
    visitor.shoot("bulk-confirm", full_page=True)

    page.click(".submit-row input[type=submit]")
    page.wait_for_selector(".st-job-percent")
    visitor.shoot("bulk-job-begun", full_page=True)
    work()
    page.wait_for_function("document.querySelector('.st-job-status').textContent === 'Done'", timeout=60_000)
    job = RestyleJob.objects.get()
    assert job.counts()["ready"] == job.items.count() >= 24
    assert fits(page)
    visitor.shoot("bulk-job-done", full_page=True)

    page.click(".st-job-review")
    page.wait_for_selector(".st-tile")
    assert page.locator(".st-tile").count() == 24
    decide_from_the_keyboard(page)
    page.evaluate("document.querySelectorAll('.st-tile img').forEach(image => image.loading = 'eager')")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    assert fits(page)
    visitor.shoot("bulk-review", full_page=True)
    assert visitor.problems == []

    approve_the_rest(page, job)
    undo_and_restore(visitor, job)
    messages = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert any("Requested" in text for text in messages)
    assert any("Undone" in text for text in messages)
    assert any("Brought back" in text for text in messages)
    assert visitor.problems == []


def decide_from_the_keyboard(page):
    before = StyledVariant.objects.filter(review="pending", preset__draft_of__isnull=True).count()
    page.wait_for_selector(".st-review-keys:not([hidden])", state="attached")
    page.keyboard.press("a")
    page.keyboard.press("r")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelectorAll('.st-tile[data-review=rejected]').length === 1")
    page.wait_for_function("document.querySelectorAll('.st-tile[data-review=approved]').length === 1")
    assert page.locator(".st-tile input:checked").count() == 1
    left = page.locator("[data-tab=pending] .st-tab-count").text_content()
    assert int(left) == int(page.text_content(".st-review-count")) == before - 2
    assert page.evaluate("document.querySelectorAll('.st-tile')[3].contains(document.activeElement)")


def approve_the_rest(page, job):
    page.check("input[name=scope]")
    page.click(".st-review-acts .st-approve")
    page.wait_for_selector(".st-review-empty")
    assert job.variants.filter(review="approved").count() == job.items.count() - 1


def undo_and_restore(visitor, job):
    page = visitor.page
    look = job.presets.get().slug
    page.click("text=Back to the job")
    page.wait_for_selector(".st-job-undo")
    shown = painted_pictures(visitor, look)
    assert shown >= 23
    page.click(".st-job-undo")
    page.wait_for_selector(".st-job-undone:not([hidden])")
    visitor.shoot("bulk-job-undone", full_page=True)
    assert painted_pictures(visitor, look) == 0
    page.click(".st-job-restore")
    page.wait_for_selector(".st-job-undo:not([hidden])")
    assert painted_pictures(visitor, look) == shown


def painted_pictures(visitor, look):
    """What the storefront's list hands a shopper, in a request of its own."""
    text = visitor.page.request.get(f"{visitor.base}/?style={look}").text()
    return sum("/media/styled/" in picture for picture in text.split("<picture")[1:])


def test_the_flow_without_a_script(staff):
    visitor = staff(script=False)
    page = visitor.page
    visitor.open("/admin/shop/product/?q=mug")
    page.check("#result_list .action-select >> nth=0")
    page.select_option("select[name=action]", "restyle_selected")
    page.click("button[name=index]")
    page.wait_for_selector(".st-confirm")
    page.check("input[name=presets] >> nth=0")
    page.click(".st-sample-start")
    page.wait_for_selector(".st-sample-pair")
    # What was ticked is still ticked, and a reload shows how far the sample is.
    assert page.is_checked("input[name=presets] >> nth=0")
    work()
    page.reload()
    assert "finished" in page.text_content(".st-sample-status")
    page.click(".submit-row input[type=submit]")
    page.wait_for_selector(".st-job-percent")
    work()
    page.reload()
    assert page.text_content(".st-job-status") == "Done"
    page.click(".st-job-review")
    page.check(".st-tile input[name=variant] >> nth=0")
    page.click(".st-review-acts .st-reject")
    page.wait_for_selector(".messagelist")
    assert RestyleJob.objects.get().variants.filter(review="rejected").count() == 1
    visitor.open(f"/admin/styletransfer/restylejob/{RestyleJob.objects.get().pk}/review/?show=rejected")
    page.check("input[name=scope]")
    page.click("text=Paint again with other options")
    page.wait_for_selector(".st-confirm")
    assert "1 photo" in page.text_content(".st-count")
    page.check("input[name=presets] >> nth=1")
    page.click(".submit-row input[type=submit]")
    page.wait_for_selector(".st-job-percent")
    assert RestyleJob.objects.count() == 2


def test_dark_mode(staff):
    visitor = staff(color_scheme="dark")
    page = visitor.page
    visitor.open("/admin/shop/product/?q=mug")
    page.check("#result_list .action-select >> nth=0")
    page.select_option("select[name=action]", "restyle_selected")
    page.click("button[name=index]")
    page.check("input[name=presets] >> nth=0")
    page.check("input[name=presets] >> nth=1")
    page.click(".st-sample-start")
    page.wait_for_selector(".st-sample-pair")
    work()
    page.wait_for_function("document.querySelector('.st-sample-status').textContent.includes('finished')")
    visitor.shoot("bulk-dark-confirm", full_page=True)
    page.click(".submit-row input[type=submit]")
    page.wait_for_selector(".st-job-percent")
    work()
    page.wait_for_function("document.querySelector('.st-job-status').textContent === 'Done'", timeout=30_000)
    visitor.shoot("bulk-dark-job", full_page=True)
    page.click(".st-job-review")
    page.wait_for_selector(".st-review-keys:not([hidden])", state="attached")
    page.keyboard.press("a")
    page.wait_for_selector(".st-tile[data-review=approved]")
    visitor.shoot("bulk-dark-review", full_page=True)
    assert visitor.problems == []
