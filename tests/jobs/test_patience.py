"""Short calls of the engine in bulk work let interactive pictures in between; retried ones stand alone."""

import time

import numpy as np
import pytest

from styletransfer.engine.base import PaintRequest
from styletransfer.jobs import batches, ceilings
from styletransfer.jobs.lanes import Painter, drain
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.previews import request_preview
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StyledVariant
from styletransfer.testing import FakeEngine
from tests.jobs.conftest import configure
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(source, make_preset, make_photos, settings):
    configure(settings, BATCH_SIZE=4)
    make_photos(8)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    plan_job(job)
    return job


def test_a_call_takes_as_many_pictures_as_patience_allows():
    def request(side):
        return PaintRequest(np.zeros((side, side, 3), np.uint8))

    assert ceilings.patient("fake", request(100), 8) == 8
    ceilings.note_pace("fake", [request(100)] * 2, 0.2)
    assert ceilings.patient("fake", request(100), 8) == 4
    assert ceilings.patient("fake", request(50), 8) == 8
    assert ceilings.patient("fake", request(1000), 8) == 1
    assert ceilings.patient("other", request(1000), 8) == 8


def test_a_preview_is_ready_before_the_bulk_batch_goes_on(job, source, monkeypatch):
    monkeypatch.setattr(ceilings, "PATIENCE_SECONDS", 0.0001)
    preset = job.presets.get()
    calls = []

    def watch(requests):
        calls.append([request.options.strength for request in requests])
        time.sleep(0.001)
        if len(calls) == 3:  # in the middle of the second batch
            request_preview(preset, source, Photo.objects.first(), {"strength": 0.25}, width=48)

    FakeEngine.on_paint = watch
    report = drain("bulk")
    assert calls.index([0.25]) == 3
    assert len(calls[0]) == 4  # the pace was not known yet
    assert report.painted == 9
    preview = StyledVariant.objects.get(lane="interactive")
    assert preview.state == "ready"
    assert set(job.variants.values_list("state", flat=True)) == {"encoding"}


def test_nothing_is_held_beside_a_retried_picture(job, monkeypatch):
    """Otherwise a picture that kills its worker three times takes the same neighbour along each time."""
    StyledVariant.objects.filter(pk=job.variants.order_by("pk")[1].pk).update(attempts=1)
    held = []
    paint_batch = batches.paint_batch

    def watch(batch, *args, **kwargs):
        rows = StyledVariant.objects.filter(state="painting")
        held.append(sorted(rows.values_list("attempts", flat=True)))
        return paint_batch(batch, *args, **kwargs)

    monkeypatch.setattr("styletransfer.jobs.lanes.paint_batch", watch)
    with Painter() as painter:
        while painter.step("bulk"):
            pass
    assert [1] in held
    assert not any(1 in attempts and len(attempts) > 1 for attempts in held)
    assert set(job.variants.values_list("state", flat=True)) == {"encoding"}
