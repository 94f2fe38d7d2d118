"""A database that is restarted under its workers, and one file that many write to at once."""

import os
import time

import pytest

from tests.integration import services, transitions
from tests.integration.conftest import create_database, running
from tests.integration.project.runner import REQUEST
from tests.integration.test_faults_brokers import start_beat, start_worker

HERD = "tests.integration.project.herd"
# A minute shows more than CI has time for.
BUSY_SECONDS = float(os.environ.get("STYLETRANSFER_BUSY_SECONDS", "15"))
WEB = """
import sys, threading, time
from django.db import connections
from django.test import Client
from styletransfer.models import StylePreset
from tests.testapp.models import Article
until = time.monotonic() + float(sys.argv[1])
slowest = [0.0]
pages = [0]

def browse():
    client = Client()
    while time.monotonic() < until:
        begun = time.perf_counter()
        assert client.get("/listing/").status_code == 200
        slowest[0] = max(slowest[0], time.perf_counter() - begun)
        pages[0] += 1
        time.sleep(0.02)
    connections.close_all()

thread = threading.Thread(target=browse)
thread.start()
client = Client()
jobs = 0
while time.monotonic() < until:
    # New weights or another reference would do the same: everything is to be painted anew.
    preset = StylePreset.objects.get()
    preset.strength = 1 - jobs / 1000
    preset.save()
    assert client.post("/restyle/").status_code == 200
    jobs += 1
    time.sleep(1.5)
thread.join()
print(pages[0], jobs, round(slowest[0] * 1000))
"""


@pytest.fixture
def own_postgresql():
    """A server for one test, that may be restarted; every commit outlives the restart."""
    yield from running(services.restartable_postgresql)


@pytest.mark.parametrize("kind", ["embedded", "celery"])
def test_postgresql_restarted_in_mid_run(make_project, own_postgresql, redis, kind, record_property):
    environment = create_database(own_postgresql.environment)
    broker = {"PROJECT_BROKER": redis} if kind == "celery" else {}
    project = make_project(80, **environment, **broker, PROJECT_PAINT_SECONDS="0.03")
    transitions.watch(project)
    project.python(REQUEST)
    if kind == "celery":
        workers = [start_worker(project, "only"), start_beat(project)]
    else:
        workers = [project.start("django", "restyle_worker", "--encode-threads", "1")]
    project.wait_until(lambda: len(project.painted()) >= 16)
    begun = time.monotonic()
    own_postgresql.restart()
    before = transitions.number(project)
    project.wait_until(lambda: transitions.number(project) > before)
    record_property("resumed after s", round(time.monotonic() - begun, 1))
    project.wait_until(lambda: project.states() == {"ready": 80})
    assert [worker.poll() for worker in workers] == [None] * len(workers)
    assert list(transitions.times_ready(project).values()) == [1] * 80


def test_four_writers_and_the_web_on_one_sqlite_file(make_project, record_property):
    project = make_project(60)
    project.start(HERD, "--workers", "4")
    output = project.python_for(BUSY_SECONDS, WEB)
    pages, jobs, slowest = (int(number) for number in output.split())
    record_property("pages", pages)
    record_property("jobs", jobs)
    record_property("slowest page, ms", slowest)
    record_property("variants", sum(project.states().values()))
    assert "locked" not in project.logs()
    assert pages >= 10 * BUSY_SECONDS / 2
    project.wait_until(lambda: set(project.states()) <= {"ready", "superseded", "cancelled"})
    assert "locked" not in project.logs()
    assert project.states()["ready"] == 60
