"""Sellers' files as they come: each is painted right or refused with its reason, and the job goes on."""

import io

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageCms

from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.worker import Worker, has_open_work
from styletransfer.models import StyledVariant
from styletransfer.sources import get_source
from styletransfer.testing import FakeEngine, photo_bytes, photo_pixels
from tests.imaging.corpus import animated, pixel_bomb, saved, swapped_red_green_profile
from tests.testapp.models import UuidPhoto

pytestmark = pytest.mark.django_db

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><rect width="90" height="60"/></svg>'
REFUSED = {
    "corrupt.jpg": (lambda: photo_bytes()[:600] + b"\x00" * 600, "damaged"),
    "bomb.png": (pixel_bomb, "13,000 by 13,000 pixels"),
    "drawing.jpg": (lambda: SVG, "SVG"),
    "empty.jpg": (lambda: b"", "empty"),
    "animated.gif": (lambda: animated("GIF"), "animated"),
}


def rotated():
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it 90 degrees clockwise
    Image.fromarray(photo_pixels(96, 64)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def cmyk():
    buffer = io.BytesIO()
    Image.fromarray(photo_pixels(96, 64)).convert("CMYK").save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def sixteen_bit():
    grey = np.tile(np.linspace(0, 65535, 96).astype(np.uint16), (64, 1))
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()


def tagged():
    return saved(photo_pixels(96, 64), "PNG", icc_profile=swapped_red_green_profile())


def srgb_tagged():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return saved(photo_pixels(96, 64), "JPEG", icc_profile=profile)


PAINTED = {
    "cmyk.jpg": (cmyk, (96, 64)),
    "sixteen.png": (sixteen_bit, (96, 64)),
    "rotated.jpg": (rotated, (64, 96)),
    "tagged.png": (tagged, (96, 64)),
    "srgb.jpg": (srgb_tagged, (96, 64)),
}


@pytest.fixture
def seen(monkeypatch):
    """What the engine was given, by shape."""
    photos = []
    monkeypatch.setattr(FakeEngine, "on_paint", lambda requests: photos.extend(r.photo for r in requests))
    return photos


def test_each_file_is_painted_or_refused_with_its_reason(make_preset, seen):
    photos = {}
    for name, (make, _expected) in {**REFUSED, **PAINTED}.items():
        # Past the ImageField's own check, as an import or an older upload would be.
        stored = default_storage.save(f"photos/{name}", ContentFile(make()))
        photos[name] = UuidPhoto.objects.create(picture=stored)
    request_restyle(get_source(UuidPhoto), UuidPhoto.objects.all(), [make_preset(widths=[96])])
    Worker(encode_threads=0).run(until=lambda: not has_open_work())
    variants = {row.object_id: row for row in StyledVariant.objects.all()}
    assert len(variants) == len(photos)
    for name, (_make, reason) in REFUSED.items():
        row = variants[str(photos[name].pk)]
        assert (name, row.state) == (name, "failed")
        assert reason in row.error
    for name, (_make, size) in PAINTED.items():
        row = variants[str(photos[name].pk)]
        assert (name, row.state, row.error) == (name, "ready", "")
        assert (row.width, row.height) == size
    assert len(seen) == len(PAINTED)
    ramp = next(photo for photo in seen if np.ptp(photo) == 255 and np.array_equal(photo[0], photo[-1]))
    assert np.array_equal(ramp[..., 0], ramp[..., 1])
    assert np.all(np.diff(ramp[0, :, 0].astype(int)) >= 0)
