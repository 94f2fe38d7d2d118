"""Brokers that are killed, unreachable or silent: a message is only a hint, and the rows are still there."""

import json
import os
import signal
import socket
from contextlib import ExitStack

import pytest

from tests.integration import services, transitions
from tests.integration.project.runner import REQUEST, kill_group

CELERY = ("celery", "-A", "tests.integration.project.celery")
WORKER = (*CELERY, "worker", "-l", "INFO", "--without-gossip", "--without-mingle", "-c", "1")
ALL_QUEUES = "styletransfer.interactive,styletransfer.bulk,styletransfer.encode"
HINTS = """
from tests.integration.project.celery import app
from styletransfer.jobs.tasks import drain
with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
    for number in range(5000):
        drain.apply_async(("bulk",), queue="styletransfer.bulk", producer=producer)
"""
# Three requests in one process, each as if it were the first that meets the broker.
PAGES = """
import time
import styletransfer.tasks, kombu.pools
from django.test import Client
from styletransfer.jobs import dispatch
client = Client()
client.get("/listing/")
for number in range(3):
    dispatch._silence.until = 0.0
    begun = time.perf_counter()
    assert client.post("/restyle/").status_code == 200
    print((time.perf_counter() - begun) * 1000)
"""


def start_worker(project, name):
    return project.start(*WORKER, "-Q", ALL_QUEUES, "-n", f"{name}@test")


def start_beat(project):
    return project.start(*CELERY, "beat", "-s", str(project.var / "beat"))


def test_a_killed_celery_worker_loses_nothing(make_project, new_database, broker, record_property):
    project = make_project(60, **new_database, PROJECT_BROKER=broker, PROJECT_PAINT_SECONDS="0.02")
    transitions.watch(project)
    first = start_worker(project, "first")
    beat = start_beat(project)
    project.python(REQUEST)
    project.wait_until(lambda: len(project.painted()) >= 16)
    kill_group(first)
    before = len(project.painted())
    assert before < 60
    start_worker(project, "second")
    project.wait_until(lambda: project.states() == {"ready": 60})
    assert beat.poll() is None
    assert list(transitions.times_ready(project).values()) == [1] * 60
    # What was painted but not handed over when the worker died is painted again, and nothing else.
    record_property("painted", len(project.painted()))
    assert 60 <= len(project.painted()) <= 60 + 2 * 8


def test_a_broker_killed_with_5000_messages(make_project, new_database, record_property):
    port = services.free_port()
    with ExitStack() as stack:
        url = stack.enter_context(services.redis(port))
        project = make_project(80, **new_database, PROJECT_BROKER=url, PROJECT_PAINT_SECONDS="0.02")
        transitions.watch(project)
        project.python(REQUEST)
        project.python(HINTS)
        start_worker(project, "only")
        start_beat(project)
        project.wait_until(lambda: len(project.painted()) >= 8)
        lost = kill_redis(url)
        assert project.states() != {"ready": 80}
        stack.enter_context(services.redis(port))
        project.wait_until(lambda: project.states() == {"ready": 80}, seconds=60)
    record_property("messages lost", lost)
    assert lost >= 4900
    assert list(transitions.times_ready(project).values()) == [1] * 80


def kill_redis(url):
    """kill -9; how many messages it held in memory alone."""
    import redis

    with redis.Redis.from_url(url) as client:
        held = client.llen("styletransfer.bulk")
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    return held


@pytest.fixture(params=["refused", "silent"])
def dead_port(request):
    """A port that nobody listens at, or where somebody listens who never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen(16)
        yield listener.getsockname()[1]


@pytest.mark.alone
def test_a_page_does_not_wait_for_the_broker(make_project, new_database, dead_port, redis, record_property):
    project = make_project(20, **new_database, PROJECT_BROKER=f"redis://127.0.0.1:{dead_port}/0")
    answers = [float(line) for line in project.python(PAGES).split()]
    record_property("slowest page, ms", round(max(answers)))
    assert max(answers) < 300
    assert "failed" not in project.states()
    project.environment["PROJECT_BROKER"] = redis
    start_worker(project, "late")
    start_beat(project)
    project.wait_until(lambda: project.states() == {"ready": 20})


def test_pictures_that_kill_and_that_raise(make_project, new_database, redis, record_property):
    project = make_project(
        24,
        **new_database,
        PROJECT_BROKER=redis,
        PROJECT_STYLETRANSFER=json.dumps({"LEASE_SECONDS": 2, "MAX_ATTEMPTS": 3}),
    )
    transitions.watch(project)
    project.python(PERILS + REQUEST)
    start_worker(project, "only")
    start_beat(project)
    project.wait_until(lambda: project.states() == {"ready": 24, "failed": 2}, seconds=75)
    failed = project.sql(
        "SELECT object_id, attempts, error FROM styletransfer_styledvariant"
        " WHERE state = 'failed' ORDER BY object_id"
    )
    record_property("killed children", len(project.lines("kills.log")))
    assert [(key, attempts) for key, attempts, _error in failed] == [("25", 3), ("26", 3)]
    assert "died" in failed[0][2]
    assert failed[1][2] == "kernel went wrong"
    assert len(project.lines("kills.log")) == 3
    assert list(transitions.times_ready(project).values()) == [1] * 24


# Among the others: a plain red photo, which kills its painter, and a plain blue one, which raises.
PERILS = """
import io
from django.core.files.base import ContentFile
from PIL import Image
from tests.testapp.models import Article, Photo
for colour in ("red", "blue"):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "PNG")
    Photo.objects.create(article=Article.objects.get(), image=ContentFile(buffer.getvalue(), f"{colour}.png"))
"""
