"""The jobs' list and page: progress from counts, live JSON, cancel and retry."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from styletransfer.admin.progress import JobProgress
from styletransfer.jobs import snapshot
from styletransfer.jobs.requests import cancel_job, request_restyle
from styletransfer.models import RestyleJob, StyledVariant, VariantState
from styletransfer.sources import get_source
from tests.testapp.models import Photo

LIST = "admin:styletransfer_restylejob_changelist"
DETAIL = "admin:styletransfer_restylejob_change"
PROGRESS = "admin:styletransfer_restylejob_progress"
ACT = "admin:styletransfer_restylejob_act"


def test_progress_follows_the_work(boss, make_preset, make_photo, restyle, drain):
    photos, presets = [make_photo(0), make_photo(1)], [make_preset("oil"), make_preset("ink")]
    job = restyle(photos, *presets, work=False)
    url = reverse(PROGRESS, args=[job.pk])
    assert boss.get(url).json()["hint"] == ""
    RestyleJob.objects.update(created_at=job.created_at - timedelta(seconds=6))
    waiting = boss.get(url).json()
    assert (waiting["percent"], waiting["is_open"]) == (0, True)
    assert waiting["sentence"] == "0 of 4 ready, 4 waiting"
    assert "restyle_worker" in waiting["hint"]
    drain()
    done = boss.get(url).json()
    assert (done["percent"], done["is_open"], done["status"]) == (100, False, "Done")
    assert done["sentence"] == "4 of 4 ready"
    assert done["hint"] == ""


def test_a_large_selection_counts_before_it_is_unfolded(boss, make_preset, make_photo, drain, monkeypatch):
    monkeypatch.setattr(snapshot, "FOLD_ABOVE", 1)
    make_photo(0), make_photo(1)
    job = request_restyle(get_source(Photo), Photo.objects.all(), [make_preset("oil"), make_preset("ink")])
    assert (job.folded.count(), job.items.count()) == (1, 0)
    url = reverse(PROGRESS, args=[job.pk])
    assert boss.get(url).json()["sentence"] == "0 of 4 ready, 4 waiting"
    assert "0 of 4 ready" in boss.get(reverse(DETAIL, args=[job.pk])).content.decode()
    drain()
    assert boss.get(url).json()["sentence"] == "4 of 4 ready"


def test_failures_are_listed_with_reasons_and_retried(boss, make_preset, make_photo, restyle, drain):
    photos = [make_photo(0), make_photo(1)]
    with photos[0].image.open() as file:
        content = file.read()
    photos[0].image.storage.delete(photos[0].image.name)
    job = restyle(photos, make_preset())
    page = boss.get(reverse(DETAIL, args=[job.pk])).content.decode()
    assert "is missing from its storage" in page
    assert "1 of 2 ready, 1 failed" in page
    with photos[0].image.storage.open(photos[0].image.name, "wb") as file:
        file.write(content)
    answer = boss.post(reverse(ACT, args=[job.pk]), {"act": "retry"}, follow=True).content.decode()
    assert "1 picture was queued again." in answer
    assert LogEntry.objects.get().object_id == str(job.pk)
    drain()
    assert StyledVariant.objects.filter(state=VariantState.READY).count() == 2
    again = boss.get(reverse(PROGRESS, args=[job.pk])).json()
    assert again["sentence"] == "2 of 2 ready, 1 replaced by newer ones"


def test_cancel_stops_what_waits_and_logs(boss, make_preset, make_photo, restyle, drain):
    job = restyle([make_photo()], make_preset(), work=False)
    assert boss.get(reverse(ACT, args=[job.pk])).status_code == 302
    job.refresh_from_db()
    assert job.cancelled_at is None
    page = boss.post(reverse(ACT, args=[job.pk]), {"act": "cancel"}, follow=True).content.decode()
    assert "The job was cancelled." in page
    assert LogEntry.objects.get().change_message == "Cancelled."
    drain()
    assert not StyledVariant.objects.filter(state=VariantState.READY).exists()
    assert boss.get(reverse(PROGRESS, args=[job.pk])).json()["status"] == "Cancelled"


def test_list_costs_the_same_for_any_number_of_jobs(
    boss, make_preset, make_photo, restyle, django_assert_num_queries
):
    presets = [make_preset("oil"), make_preset("ink")]
    restyle([make_photo(0)], *presets)
    restyle([make_photo(1)], *presets, work=False)
    boss.get(reverse(LIST))
    with CaptureQueriesContext(connection) as few:
        boss.get(reverse(LIST))
    usual = len(few)
    restyle([make_photo(2)], *presets)
    for number in range(3, 5):
        restyle([make_photo(number)], *presets, work=False)
    # The first look at jobs that have ended notes their counts in their rows.
    boss.get(reverse(LIST))
    with django_assert_num_queries(usual):
        page = boss.get(reverse(LIST)).content.decode()
    assert page.count("st-progress") == 5
    assert "2 of 2 ready" in page
    assert "Oil, Ink" in page or "Ink, Oil" in page


def test_jobs_link_to_their_variants(boss, make_preset, make_photo, restyle):
    preset = make_preset()
    restyle([make_photo(0)], preset)
    job = restyle([make_photo(1)], preset)
    page = boss.get(reverse(DETAIL, args=[job.pk])).content.decode()
    url = f"{reverse('admin:styletransfer_styledvariant_changelist')}?job={job.pk}"
    assert url in page
    assert boss.get(url).content.decode().count("st-pair") == 1


def test_rights(client_with, make_preset, make_photo, restyle):
    job = restyle([make_photo()], make_preset(), work=False)
    looks = client_with("styletransfer.view_restylejob")
    assert looks.get(reverse(DETAIL, args=[job.pk])).status_code == 200
    assert "st-job-cancel" not in looks.get(reverse(DETAIL, args=[job.pk])).content.decode()
    for act in ("cancel", "retry", "undo", "restore"):
        assert looks.post(reverse(ACT, args=[job.pk]), {"act": act}).status_code == 403
    nobody = client_with("styletransfer.review")
    for name in (DETAIL, PROGRESS, ACT):
        assert nobody.post(reverse(name, args=[job.pk])).status_code == 403
    job.refresh_from_db()
    assert job.cancelled_at is None


def test_unknown_jobs_are_not_found(boss, db):
    assert boss.get(reverse(PROGRESS, args=[7])).status_code == 404


@pytest.mark.parametrize(
    ("progress", "percent", "status"),
    [
        (JobProgress(photos=3, unplanned=3, presets=2), 0, "Queued"),
        (JobProgress({"ready": 199, "queued": 1}, presets=1), 99, "Running"),
        (JobProgress({"ready": 2, "failed": 1}, presets=1), 100, "Done, with failures"),
        (JobProgress({"ready": 2}, refused=1, presets=2), 100, "Done, with failures"),
        (
            JobProgress({"ready": 2, "cancelled": 5}, unplanned=9, presets=1, is_cancelled=True),
            100,
            "Cancelled",
        ),
        (JobProgress({"ready": 1, "superseded": 1}, presets=1), 100, "Done"),
        (JobProgress(), 100, "Done"),
    ],
)
def test_progress_in_figures(progress, percent, status):
    assert (progress.percent, progress.status()[1]) == (percent, status)


def test_cancelled_jobs_wait_for_nothing(make_preset, make_photo, restyle):
    from styletransfer.admin.progress import progress_of

    job = restyle([make_photo()], make_preset(), work=False)
    cancel_job(job)
    progress = progress_of([job])[job.pk]
    assert (progress.open, progress.total) == (0, 0)
