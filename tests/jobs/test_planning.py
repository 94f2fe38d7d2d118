"""Selected photos become variants: once each, resumable, and with a reason for each that cannot."""

import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.functions import Now

from styletransfer.jobs import photos as photos_module
from styletransfer.jobs import planning
from styletransfer.jobs.planning import plan_job, unplanned_jobs
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import RestyleJob, StyledVariant
from styletransfer.sources import get_source
from styletransfer.testing import FakeEngine, photo_bytes, photo_file
from tests.jobs.conftest import configure
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo, UuidPhoto

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(source):
    def request(*presets, objects=None, **options):
        job = request_restyle(source, Photo.objects.all() if objects is None else objects, presets, **options)
        plan_job(job)
        return job

    return request


def test_each_photo_is_read_once_for_all_presets(plan, make_preset, make_photos, monkeypatch):
    presets = [make_preset("oil"), make_preset("ink"), make_preset("wax")]
    make_photos(4)
    read = []
    original = photos_module._read
    monkeypatch.setattr(
        photos_module, "_read", lambda storage, name: read.append(name) or original(storage, name)
    )
    job = plan(*presets)
    assert len(read) == 4
    assert job.variants.count() == 12
    assert job.is_planned
    assert set(job.variants.values_list("state", "bucket")) == {("queued", "64x64")}


def test_planning_twice_changes_nothing(plan, make_preset, make_photos):
    preset = make_preset()
    make_photos(3)
    first = plan(preset)
    second = plan(preset)
    assert StyledVariant.objects.count() == 3
    assert set(first.variants.all()) == set(second.variants.all())
    assert plan_job(second) == 0


def test_planning_goes_on_where_it_was_cut_off(source, make_preset, make_photos, monkeypatch):
    make_photos(5)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    original, calls = planning.want, []

    def killed(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(planning, "want", killed)
    with pytest.raises(KeyboardInterrupt):
        plan_job(job, chunk=2)
    assert job.items.filter(is_planned=True).count() == job.variants.count() == 2
    assert not job.is_planned
    assert unplanned_jobs(["bulk"]) == [job]
    plan_job(job, chunk=2)
    assert job.variants.count() == 5
    assert job.is_planned


def test_one_planner_at_a_time_until_its_lease_ends(source, make_preset, make_photos):
    make_photos(1)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    assert planning._take(job)
    assert plan_job(job) == 0
    assert unplanned_jobs(["bulk"]) == []
    RestyleJob.objects.update(planning_until=Now() - planning.timedelta(seconds=1))
    assert plan_job(job) == 1


def test_a_time_budget_stops_between_chunks(source, make_preset, make_photos):
    make_photos(3)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    assert plan_job(job, chunk=1, budget_seconds=1e-6) in (0, 1)
    assert not job.is_planned
    plan_job(job)
    assert job.variants.count() == 3


def test_what_is_ready_is_linked_and_not_painted_again(plan, make_preset, make_photos):
    preset = make_preset()
    make_photos(2)
    plan(preset)
    drain_all()
    painted = []
    FakeEngine.on_paint = painted.extend
    job = plan(preset)
    drain_all()
    assert job.counts()["ready"] == 2
    assert painted == []


def test_missing_and_refused_photos_fail_with_a_reason_and_the_job_goes_on(plan, make_preset, make_photos):
    good, missing, empty, svg, huge = make_photos(5)
    default_storage.delete(missing.image.name)
    for photo, data in (
        (empty, b""),
        (svg, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        (huge, photo_bytes()[:200]),
    ):
        default_storage.delete(photo.image.name)
        default_storage.save(photo.image.name, ContentFile(data))
    job = plan(make_preset())
    states = {variant.object_id: variant for variant in job.variants.all()}
    assert states[str(good.pk)].state == "queued"
    for photo, word in ((missing, "missing"), (empty, "0 bytes"), (svg, "SVG"), (huge, "damaged")):
        variant = states[str(photo.pk)]
        assert (variant.state, variant.bucket) == ("failed", "")
        assert word in variant.error
        assert photo.image.name in variant.error
    drain_all()
    assert job.counts() | {"ready": 1, "failed": 4} == job.counts()


def test_a_missing_photo_without_known_dimensions_stops_nothing(plan, make_preset, make_photos):
    missing, _good = make_photos(2)
    Photo.objects.update(width=None, height=None)
    default_storage.delete(missing.image.name)
    job = plan(make_preset(), objects=[missing.pk, missing.pk + 1])
    assert job.counts() | {"failed": 1, "queued": 1} == job.counts()


def test_a_photo_over_the_byte_limit_is_refused_without_reading_it_all(
    plan, make_preset, make_photos, settings
):
    configure(settings, MAX_BYTES=1000)
    make_photos(1)
    job = plan(make_preset())
    assert "larger than" in job.variants.get().error


def test_deleted_objects_and_objects_without_photo_are_noted(plan, make_preset, make_photos):
    gone, bare, good = make_photos(3)
    Photo.objects.filter(pk=bare.pk).update(image="")
    job = plan(make_preset(), objects=[gone.pk + 1000, bare.pk, good.pk, "nonsense"])
    errors = dict(job.items.values_list("object_id", "error"))
    assert "no longer there" in errors[str(gone.pk + 1000)]
    assert "no longer there" in errors["nonsense"]
    assert "no photo" in errors[str(bare.pk)]
    assert errors[str(good.pk)] == ""
    assert job.is_planned
    assert job.variants.count() == 1


def test_failures_are_tried_again_only_when_told(plan, make_preset, make_photos):
    preset = make_preset()
    make_photos(2)
    plan(preset)
    failed, cancelled = StyledVariant.objects.order_by("pk")
    StyledVariant.objects.filter(pk=failed.pk).update(state="failed", error="bad day", attempts=3)
    StyledVariant.objects.filter(pk=cancelled.pk).update(state="cancelled")
    job = plan(preset)
    assert job.counts() | {"failed": 1, "cancelled": 1, "queued": 0} == job.counts()
    job = plan(preset, force=True)
    assert job.counts()["queued"] == 2
    failed.refresh_from_db()
    assert (failed.attempts, failed.error) == (0, "")


def test_a_new_photo_replaces_the_open_variant_of_the_old_one(plan, make_preset, make_photos):
    (photo,) = make_photos(1)
    preset = make_preset()
    plan(preset)
    photo.image = photo_file("new.jpg", seed=50)
    photo.save()
    plan(preset)
    old, new = StyledVariant.objects.order_by("pk")
    assert (old.state, new.state) == ("superseded", "queued")


def test_a_changed_preset_shows_the_old_picture_until_the_new_one_is_ready(plan, make_preset, make_photos):
    make_photos(1)
    preset = make_preset(strength=1.0)
    plan(preset)
    drain_all()
    preset.strength = 0.25
    preset.save()
    plan(preset)
    assert [variant.state for variant in StyledVariant.objects.order_by("pk")] == ["ready", "queued"]
    drain_all()
    assert [variant.state for variant in StyledVariant.objects.order_by("pk")] == ["superseded", "ready"]
    painted = []
    FakeEngine.on_paint = painted.extend
    preset.strength = 1.0
    preset.save()
    plan(preset)
    assert [variant.state for variant in StyledVariant.objects.order_by("pk")] == ["ready", "superseded"]
    assert painted == []


def test_a_superseded_variant_without_its_files_is_painted_again(plan, make_preset, make_photos):
    make_photos(1)
    preset = make_preset()
    plan(preset)
    drain_all()
    variant = StyledVariant.objects.get()
    StyledVariant.objects.update(state="superseded")
    default_storage.delete(variant.renditions[0]["name"])
    plan(preset)
    drain_all()
    variant.refresh_from_db()
    assert variant.state == "ready"
    assert default_storage.exists(variant.renditions[0]["name"])


def test_an_unknown_engine_is_named(plan, make_preset, make_photos):
    make_photos(1)
    good, broken = make_preset("oil"), make_preset("broken")
    type(broken).objects.filter(pk=broken.pk).update(engine="nowhere")
    job = plan(good, broken)
    assert "nowhere" in job.items.get().error
    assert job.variants.get().preset == good


def test_uuid_keys(make_preset):
    photo = UuidPhoto.objects.create(picture=photo_file())
    source = get_source(UuidPhoto)
    job = request_restyle(source, UuidPhoto.objects.all(), [make_preset()])
    plan_job(job)
    variant = job.variants.get()
    assert (variant.object_id, variant.field) == (str(photo.pk), "picture")
    assert uuid.UUID(variant.object_id) == photo.pk
    drain_all()
    assert job.counts()["ready"] == 1


def test_planning_asks_few_questions(plan, make_preset, make_photos, django_assert_max_num_queries):
    presets = [make_preset("oil"), make_preset("ink")]
    make_photos(20)
    with django_assert_max_num_queries(45):
        plan(*presets)
