"""A true Celery worker on Redis and PostgreSQL: nothing is lost, nothing is painted twice for nothing."""

import os
import signal
import time

from tests.integration.project.runner import kill_group
from tests.integration.services import free_port

REQUEST = """
import time
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StylePreset
from styletransfer.sources import get_source
from tests.testapp.models import Photo
begun = time.perf_counter()
request_restyle(get_source(Photo), Photo.objects.all(), StylePreset.objects.all())
print((time.perf_counter() - begun) * 1000)
"""
STATES = """
from collections import Counter
from styletransfer.models import StyledVariant
print(dict(Counter(StyledVariant.objects.values_list("state", flat=True))))
"""
WORKER = ("celery", "-A", "tests.integration.project.celery", "worker", "-l", "INFO", "--without-gossip")
ALL_QUEUES = "styletransfer.interactive,styletransfer.bulk,styletransfer.encode"


def states(project):
    return eval(project.python(STATES))


def test_a_killed_celery_worker_loses_nothing(make_project, new_database, redis):
    project = make_project(**new_database, PROJECT_BROKER=redis, PROJECT_PAINT_SECONDS="0.02")
    project.manage("fill", "60")
    first = project.start(*WORKER, "-Q", ALL_QUEUES, "-c", "2", "-n", "first@test")
    beat = project.start("celery", "-A", "tests.integration.project.celery", "beat", "-s", str(project.var / "beat"))
    project.python(REQUEST)
    project.wait_until(lambda: len(project.painted()) >= 16)
    kill_group(first)
    before = len(project.painted())
    assert before < 60
    project.start(*WORKER, "-Q", ALL_QUEUES, "-c", "2", "-n", "second@test")
    project.wait_until(lambda: len(project.painted()) >= 60)
    project.wait_until(lambda: states(project) == {"ready": 60})
    assert beat.poll() is None
    # What was painted but not handed over when the worker died is painted again, and nothing else.
    assert len(project.painted()) <= 60 + 2 * 8
