"""django-health-check sees a GPU lane that does not move."""

import asyncio
import json

import pytest
from django.test import RequestFactory

from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import request_restyle
from tests.jobs.test_health import long_ago
from tests.testapp.models import Photo

health_check = pytest.importorskip("health_check", reason="NOT TESTED: django-health-check is not installed")
pytestmark = pytest.mark.django_db


@pytest.fixture
def stuck_gpu_lane(source, make_preset, make_photos):
    make_photos(2)
    plan_job(request_restyle(source, Photo.objects.all(), [make_preset()]))
    long_ago()


def test_all_is_well_when_nothing_waits():
    from styletransfer.contrib.health_check import StyleLanes

    StyleLanes().run()


def test_a_stuck_lane_is_named_with_its_reason(stuck_gpu_lane):
    from health_check.exceptions import ServiceUnavailable

    from styletransfer.contrib.health_check import StyleLanes

    with pytest.raises(ServiceUnavailable, match=r"bulk \(no-worker\)"):
        StyleLanes().run()
    StyleLanes(lanes=("encode", "planning")).run()


@pytest.mark.django_db(transaction=True)
def test_the_packages_own_view_reports_it(stuck_gpu_lane):
    from health_check.views import HealthCheckView

    view = HealthCheckView.as_view(checks=["styletransfer.contrib.health_check.StyleLanes"])
    response = asyncio.run(view(RequestFactory().get("/", {"format": "json"})))
    assert response.status_code == 500
    (answer,) = json.loads(response.content).values()
    assert "bulk (no-worker)" in answer
