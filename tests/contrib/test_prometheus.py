"""The metrics page: counters of the workers, gauges of the database, in one process and in several."""

import os
import subprocess
import sys
import urllib.request

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory

from styletransfer.jobs import claims, metrics
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StyledVariant
from styletransfer.testing import FakeEngine
from tests.jobs.conftest import configure
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo

prometheus = pytest.importorskip("prometheus_client", reason="NOT TESTED: prometheus-client is not installed")
pytestmark = pytest.mark.django_db

COUNT_IN_A_PROCESS = """
from prometheus_client import Counter
from styletransfer.jobs import metrics
metrics.batch_painted("bulk", 3, 1)
metrics.variant_ready("bulk", {"paint": 0.2})
"""


def page(**headers):
    from styletransfer.contrib.prometheus import metrics as view

    request = RequestFactory().get("/metrics/", headers=headers)
    request.user = User(is_staff=True)
    return view(request)


def values(text):
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _space, value in lines}


def sample(name):
    return values(page().content.decode()).get(name, 0.0)


def test_painting_counts(source, make_preset, make_photos):
    names = [
        'styletransfer_painted_total{lane="bulk"}',
        'styletransfer_ready_total{lane="bulk"}',
        'styletransfer_batch_size_sum{lane="bulk"}',
        'styletransfer_stage_seconds_count{stage="paint"}',
        'styletransfer_stage_seconds_count{stage="encode"}',
    ]
    before = [sample(name) for name in names]
    make_photos(3)
    request_restyle(source, Photo.objects.all(), [make_preset()])
    assert sample("styletransfer_unplanned_jobs") == 1
    drain_all()
    assert [sample(name) - earlier for name, earlier in zip(names, before, strict=True)] == [3, 3, 3, 3, 3]
    assert sample('styletransfer_workers{lane="bulk"}') == 1


def test_failures_sweeps_and_gauges(source, make_preset, make_photos):
    failed = 'styletransfer_failed_tries_total{lane="bulk",stage="paint"}'
    swept = "styletransfer_leases_swept_total"
    before = sample(failed), sample(swept)

    def fail(requests):
        raise RuntimeError("bad kernel")

    make_photos(2)
    request_restyle(source, Photo.objects.all(), [make_preset()])
    FakeEngine.on_paint = fail
    drain_all()
    assert sample(failed) - before[0] == 2
    StyledVariant.objects.update(run_after=None)
    assert sample('styletransfer_queued{lane="bulk"}') == 2
    assert sample('styletransfer_open{lane="bulk",state="queued"}') == 2
    StyledVariant.objects.update(state="painting", token="0" * 32, lease_until="2020-01-01T00:00Z")
    assert sample('styletransfer_leased{lane="bulk"}') == 2
    claims.sweep()
    assert sample(swept) - before[1] == 2


def test_the_page_is_for_staff_and_token_holders(settings):
    from styletransfer.contrib.prometheus import metrics as view

    request = RequestFactory().get("/metrics/")
    assert view(request).status_code == 403
    configure(settings, MONITORING_TOKEN="s3cret")
    request = RequestFactory().get("/metrics/", headers={"Authorization": "Bearer s3cret"})
    assert view(request).status_code == 200
    assert page()["Cache-Control"].startswith("max-age=0")


def test_openmetrics_is_spoken_to_those_who_ask():
    response = page(Accept="application/openmetrics-text; version=1.0.0")
    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert response.content.endswith(b"# EOF\n")


def test_several_processes_are_added_up(tmp_path, monkeypatch):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _process in range(2):
        subprocess.run([sys.executable, "-c", COUNT_IN_A_PROCESS], env=environment, check=True, timeout=60)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert sample('styletransfer_painted_total{lane="bulk"}') == 6
    assert sample('styletransfer_failed_tries_total{lane="bulk",stage="paint"}') == 2
    assert sample('styletransfer_stage_seconds_count{stage="paint"}') == 2


def test_a_worker_hands_out_its_own(free_port):
    from styletransfer.contrib.prometheus import serve

    server, thread = serve(free_port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=5) as answer:
            assert b"styletransfer_painted_total" in answer.read()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def free_port():
    from tests.integration.services import free_port

    metrics.batch_painted("bulk", 1, 0)
    return free_port()


def test_without_the_client_nothing_is_counted_and_nothing_breaks():
    code = """
import sys
sys.modules["prometheus_client"] = None
from styletransfer.jobs import metrics
assert not metrics.IS_AVAILABLE
metrics.batch_painted("bulk", 1, 1); metrics.variant_ready("bulk", {"paint": 1.0})
metrics.encoding_failed("bulk"); metrics.leases_swept(1)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
