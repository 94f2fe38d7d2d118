"""Masks in the lanes: found once per photo, used by every engine, overruled by what staff draw."""

from __future__ import annotations

import io

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from styletransfer.imaging.masking import to_png
from styletransfer.imaging.masks.base import SubjectMask
from styletransfer.jobs import changes, masks
from styletransfer.jobs.drawing import keep_drawing
from styletransfer.jobs.files import mask_name, write_once
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.worker import Worker
from styletransfer.models import NotedChange, PhotoMask, StyledVariant
from styletransfer.testing import FakeEngine, photo_file
from tests.jobs.conftest import configure

pytestmark = pytest.mark.django_db


class LeftHalf:
    """A method that says: the product is the left half of the photo."""

    name = "left"
    calls = 0

    def mask(self, pixels):
        type(self).calls += 1
        alpha = np.zeros(pixels.shape[:2], np.float32)
        alpha[:, : alpha.shape[1] // 2] = 1
        return SubjectMask(alpha, 0.9, self.name)


class Unsure(LeftHalf):
    name = "unsure"

    def mask(self, pixels):
        found = super().mask(pixels)
        return SubjectMask(found.alpha, 0.2, self.name)


@pytest.fixture(autouse=True)
def left_half(settings):
    configure(settings, MASKER=f"{__name__}:LeftHalf")
    LeftHalf.calls = 0
    masks._masker.cache_clear()


def work():
    Worker(encode_threads=0, poll_seconds=0.01).run(until=lambda: True)


def halves(variant, darker_than=256):
    """Mean difference from the photo in both halves of a painting, where the photo is dark."""
    widest = max(variant.renditions, key=lambda each: each["width"])
    with default_storage.open(widest["name"]) as file, Image.open(io.BytesIO(file.read())) as image:
        painted = np.asarray(image.convert("RGB"), np.float32)
    with default_storage.open(variant.source_name) as file, Image.open(io.BytesIO(file.read())) as image:
        photo = np.asarray(image.convert("RGB").resize((painted.shape[1], painted.shape[0])), np.float32)
    away = np.ma.array(np.abs(painted - photo).mean(axis=2), mask=photo.mean(axis=2) >= darker_than)
    middle = away.shape[1] // 2
    return float(away[:, : middle - 4].mean()), float(away[:, middle + 4 :].mean())


def print_on(photo):
    """Replace the photo's file by rows of small dark dashes on light paper."""
    pixels = np.full((120, 160, 3), 215, np.uint8)
    for top in range(10, 110, 14):
        for left in range(8, 150, 10):
            pixels[top : top + 6, left : left + 3] = 25
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    photo.image.save("print.png", ContentFile(file.getvalue()))


def paint(source, photos, *presets):
    job = request_restyle(source, photos, presets)
    work()
    return list(job.variants.filter(state="ready").order_by("pk"))


def drawing(value=255, width=40, height=30):
    """The right half marked, as a PNG."""
    grey = np.zeros((height, width), np.uint8)
    grey[:, width // 2 :] = value
    return to_png(grey)


def test_any_engine_paints_the_subject_alone(make_preset, make_photos, source):
    (variant,) = paint(source, make_photos(), make_preset(scope="subject"))
    left, right = halves(variant)
    assert left > 4 * right
    assert variant.measures["mask_confidence"] == 0.9
    assert "mask" in variant.timings


def test_the_background_alone(make_preset, make_photos, source):
    (variant,) = paint(source, make_photos(), make_preset(scope="background"))
    left, right = halves(variant)
    assert right > 4 * left


def test_an_unsure_mask_leaves_the_whole_picture_painted(settings, make_preset, make_photos, source):
    configure(settings, MASKER=f"{__name__}:Unsure")
    (variant,) = paint(source, make_photos(), make_preset(scope="subject"))
    assert min(halves(variant)) > 5
    assert variant.measures["mask_confidence"] == 0.2


def test_a_mask_is_found_once_per_photo_and_kept(make_preset, make_photos, source):
    photos, presets = make_photos(), [make_preset(name, scope="subject") for name in ("oil", "ink")]
    paint(source, photos, presets[0])
    row = PhotoMask.objects.get()
    assert (row.method, row.confidence, row.source) == ("left", 0.9, photos[0])
    assert default_storage.exists(row.found_name)
    paint(source, photos, presets[1])
    assert LeftHalf.calls == 1
    # Another photo in its place is another row; another method finds the mask anew.
    photos[0].image = photo_file("new.jpg", seed=9)
    photos[0].save()
    work()
    assert PhotoMask.objects.count() == 2


def test_a_lost_file_is_found_again(make_preset, make_photos, source):
    photos = make_photos()
    paint(source, photos, make_preset(scope="subject"))
    default_storage.delete(PhotoMask.objects.get().found_name)
    paint(source, photos, make_preset("ink", scope="subject"))
    assert LeftHalf.calls == 2


def test_presets_that_need_no_mask_find_none(make_preset, make_photos, source):
    paint(source, make_photos(), make_preset())
    assert LeftHalf.calls == 0
    assert not PhotoMask.objects.exists()


def test_a_drawing_overrules_and_repaints_what_used_the_mask(make_preset, make_photos, source):
    photos, subject, whole = make_photos(), make_preset(scope="subject"), make_preset("ink")
    paint(source, photos, subject, whole)
    untouched = StyledVariant.objects.get(preset=whole)
    keep_drawing(PhotoMask.objects.get(), subject=drawing())
    assert NotedChange.objects.count() == 1
    work()
    variant = StyledVariant.objects.get(preset=subject, state="ready")
    left, right = halves(variant)
    assert right > 4 * left
    assert variant.measures["mask_confidence"] == 1.0
    assert StyledVariant.objects.filter(preset=subject, state="superseded").count() == 1
    # A preset that uses no mask keeps its painting, not painted again.
    assert StyledVariant.objects.get(preset=whole).pk == untouched.pk
    # Taking the drawing back brings the earlier painting back without painting.
    keep_drawing(PhotoMask.objects.get(), subject=b"")
    FakeEngine.on_paint = lambda requests: pytest.fail("painted again")
    work()
    left, right = halves(StyledVariant.objects.get(preset=subject, state="ready"))
    assert left > 4 * right


def test_the_policy_never_leaves_paintings_alone(settings, make_preset, make_photos, source):
    paint(source, make_photos(), make_preset(scope="subject"))
    configure(settings, MASKER=f"{__name__}:LeftHalf", REFRESH="never")
    keep_drawing(PhotoMask.objects.get(), subject=drawing())
    assert not NotedChange.objects.exists()


def test_drawn_areas_are_protected_by_their_amount(make_preset, make_photos, source):
    photos = make_photos()
    half, none = make_preset(protect_drawn=0.5), make_preset("ink", seed=7, protect_drawn=0.0)
    paint(source, photos, half, none)
    row = masks.known_masks([StyledVariant.objects.first().source_digest])
    assert not row
    variant = StyledVariant.objects.first()
    place = (variant.content_type_id, variant.object_id, variant.field, variant.source_name)
    masks.store_found(variant.source_digest, place, {})
    keep_drawing(PhotoMask.objects.get(), areas=drawing())
    changes.take_all_changes()
    work()
    left, right = halves(StyledVariant.objects.get(preset=half, state="ready"))
    assert right == pytest.approx(left / 2, rel=0.35)
    left, right = halves(StyledVariant.objects.get(preset=none, state="ready"))
    assert right == pytest.approx(left, rel=0.35)
    assert StyledVariant.objects.filter(preset=none).count() == 1


def test_lettering_is_protected(monkeypatch, make_preset, make_photos, source):
    def right_half(pixels):
        areas = np.zeros(pixels.shape[:2], np.float32)
        areas[:, areas.shape[1] // 2 :] = 1
        return areas

    monkeypatch.setattr(masks, "find_lettering", right_half)
    # Lettering beside the product (here: its left half) is not the product's, so a wide mask is drawn.
    photos, preset = make_photos(), make_preset(protect_text=1.0)
    print_on(photos[0])
    paint(source, photos, preset)
    assert min(halves(StyledVariant.objects.get(state="ready"), darker_than=60)) > 5
    keep_drawing(PhotoMask.objects.get(), subject=to_png(np.full((30, 40), 255, np.uint8)))
    work()
    left, right = halves(StyledVariant.objects.get(state="ready"), darker_than=60)
    assert left > 3 * right


def test_a_method_that_cannot_run_says_what_to_do(settings, make_preset, make_photos, source):
    configure(settings, MASKER="onnx", MASKER_OPTIONS={"model_path": "/nowhere/model.onnx"})
    request_restyle(source, make_photos(), [make_preset(scope="subject")])
    work()
    variant = StyledVariant.objects.get()
    assert variant.state == "failed"
    assert "no model file at /nowhere/model.onnx" in variant.error


def test_files_of_masks_are_known_to_the_sweep(make_preset, make_photos, source):
    from styletransfer.jobs.leftovers import KnownNames

    paint(source, make_photos(), make_preset(scope="subject"))
    keep_drawing(PhotoMask.objects.get(), subject=drawing(), areas=drawing(200))
    stray = mask_name(b"nobody's")
    write_once(default_storage, stray, b"nobody's")
    names = [*PhotoMask.objects.get().file_names, stray]
    assert len(names) == 4
    assert KnownNames().unknown(names) == [stray]
    assert KnownNames().still_unknown(names) == [stray]


def test_unify_paints_through_the_lanes(settings, make_preset, make_photos, source):
    configure(settings, MASKER="border")
    preset = make_preset("studio")
    preset.engine = "unify"
    preset.engine_settings = {"size": 64, "shadow": "none", "straighten": False}
    preset.full_clean()
    preset.save()
    (variant,) = paint(source, make_photos(), preset)
    assert (variant.width, variant.height) == (64, 64)
    assert {each["width"] for each in variant.renditions} == {32, 64}
    widest = max(variant.renditions, key=lambda each: each["width"])
    with default_storage.open(widest["name"]) as file, Image.open(io.BytesIO(file.read())) as image:
        assert min(image.convert("RGB").getpixel((2, 2))) >= 250
