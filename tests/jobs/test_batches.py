"""One bad picture, a full device or a full disk costs its mates nothing."""

import io
import logging

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from PIL import Image

from styletransfer.engine.base import EngineError, EngineUnavailableError, OutOfMemoryError
from styletransfer.jobs import batches, ceilings, claims, encoding, files
from styletransfer.jobs.lanes import drain, has_work
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import cancel_job, request_restyle
from styletransfer.models import StyledVariant
from styletransfer.testing import FakeEngine, photo_bytes, photo_file
from tests.jobs.conftest import configure
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(source, make_preset, make_photos, settings):
    """A planned job of eight photos in one preset, painted eight at a time."""
    configure(settings, BATCH_SIZE=8)
    make_photos(8)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    plan_job(job)
    return job


def forget_pauses():
    StyledVariant.objects.update(run_after=Now())


def test_one_batch_is_painted_in_one_call(job):
    sizes = []
    FakeEngine.on_paint = lambda requests: sizes.append(len(requests))
    drain_all()
    assert sizes == [8]
    assert job.counts()["ready"] == 8


def test_a_culprit_is_found_and_its_mates_finish(job, caplog):
    culprit = job.variants.order_by("pk")[3]

    def fail_on_culprit(requests):
        if any(abs(request.photo.mean() - bad) < 1e-9 for request in requests):
            raise RuntimeError("kernel went wrong")

    loaded = StyledVariant.objects.select_related("content_type", "preset").get(pk=culprit.pk)
    bad = batches._load(loaded).pixels.mean()
    FakeEngine.on_paint = fail_on_culprit
    for _try in range(3):
        drain("bulk")
        forget_pauses()
    drain_all()
    culprit.refresh_from_db()
    assert job.counts() | {"ready": 7, "failed": 1} == job.counts()
    assert (culprit.state, culprit.attempts, culprit.error) == ("failed", 3, "kernel went wrong")
    assert "kernel went wrong" in caplog.text


def test_what_an_engine_refuses_fails_at_once(job):
    FakeEngine.on_paint = refuse
    drain_all()
    assert job.counts()["failed"] == 8
    assert set(job.variants.values_list("error", "attempts")) == {("no subject in the picture", 1)}


def refuse(requests):
    raise EngineError("no subject in the picture")


def test_out_of_memory_halves_the_batch_and_remembers_it(job, source, make_photos, caplog):
    sizes = []

    def fits_three(requests):
        sizes.append(len(requests))
        if len(requests) > 3:
            raise OutOfMemoryError

    FakeEngine.on_paint = fits_three
    drain_all()
    assert job.counts()["ready"] == 8
    assert sizes == [8, 4, 2, 2, 2, 2]
    assert "do not fit" in caplog.text
    sizes.clear()
    make_photos(8)
    again = request_restyle(source, Photo.objects.all(), job.presets.all())
    drain_all()
    assert again.counts()["ready"] == 16
    assert sizes == [2, 2, 2, 2]


def test_a_picture_too_large_for_the_device_alone_fails_in_the_end(job):
    def never_fits(requests):
        raise OutOfMemoryError("out of memory")

    FakeEngine.on_paint = never_fits
    for _try in range(12):
        drain("bulk")
        forget_pauses()
    assert set(job.variants.values_list("state", "attempts", "error")) == {("failed", 3, "out of memory")}
    assert ceilings.ceiling("fake", "64x64", 8) == 1


def test_an_engine_that_returns_nonsense_is_a_failed_try(job, monkeypatch):
    monkeypatch.setattr(FakeEngine, "_tint", lambda self, request: request.photo[:8])
    drain("bulk")
    assert set(job.variants.values_list("state", "attempts")) == {("queued", 1)}
    assert "shape" in job.variants.first().error


def test_an_engine_that_cannot_run_here_leaves_its_pictures_to_others(job):
    def missing(requests):
        raise EngineUnavailableError("torch is not installed")

    FakeEngine.on_paint = missing
    report = drain("bulk")
    assert report.unavailable == {"fake": "torch is not installed"}
    assert not report.has_more
    assert set(job.variants.values_list("state", "attempts", "token")) == {("queued", 0, None)}
    FakeEngine.on_paint = None
    drain_all()
    assert job.counts()["ready"] == 8


def test_a_photo_that_vanished_fails_and_its_mates_finish(job):
    victim = job.variants.first()
    default_storage.delete(victim.source_name)
    drain_all()
    victim.refresh_from_db()
    assert job.counts()["ready"] == 7
    # Its photo is looked at again before it is given up, and the job is told of what was found.
    replacement = job.variants.exclude(pk=victim.pk).get(object_id=victim.object_id)
    assert (victim.state, replacement.state) == ("superseded", "failed")
    assert "missing" in replacement.error


def test_a_photo_overwritten_in_place_is_planned_anew(job):
    victim = job.variants.first()
    default_storage.delete(victim.source_name)
    default_storage.save(victim.source_name, ContentFile(photo_bytes(120, 90, seed=77)))
    drain_all()
    victim.refresh_from_db()
    replacement = job.variants.exclude(pk=victim.pk).get(object_id=victim.object_id)
    assert (victim.state, replacement.state) == ("superseded", "ready")
    assert (replacement.source_width, replacement.source_height) == (120, 90)
    assert job.counts()["ready"] == 8


def test_a_photo_exchanged_under_a_new_name_is_planned_anew(job):
    photo = Photo.objects.first()
    default_storage.delete(photo.image.name)
    photo.image = photo_file("new.jpg", seed=60)
    photo.save()
    drain_all()
    assert job.counts() | {"ready": 8, "superseded": 1} == job.counts()


def test_a_preset_changed_after_planning_is_painted_as_it_is_now(job):
    preset = job.presets.get()
    preset.strength = 0.5
    preset.save()
    strengths = []
    FakeEngine.on_paint = lambda requests: strengths.extend(r.options.strength for r in requests)
    drain_all()
    assert set(strengths) == {0.5}
    assert job.counts() | {"ready": 8, "superseded": 8} == job.counts()


def test_new_weights_after_planning_give_new_recipes(job, settings):
    before = set(job.variants.values_list("recipe", flat=True))
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "ENGINE_OPTIONS": {"fake": {"version": "2"}}}
    drain_all()
    ready = set(job.variants.filter(state="ready").values_list("recipe", flat=True))
    assert len(ready) == 8
    assert not ready & before


def test_a_preset_without_reference_fails_with_advice(job):
    preset = job.presets.get()
    preset.references.first().delete()
    drain_all()
    assert "reference picture" in job.variants.filter(state="failed").first().error


def test_a_job_cancelled_while_it_is_painted_leaves_no_file(job, caplog):
    caplog.set_level(logging.INFO)
    FakeEngine.on_paint = lambda requests: cancel_job(job)
    report = drain("bulk")
    assert report.painted == 0
    assert job.counts()["cancelled"] == 8
    assert default_storage.listdir("styled/masters") == ([], [])
    assert "taken away" in caplog.text


def test_a_full_disk_costs_no_try_and_leaves_nothing_half_written(job, monkeypatch):
    def no_space(path, data):
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_bytes", no_space)
        drain("bulk")
    assert set(job.variants.values_list("state", "attempts", "token")) == {("queued", 0, None)}
    assert "No space left" in job.variants.first().error
    assert not has_work("bulk")
    assert default_storage.listdir("styled/masters") == ([], [])
    forget_pauses()
    drain_all()
    assert job.counts()["ready"] == 8


def test_a_storage_that_fails_while_renditions_are_written(job, monkeypatch):
    drain("bulk")

    def refuse(storage, name, data):
        raise encoding.StorageDownError("bucket is gone")

    with monkeypatch.context() as patch:
        patch.setattr(encoding, "write_once", refuse)
        drain("encode")
    assert set(job.variants.values_list("state", "attempts", "error")) == {("encoding", 0, "bucket is gone")}
    forget_pauses()
    drain_all()
    assert job.counts()["ready"] == 8
    assert not job.variants.exclude(error="").exists()


def test_a_lost_master_is_painted_again(job):
    drain("bulk")
    victim = job.variants.first()
    default_storage.delete(victim.master_name)
    drain("encode")
    victim.refresh_from_db()
    assert (victim.state, victim.attempts) == ("queued", 1)
    forget_pauses()
    drain_all()
    assert job.counts()["ready"] == 8


def test_pictures_without_their_photo_have_no_measures(job):
    drain("bulk")
    victim = job.variants.first()
    default_storage.delete(victim.source_name)
    drain("encode")
    victim.refresh_from_db()
    assert (victim.state, victim.measures) == ("ready", {})


def test_equal_pictures_share_their_files(source, make_preset, make_photos, monkeypatch):
    article = make_photos(1)[0].article
    Photo.objects.create(article=article, image=photo_file("twin.jpg", seed=0))
    request_restyle(source, Photo.objects.all(), [make_preset()])
    written = []
    original = files._write_whole
    monkeypatch.setattr(
        files, "_write_whole", lambda s, name, data: written.append(name) or original(s, name, data)
    )
    drain_all()
    one, two = StyledVariant.objects.all()
    assert [r["name"] for r in one.renditions] == [r["name"] for r in two.renditions]
    assert len(written) == len(set(written)) == 2 + len(one.renditions)


def test_a_transparent_photo_keeps_its_alpha(source, make_preset, make_photos, settings):
    configure(settings, FORMATS=["webp", "jpeg"])
    (photo,) = make_photos(1)
    buffer = io.BytesIO()
    Image.new("RGBA", (96, 72), (200, 30, 30, 90)).save(buffer, "PNG")
    photo.image = ContentFile(buffer.getvalue(), name="glass.png")
    photo.save()
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    drain_all()
    variant = job.variants.get()
    webp = next(r for r in variant.renditions if r["format"] == "webp")
    with default_storage.open(webp["name"]) as file, Image.open(file) as image:
        assert image.mode == "RGBA"


def test_an_interactive_picture_is_ready_after_one_slice(source, make_preset, make_photos):
    make_photos(1)
    job = request_restyle(source, Photo.objects.all(), [make_preset()], lane="interactive")
    report = drain("interactive")
    assert (report.planned, report.painted, report.encoded) == (1, 1, 1)
    assert job.counts()["ready"] == 1
    assert claims.claim_for_encoding() is None
