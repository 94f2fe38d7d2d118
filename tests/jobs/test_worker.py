"""The embedded worker with its threads, on an SQLite file, killed and stopped in mid-run."""

import os
import signal
import time

import pytest

from tests.integration.project.runner import kill_group

CLAIMER = """
import sys, time
from django.db.models import Q
from styletransfer.jobs import claims
painted = {"master_name": "m.png", "width": 4, "height": 4, "timings": {}}
encoded = {"renditions": [], "placeholder": "", "measures": {}, "timings": {}}
done = []
while claim := claims.claim_for_painting("bulk", limit=4):
    assert claims.to_encoding(claim.token, dict.fromkeys(claim.ids, painted)) == set(claim.ids)
    while claim := claims.claim_for_encoding(limit=4):
        done += claims.finish(claim.token, dict.fromkeys(claim.ids, encoded))
print(*done)
"""
PLAN = """
from styletransfer.jobs.planning import plan_job
from styletransfer.models import RestyleJob
plan_job(RestyleJob.objects.get())
"""


@pytest.fixture
def project(make_project, template):
    return make_project(40, template=template)


def test_four_processes_share_the_rows_of_an_sqlite_file(project):
    project.python(PLAN)
    running = [project.start_python(CLAIMER) for _ in range(4)]
    outputs = [process.communicate(timeout=40) for process in running]
    assert not any("locked" in error for _out, error in outputs)
    done = [int(number) for out, _error in outputs for number in out.split()]
    assert len(done) == len(set(done)) == 40
    assert project.states() == {"ready": 40}


def test_a_killed_worker_loses_nothing(project):
    slow = {"PROJECT_PAINT_SECONDS": "0.03", "PROJECT_STYLETRANSFER": '{"LEASE_SECONDS": 1}'}
    first = project.start("django", "restyle_worker", **slow)
    project.wait_until(lambda: len(project.painted()) >= 8)
    kill_group(first)
    assert project.states() != {"ready": 40}
    project.manage("restyle_worker", "--until-idle", **slow)
    assert project.states() == {"ready": 40}
    # Only the batch that was stored but not yet handed over may have been painted a second time.
    assert 40 <= len(project.painted()) <= 48
    masters = project.var / "media" / "styled" / "masters"
    assert len(list(masters.iterdir())) <= 8


def test_a_stopped_worker_finishes_its_batch_and_gives_back_the_rest(project):
    worker = project.start("django", "restyle_worker", PROJECT_PAINT_SECONDS="0.03")
    project.wait_until(lambda: len(project.painted()) >= 8)
    begun = time.monotonic()
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(20) == 0
    assert time.monotonic() - begun < 10
    found = project.states()
    assert set(found) <= {"queued", "encoding", "ready"}
    assert sum(found.values()) == 40
    project.manage("restyle_worker", "--until-idle")
    assert project.states() == {"ready": 40}
    assert len(project.painted()) == 40
