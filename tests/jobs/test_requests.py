"""Requests snapshot their selection; they can be cancelled and retried."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from styletransfer.jobs import claims, planning, snapshot
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.outdated import outdated_keys
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import cancel_job, request_restyle, retry_failed
from styletransfer.models import RestyleJob, StyledVariant
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db


def ids_of(job):
    return sorted(int(key) for key in job.items.values_list("object_id", flat=True))


@pytest.mark.parametrize("given", ["queryset", "ordered", "sliced", "ids", "instances"])
def test_the_selection_is_kept_as_it_was(source, make_preset, make_photos, given):
    photos = make_photos(5)
    everything = Photo.objects.filter(image__contains="photos/")
    selected = {
        "queryset": everything,
        "ordered": everything.order_by("-alt").select_related("article"),
        "sliced": everything.order_by("pk")[1:4],
        "ids": [photo.pk for photo in photos] * 2,
        "instances": iter(photos),
    }[given]
    job = request_restyle(source, selected, [make_preset()])
    make_photos(2)
    expected = photos[1:4] if given == "sliced" else photos
    assert ids_of(job) == [photo.pk for photo in expected]


def test_nothing_selected_is_a_job_without_work(source, make_preset):
    for nothing in (Photo.objects.none(), []):
        job = request_restyle(source, nothing, [make_preset(f"oil-{RestyleJob.objects.count()}")])
        plan_job(job)
        assert job.is_planned
        assert not job.variants.exists()


def test_a_queryset_is_copied_inside_the_database(
    source, make_preset, make_photos, django_assert_max_num_queries
):
    preset = make_preset()
    make_photos(50)
    with django_assert_max_num_queries(8):
        job = request_restyle(source, Photo.objects.all(), [preset])
    assert job.items.count() == 50


@pytest.fixture
def folded(source, make_preset, make_photos, monkeypatch):
    """A job with seven selected photos, kept three keys a row."""
    monkeypatch.setattr(snapshot, "FOLD_ABOVE", 6)
    monkeypatch.setattr(snapshot, "FOLDED_KEYS", 3)
    photos = make_photos(7)
    # Joined rows must not count a photo twice.
    selected = Photo.objects.filter(article__photos__isnull=False)
    return request_restyle(source, selected, [make_preset()]), photos


def test_a_large_selection_is_kept_folded(folded, make_photos):
    job, photos = folded
    make_photos(2)
    kept = list(job.folded.values_list("object_ids", "number"))
    assert [number for _keys, number in kept] == [3, 3, 1]
    assert sorted(int(key) for keys, _number in kept for key in keys) == [photo.pk for photo in photos]
    assert (job.items.count(), job.selected_count()) == (0, 7)


def test_planning_unfolds_a_large_selection_bit_by_bit(folded):
    job, photos = folded
    assert plan_job(job, chunk=2, budget_seconds=0) == 0
    assert planning._plan_chunk(job, 2) == 2
    assert (job.items.count(), job.folded.count(), job.selected_count()) == (3, 2, 7)
    assert not job.is_planned
    plan_job(job)
    assert job.is_planned
    assert ids_of(job) == [photo.pk for photo in photos]
    assert job.variants.count() == 7
    assert not job.folded.exists()


def test_a_folded_job_that_was_cancelled_goes_on(folded):
    job, _photos = folded
    plan_job(job, chunk=3, budget_seconds=0)
    cancel_job(job)
    plan_job(job)
    assert job.folded.count() == 3
    retry_failed(job)
    plan_job(job)
    assert job.variants.count() == 7


def test_photos_of_a_folded_job_are_not_outdated(folded, make_preset, source):
    job, _photos = folded
    preset = job.presets.get()
    plan_job(job)
    StyledVariant.objects.update(recipe="0" * 64)
    digest = engine_digest(preset.engine)
    assert len(list(outdated_keys(source, preset, digest))) == 7
    request_restyle(source, Photo.objects.all(), [preset])
    assert list(outdated_keys(source, preset, digest)) == []


def test_a_request_is_part_of_the_callers_transaction(source, make_preset, make_photos):
    make_photos(1)
    preset = make_preset()
    with transaction.atomic():
        request_restyle(source, Photo.objects.all(), [preset])
        transaction.set_rollback(True)
    assert not RestyleJob.objects.exists()


def test_who_asked_for_what_is_recorded(source, make_preset, make_photos):
    user = get_user_model().objects.create_user("ada")
    job = request_restyle(source, [], [make_preset()], user=user, selection="all lamps", lane="interactive")
    assert (job.requested_by, job.selection, job.lane) == (user, "all lamps", "interactive")
    assert request_restyle(source, [], [make_preset("ink")], user=AnonymousUser()).requested_by is None


def test_a_preset_is_needed(source):
    with pytest.raises(ValueError, match="preset"):
        request_restyle(source, [], [])


def test_cancelling_stops_planning_and_what_waits(source, make_preset, make_photos):
    make_photos(4)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    plan_job(job, chunk=2, budget_seconds=1e-9)
    plan_job(job, chunk=4)
    claim = claims.claim_for_painting("bulk", limit=1)
    assert cancel_job(job) == 4
    assert job.counts()["cancelled"] == 4
    assert claims.renew(claim.token) == 0
    drain_all()
    assert job.counts()["cancelled"] == 4


def test_an_unplanned_job_that_is_cancelled_is_never_planned(source, make_preset, make_photos):
    make_photos(2)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    cancel_job(job)
    drain_all()
    assert not job.variants.exists()


def test_what_another_job_waits_for_is_not_cancelled(source, make_preset, make_photos):
    photos = make_photos(3)
    preset = make_preset()
    job = request_restyle(source, Photo.objects.all(), [preset])
    other = request_restyle(source, [photos[0].pk], [preset])
    plan_job(job)
    plan_job(other)
    assert cancel_job(job) == 2
    drain_all()
    assert other.counts()["ready"] == 1
    assert cancel_job(other) == 0


def test_retrying_a_job(source, make_preset, make_photos):
    make_photos(3)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    plan_job(job)
    failed = job.variants.first()
    StyledVariant.objects.filter(pk=failed.pk).update(state="failed", attempts=3, error="bad day")
    assert retry_failed(job) == 1
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.error) == ("queued", 0, "")
    drain_all()
    assert job.counts()["ready"] == 3


def test_a_cancelled_job_goes_on_when_retried(source, make_preset, make_photos):
    make_photos(3)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    cancel_job(job)
    retry_failed(job)
    drain_all()
    assert job.counts()["ready"] == 3


def test_retrying_looks_again_at_photos_that_had_an_error(source, make_preset, make_photos):
    (photo,) = make_photos(1)
    name = photo.image.name
    Photo.objects.update(image="")
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    drain_all()
    assert job.items.get().error
    Photo.objects.update(image=name)
    retry_failed(job)
    drain_all()
    assert job.counts()["ready"] == 1
    assert not job.items.get().error


def test_retrying_a_choice_of_variants(source, make_preset, make_photos):
    make_photos(3)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    plan_job(job)
    StyledVariant.objects.update(state="failed")
    chosen = StyledVariant.objects.filter(pk=job.variants.first().pk)
    assert retry_failed(chosen) == 1
    assert job.counts() | {"queued": 1, "failed": 2} == job.counts()
