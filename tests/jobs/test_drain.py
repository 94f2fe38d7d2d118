"""The main job from request to files, in one process."""

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from styletransfer.jobs.lanes import drain
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StyledVariant
from tests.jobs.conftest import configure
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db


def drain_all():
    for _round in range(20):
        reports = [drain(lane) for lane in ("encode", "interactive", "bulk", "encode")]
        if all(report.is_idle for report in reports):
            return
    raise AssertionError("the lanes never became idle")


def test_photos_are_painted_encoded_and_measured(source, make_preset, make_photos, settings):
    configure(settings, FORMATS=["webp", "jpeg"])
    presets = [make_preset("oil"), make_preset("ink", seed=9, strength=0.5)]
    make_photos(3)
    job = request_restyle(source, Photo.objects.all(), presets)
    drain_all()
    assert job.counts()["ready"] == 6
    variant = StyledVariant.objects.filter(preset__slug="oil").order_by("pk").first()
    assert (variant.width, variant.height) == (64, 48)
    assert (variant.source_width, variant.source_height, variant.bucket) == (96, 72, "64x64")
    assert [(r["width"], r["height"], r["format"]) for r in variant.renditions] == [
        (32, 24, "webp"),
        (32, 24, "jpeg"),
        (64, 48, "webp"),
        (64, 48, "jpeg"),
    ]
    for rendition in variant.renditions:
        with default_storage.open(rendition["name"]) as file, Image.open(file) as image:
            assert image.size == (rendition["width"], rendition["height"])
        assert default_storage.size(rendition["name"]) == rendition["bytes"]
    assert variant.placeholder.startswith("data:image/webp;base64,")
    assert set(variant.timings) == {"read", "decode", "paint", "store", "encode", "measure"}
    assert set(variant.measures) == {
        "ssim",
        "edge_f1",
        "delta_e",
        "style_distance_before",
        "style_distance_after",
    }
    assert np.isfinite(list(variant.measures.values())).all()
    assert variant.finished_at is not None
    assert (variant.token, variant.master_name) == (None, "")
    assert default_storage.listdir("styled/masters") == ([], [])
