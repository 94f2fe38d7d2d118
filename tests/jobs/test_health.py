"""Health goes by progress: a lane with old work and nothing finished is stuck, whoever answers a ping."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import OperationalError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from styletransfer.jobs import signs
from styletransfer.jobs.health import read_health
from styletransfer.jobs.lanes import Painter, drain
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.views import may_monitor
from styletransfer.models import RestyleJob, StyledVariant, WorkerSign
from styletransfer.testing import FakeEngine
from tests.jobs.conftest import configure
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db

LONG = timedelta(seconds=1000)


@pytest.fixture
def job(source, make_preset, make_photos):
    make_photos(2)
    job = request_restyle(source, Photo.objects.all(), [make_preset()])
    plan_job(job)
    return job


def lane(name):
    return next(lane for lane in read_health().lanes if lane.lane == name)


def long_ago():
    """Everything was requested, and every worker seen, long ago."""
    StyledVariant.objects.update(created_at=timezone.now() - LONG)
    RestyleJob.objects.update(created_at=timezone.now() - LONG)
    WorkerSign.objects.update(seen_at=timezone.now() - LONG)
    WorkerSign.objects.exclude(worked_at=None).update(worked_at=timezone.now() - LONG)
    signs.forget()


def test_nothing_to_do_is_healthy_without_any_worker(db):
    health = read_health()
    assert health.problems == {}
    assert [lane.queued for lane in health.lanes] == [0, 0, 0]


def test_young_work_is_no_problem_and_old_work_without_a_worker_is(job):
    assert (lane("bulk").queued, lane("bulk").stuck) == (2, "")
    long_ago()
    bulk = lane("bulk")
    assert (bulk.stuck, bulk.workers, bulk.seen_seconds) == ("no-worker", 0, None)
    assert bulk.oldest_seconds >= 1000
    assert read_health().problems == {"bulk": "no-worker"}


def test_a_worker_that_makes_progress_on_old_work_is_healthy(job):
    long_ago()
    drain("bulk")
    bulk = lane("bulk")
    assert (bulk.stuck, bulk.workers, bulk.queued) == ("", 1, 0)
    assert bulk.worked_seconds < 100
    assert WorkerSign.objects.get(lane="bulk").done == 2


def test_a_worker_that_looks_but_cannot_paint_does_not_hide_that_the_lane_is_stuck(job):
    job.presets.update(engine="missing")
    long_ago()
    drain("bulk")
    assert lane("bulk").seen_seconds < 100
    assert lane("bulk").stuck == "no-progress"


def test_a_worker_that_hangs_in_its_device_is_seen_though_its_lease_is_renewed(job):
    from styletransfer.jobs import claims

    drained = drain("interactive")
    assert drained.is_idle
    claim = claims.claim_for_painting("bulk")
    claims.renew(claim.token)
    assert lane("bulk").leased == 2
    long_ago()
    assert lane("bulk").queued == 0
    assert lane("bulk").stuck == "hanging"


def test_an_encode_lane_is_not_stuck_because_its_old_request_was_painted_just_now(job):
    drain_all()
    long_ago()
    StyledVariant.objects.update(state="encoding")
    signs.sign("encode")
    assert lane("encode").stuck == "no-progress"
    signs.sign("bulk", 1)
    assert lane("encode").stuck == ""
    WorkerSign.objects.filter(lane="encode").update(seen_at=timezone.now() - LONG)
    assert lane("encode").stuck == "no-worker"


def test_a_storage_that_is_down_for_long_shows(job, monkeypatch):
    from styletransfer.jobs import batches
    from styletransfer.jobs.files import StorageDownError

    def refuse(storage, name, data):
        raise StorageDownError("bucket is gone")

    long_ago()
    monkeypatch.setattr(batches, "write_once", refuse)
    drain("bulk")
    StyledVariant.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    assert lane("bulk").stuck == "no-progress"


def test_jobs_that_nobody_plans(source, make_preset, make_photos):
    make_photos(1)
    request_restyle(source, Photo.objects.all(), [make_preset()])
    assert (read_health().unplanned_jobs, read_health().problems) == (1, {})
    long_ago()
    assert read_health().problems == {"planning": "no-worker"}
    signs.sign("encode")
    assert read_health().problems == {}


def test_how_long_is_a_setting(job, settings):
    configure(settings, STUCK_SECONDS=2000)
    long_ago()
    assert read_health().problems == {}


def test_health_costs_few_queries(job):
    from django.db import connection

    drain_all()
    with CaptureQueriesContext(connection) as captured:
        read_health()
    assert len(captured) <= 12


def test_signs_are_written_seldom_and_count_all_work(db, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(signs.time, "monotonic", lambda: now[0])
    for _picture in range(10):
        signs.sign("bulk", 2)
        now[0] += 0.5
    sign = WorkerSign.objects.get()
    assert sign.done == 2 + 2 * 6, "written at once and after three seconds"
    now[0] += 3
    WorkerSign.objects.update(worked_at=None)
    signs.sign("bulk")
    sign.refresh_from_db()
    assert sign.done == 20
    assert sign.rate == pytest.approx(20 / 8, rel=0.01)
    assert sign.worked_at is not None, "work since the last sign counts"
    WorkerSign.objects.update(worked_at=None)
    now[0] += 3
    signs.sign("bulk")
    sign.refresh_from_db()
    assert sign.worked_at is None, "a look without work does not"
    assert WorkerSign.objects.count() == 1
    assert "host" not in sign.worker


def test_a_database_that_does_not_answer_stops_no_worker(db, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(WorkerSign.objects, "bulk_create", refuse)
    signs.sign("bulk", 1)
    assert "could not leave its sign" in caplog.text


def test_a_painter_leaves_a_sign_for_each_look(db):
    with Painter() as painter:
        assert painter.step("interactive") is None
    assert WorkerSign.objects.get(lane="interactive").worked_at is None


def test_failing_pictures_are_progress(job):
    def fail(requests):
        raise RuntimeError("bad kernel")

    FakeEngine.on_paint = fail
    long_ago()
    drain("bulk")
    assert lane("bulk").stuck == ""


def test_the_page_says_one_word_to_strangers_and_everything_to_staff(client, job, django_user_model):
    url = reverse("styletransfer:health")
    response = client.get(url)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]
    long_ago()
    response = client.get(url)
    assert (response.status_code, response.json()) == (503, {"status": "stuck"})
    client.force_login(User.objects.create(username="buyer"))
    assert client.get(url).json() == {"status": "stuck"}
    client.force_login(User.objects.create(username="staff", is_staff=True))
    details = client.get(url).json()
    assert details["problems"] == {"bulk": "no-worker"}
    assert [lane["lane"] for lane in details["lanes"]] == ["interactive", "bulk", "encode"]
    assert client.post(url).status_code == 405


def test_the_page_takes_a_token(client, settings, job):
    configure(settings, MONITORING_TOKEN="s3cret")
    url = reverse("styletransfer:health")
    assert "lanes" in client.get(url, headers={"Authorization": "Bearer s3cret"}).json()
    for wrong in ("Bearer s3cre", "Basic s3cret", "Bearer", ""):
        assert "lanes" not in client.get(url, headers={"Authorization": wrong}).json()


def test_no_token_admits_nobody_with_an_empty_one(rf):
    request = rf.get("/", headers={"Authorization": "Bearer "})
    assert not may_monitor(request)
    request.user = AnonymousUser()
    assert not may_monitor(request)


def test_the_page_answers_when_the_database_does_not(client, monkeypatch):
    def refuse():
        raise OperationalError("gone, with its password in the text")

    monkeypatch.setattr("styletransfer.jobs.views.read_health", refuse)
    response = client.get(reverse("styletransfer:health"))
    assert (response.status_code, json.loads(response.content)) == (503, {"status": "unavailable"})
