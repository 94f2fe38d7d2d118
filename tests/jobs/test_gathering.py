"""A small batch waits a moment for more pictures; a full one and an empty queue do not."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from styletransfer.conf import Settings, get_settings
from styletransfer.jobs import lanes
from styletransfer.jobs.gathering import LOOKS, gather
from styletransfer.jobs.lanes import Painter
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StyledVariant
from tests.jobs.conftest import configure

pytestmark = pytest.mark.django_db
WAITS = Settings().batch_wait_ms


@pytest.fixture
def queue(source, make_preset, make_photos, settings):
    """Queue so many variants; batches hold four."""
    configure(settings, BATCH_SIZE=4, BATCH_WAIT_MS=WAITS)
    preset = make_preset()

    def put(number, lane="bulk"):
        plan_job(request_restyle(source, [photo.pk for photo in make_photos(number)], [preset], lane=lane))

    return put


@pytest.mark.parametrize(("lane", "longest"), [("interactive", 0.02), ("bulk", 0.2)])
def test_a_small_batch_waits_as_long_as_its_lane_may(queue, lane, longest):
    pauses = []
    queue(3, lane)
    assert gather(lane, {}, pause=pauses.append)
    assert sum(pauses) == pytest.approx(longest)


@pytest.mark.parametrize("number", [4, 5])
def test_a_full_batch_goes_at_once(queue, number):
    pauses = []
    queue(number)
    assert gather("bulk", {}, pause=pauses.append)
    assert not pauses


def test_an_empty_queue_is_not_waited_for(queue):
    pauses = []
    queue(4, "interactive")
    assert not gather("bulk", {}, pause=pauses.append)
    assert not pauses


def test_the_wait_ends_when_the_batch_is_full(queue):
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            queue(3)

    queue(1)
    assert gather("bulk", {}, pause=pause)
    assert len(pauses) == 2 < LOOKS


def test_a_wait_of_0_asks_once(queue, settings, django_assert_num_queries):
    configure(settings, BATCH_WAIT_MS={"bulk": 0})
    queue(1)
    with django_assert_num_queries(1):
        assert gather("bulk", {})


def test_pictures_that_come_meanwhile_are_painted_together(queue, monkeypatch):
    def grow(lane, without_engines):
        queue(3)
        return gather(lane, without_engines)

    queue(1)
    monkeypatch.setattr(lanes, "gather", grow)
    with Painter() as painter:
        report = painter.step("bulk")
    assert report is not None
    assert len(report.painted) == 4


def test_what_is_not_full_grows_while_a_batch_is_painted(queue):
    queue(6)
    with Painter() as painter:
        painter.step("bulk")
        assert StyledVariant.objects.filter(state="queued", token__isnull=True).count() == 2
    queue(8)
    with Painter() as painter:
        painter.step("bulk")
        assert StyledVariant.objects.filter(state="painting").count() == 4


@pytest.mark.parametrize("waits", [{"encode": 1}, {"bulk": -1}, {"interactive": 5001}])
def test_impossible_waits_are_refused(settings, waits):
    configure(settings, BATCH_WAIT_MS=waits)
    with pytest.raises(ImproperlyConfigured, match="BATCH_WAIT_MS"):
        get_settings()
