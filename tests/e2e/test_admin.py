"""Staff at work in Chromium: a live preview from the keyboard, and a selection that becomes pictures."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from styletransfer.jobs.worker import Worker
from styletransfer.models import RestyleJob, StyledVariant, StylePreset, StyleReference
from styletransfer.testing import photo_file

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff(visit, live_server):
    """Open a window in which an administrator is signed in, in a store whose looks the fake engine paints."""
    for preset in StylePreset.objects.all():
        preset.engine = "fake"
        preset.save()
        StyleReference(preset=preset, image=photo_file()).save()

    def sign_in(**options):
        visitor = visit(**options)
        client = Client()
        client.force_login(User.objects.create_superuser("boss"))
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        visitor.page.context.add_cookies([cookie])
        # Django's admin names no icon, so the browser asks for one that the store does not have there.
        visitor.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        return visitor

    return sign_in


def work():
    Worker(encode_threads=0, poll_seconds=0.01).run(until=lambda: True)


def test_a_slider_moved_by_keyboard_is_previewed(staff):
    visitor, preset = staff(), StylePreset.objects.looks().first()
    page = visitor.page
    visitor.open(f"/admin/styletransfer/stylepreset/{preset.pk}/change/")
    page.focus("#id_strength")
    for _press in range(5):
        page.keyboard.press("ArrowLeft")
    value = float(page.input_value("#id_strength"))
    assert value == pytest.approx(preset.strength - 0.05)
    assert page.text_content("output[for=id_strength]") == f"{value:.0%}"
    page.wait_for_function("document.querySelector('.st-tryit-status').textContent.startsWith('Waiting')")
    work()
    page.wait_for_selector(".st-tryit-stage .st-compare")
    page.wait_for_function("document.querySelector('.st-tryit-status').textContent === 'Ready.'")
    draft = StyledVariant.objects.select_related("preset").get(preset__draft_of=preset)
    assert draft.preset.strength == pytest.approx(value)
    # One request for five presses: the panel waits until the slider rests.
    assert preset.drafts.count() == 1
    assert visitor.problems == []
    visitor.shoot("admin-preview", full_page=True)


def test_the_preview_works_without_a_script(staff):
    visitor, preset = staff(script=False), StylePreset.objects.looks().first()
    page = visitor.page
    visitor.open(f"/admin/styletransfer/stylepreset/{preset.pk}/change/")
    page.click(".st-tryit button")
    page.wait_for_url(re.compile(r"/preview/\d+/$"))
    assert "restyle_worker" in page.text_content(".st-tryit-status")
    work()
    page.wait_for_selector(".st-compare-after img")


def test_selected_products_become_pictures_on_a_page_that_follows(staff):
    visitor = staff()
    page = visitor.page
    visitor.open("/admin/shop/product/")
    for row in range(2):
        page.check(f"#result_list .action-select >> nth={row}")
    page.select_option("select[name=action]", "restyle_selected")
    page.click("button[name=index]")
    page.wait_for_selector(".st-confirm")
    page.check("input[name=presets] >> nth=0")
    visitor.shoot("admin-confirm", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click(".st-confirm input[type=submit]")
    page.wait_for_selector(".st-job-percent")
    assert page.text_content(".st-job-percent").strip() == "0 %"
    work()
    page.wait_for_function("document.querySelector('.st-job-status').textContent === 'Done'")
    # Jobs of nobody repaint what the store's changed looks have put out of date.
    job = RestyleJob.objects.get(requested_by__isnull=False)
    assert job.counts()["ready"] == job.items.count() >= 2
    visitor.shoot("admin-job", full_page=True)
    page.click("text=Look at the pictures")
    page.wait_for_selector("#result_list .st-pair")
    assert page.locator("#result_list .st-pair").count() == job.items.count()
    visitor.shoot("admin-variants", full_page=True)
    assert visitor.problems == []
