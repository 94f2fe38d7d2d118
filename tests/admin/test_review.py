"""The review grid: pages, decisions one by one and about everything, and painting again."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from styletransfer.admin import review
from styletransfer.models import RestyleJob, StyledVariant

JSON = {"Accept": "application/json"}


def address(job, show=""):
    url = reverse("admin:styletransfer_restylejob_review", args=[job.pk])
    return f"{url}?show={show}" if show else url


@pytest.fixture
def job(make_preset, make_photo, restyle):
    return restyle([make_photo(number) for number in range(3)], make_preset())


def states():
    return list(StyledVariant.objects.order_by("pk").values_list("review", flat=True))


def test_the_page_shows_before_and_after(boss, job):
    page = boss.get(address(job)).content.decode()
    assert page.count('class="st-tile"') == 3
    assert "Mug 0" in page
    assert "st-tile-before" in page
    assert "takes it off when you reject it" in page


def test_the_page_explains_the_strict_rule(boss, job, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "SHOW_UNAPPROVED": False}
    assert "only once you have approved it" in boss.get(address(job)).content.decode()


def test_one_decision_by_key(boss, job):
    first = StyledVariant.objects.order_by("pk").first()
    answer = boss.post(address(job), {"act": "approve", "variant": [first.pk]}, headers=JSON).json()
    assert answer["review"] == "approved"
    assert {tab["value"]: tab["count"] for tab in answer["tabs"]} == {
        "pending": 2,
        "approved": 1,
        "rejected": 0,
        "all": 3,
    }
    boss.post(address(job), {"act": "reopen", "variant": [first.pk]}, headers=JSON)
    assert states() == ["pending"] * 3
    assert LogEntry.objects.count() == 4


def test_a_repeated_decision_changes_and_logs_nothing(boss, job):
    first = StyledVariant.objects.order_by("pk").first()
    for _click in range(2):
        boss.post(address(job), {"act": "reject", "variant": [first.pk]})
    # One entry for the job, one for the picture.
    assert LogEntry.objects.count() == 2


def test_all_of_a_list(boss, job, django_assert_max_num_queries):
    first = StyledVariant.objects.order_by("pk").first()
    boss.post(address(job), {"act": "reject", "variant": [first.pk]})
    with django_assert_max_num_queries(14):
        boss.post(address(job, "pending"), {"act": "approve", "scope": "all"})
    assert sorted(states()) == ["approved", "approved", "rejected"]
    assert LogEntry.objects.latest("pk").change_message == "Approved: 2."


def test_pages_follow_each_other(boss, job, monkeypatch):
    monkeypatch.setattr(review, "PAGE", 2)
    page = boss.get(address(job))
    assert len(page.context["tiles"]) == 2
    after = boss.get(address(job).split("?")[0] + page.context["next_url"])
    assert len(after.context["tiles"]) == 1
    assert after.context["next_url"] == ""
    assert after.context["first_url"] == "?show=pending"


def test_queries_do_not_grow(boss, job, make_photo, restyle, django_assert_num_queries):
    boss.get(address(job))
    with CaptureQueriesContext(connection) as few:
        boss.get(address(job))
    usual = len(few)
    preset = job.presets.get()
    bigger = restyle([make_photo(number) for number in range(10, 18)], preset)
    boss.get(address(bigger))
    with django_assert_num_queries(usual):
        boss.get(address(bigger))


def test_painting_again_leads_to_the_confirm_page(boss, job, make_preset):
    ink = make_preset("ink")
    first = StyledVariant.objects.order_by("pk").first()
    assert "Tick the pictures" in boss.post(address(job), {"act": "redo"}, follow=True).content.decode()
    url = boss.post(address(job), {"act": "redo", "variant": [first.pk]})["Location"]
    page = boss.get(url)
    assert "<strong>1 photo</strong>" in page.content.decode()
    assert f"the review of job {job.pk}" in page.content.decode()
    boss.post(url, {"seen": page.context["seen"], "presets": [ink.pk]})
    again = RestyleJob.objects.latest("pk")
    assert [item.object_id for item in again.items.all()] == [first.object_id]


def test_painting_all_rejected_again(boss, job, make_preset):
    ink = make_preset("ink")
    ticked = [variant.pk for variant in StyledVariant.objects.order_by("pk")[:2]]
    boss.post(address(job), {"act": "reject", "variant": ticked})
    url = boss.post(address(job, "rejected"), {"act": "redo", "scope": "all"})["Location"]
    page = boss.get(url)
    assert "<strong>2 photos</strong>" in page.content.decode()
    boss.post(url, {"seen": page.context["seen"], "presets": [ink.pk]})
    assert RestyleJob.objects.latest("pk").items.count() == 2


def test_rights(client_with, job):
    pk = StyledVariant.objects.first().pk
    reviewer = client_with("styletransfer.review")
    page = reviewer.get(address(job)).content.decode()
    assert "Approve ticked" in page
    assert "Paint again" not in page
    assert reviewer.post(address(job), {"act": "redo", "variant": [pk]}).status_code == 403
    painter = client_with("styletransfer.restyle")
    assert "Approve ticked" not in painter.get(address(job)).content.decode()
    assert painter.post(address(job), {"act": "approve", "variant": [pk]}).status_code == 403
    assert client_with().get(address(job)).status_code == 403
    assert states() == ["pending"] * 3


def test_nonsense_is_not_found(boss, job):
    assert boss.get(address(job, "melted")).status_code == 404
    assert boss.post(address(job), {"act": "melt"}).status_code == 404
    assert boss.get(address(job) + "?after=x").status_code == 200


def test_pictures_of_other_jobs_are_out_of_reach(boss, job, make_photo, restyle):
    other = restyle([make_photo(9)], job.presets.get())
    boss.post(address(job), {"act": "reject", "variant": [other.variants.get().pk]})
    assert other.variants.get().review == "pending"
