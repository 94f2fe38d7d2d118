"""One palette for a collection: statistics collected once, kept with the preset, part of its digest."""

from __future__ import annotations

import numpy as np
import pytest

from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.shared_statistics import SAMPLE, forget_statistics
from styletransfer.jobs.worker import Worker
from styletransfer.models import StyledVariant
from styletransfer.testing import FakeEngine
from tests.jobs.conftest import configure

pytestmark = pytest.mark.django_db


class CollectingEngine(FakeEngine):
    """Its statistics are the mean of the pictures it was shown."""

    collected: list[int] = []

    def collect_statistics(self, requests):
        type(self).collected.append(len(requests))
        return np.array([np.mean([each.photo.mean() for each in requests])], np.float32)


@pytest.fixture
def preset(settings, make_preset):
    engines = {"fake": "styletransfer.testing:FakeEngine", "collecting": f"{__name__}:CollectingEngine"}
    configure(settings, ENGINES=engines)
    CollectingEngine.collected = []
    preset = make_preset(statistics="collection")
    preset.engine = "collecting"
    preset.full_clean()
    preset.save()
    return preset


def work():
    Worker(encode_threads=0, poll_seconds=0.01).run(until=lambda: True)


def test_every_photo_is_painted_with_statistics_that_are_collected_once(preset, make_photos, source):
    seen = []
    CollectingEngine.on_paint = seen.extend
    request_restyle(source, make_photos(6), [preset])
    work()
    CollectingEngine.on_paint = None
    assert CollectingEngine.collected == [6]
    assert StyledVariant.objects.filter(state="ready").count() == 6
    assert not StyledVariant.objects.exclude(state__in=["ready", "superseded"]).exists()
    norms = {float(request.norms[0]) for request in seen}
    assert len(norms) == 1
    before = preset.digest
    preset.refresh_from_db()
    assert preset.digest != before
    assert "6 photos" in preset.norm_statistics_of


def test_a_sample_is_taken_from_all_over_the_collection(preset, make_photos, source):
    photos = make_photos(40)
    request_restyle(source, photos[:2], [preset])
    work()
    assert CollectingEngine.collected == [SAMPLE]


def test_more_photos_change_nothing_until_they_are_collected_again(preset, make_photos, source):
    request_restyle(source, make_photos(2), [preset])
    work()
    request_restyle(source, make_photos(2), [preset])
    work()
    assert CollectingEngine.collected == [2]
    preset.refresh_from_db()
    forget_statistics(preset)
    work()
    assert CollectingEngine.collected == [2, 4]
    assert StyledVariant.objects.filter(state="ready").count() == 4


def test_another_strength_is_collected_anew(preset, make_photos, source):
    request_restyle(source, make_photos(2), [preset])
    work()
    preset.refresh_from_db()
    preset.strength = 0.5
    preset.save()
    work()
    assert CollectingEngine.collected == [2, 2]
