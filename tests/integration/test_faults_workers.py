"""Embedded workers that are killed, stopped and frozen: every picture is finished, and once."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.integration import transitions
from tests.integration.project.runner import REQUEST

HERD = "tests.integration.project.herd"


def options(**styletransfer):
    return {"PROJECT_STYLETRANSFER": json.dumps(styletransfer)}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """Environment of an empty database of each kind in turn."""
    return {} if request.param == "sqlite" else request.getfixturevalue("new_database")


def assert_each_is_ready_once(project, number):
    """Effects are counted where they happened: in the database, and in the folder of pictures."""
    assert project.states() == {"ready": number}
    assert list(transitions.times_ready(project).values()) == [1] * number
    files = {path.name for path in (project.var / "media" / "styled").rglob("*-48.jpg")}
    described = project.sql("SELECT renditions FROM styletransfer_styledvariant")
    renditions = [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in described]
    assert [len(one) for one in renditions] == [1] * number
    assert {Path(one[0]["name"]).name for one in renditions} == files
    assert len(files) == number


def tries(project):
    """The most tries that any variant needed: those that were lost and the one that succeeded."""
    return project.sql("SELECT max(attempts) + 1 FROM styletransfer_styledvariant")[0][0]


def test_kill_9_of_random_workers(make_project, database, record_property):
    project = make_project(
        600, **database, **options(MAX_ATTEMPTS=4, LEASE_SECONDS=1), PROJECT_PAINT_SECONDS="0.005"
    )
    transitions.watch(project)
    project.python(REQUEST)
    begun = time.monotonic()
    project.start(HERD, "--workers", "3", "--signal", "KILL", "--every", "0.35")
    project.wait_until(lambda: project.states() == {"ready": 600}, seconds=40)
    project.stop_all()
    kills = sum(line.startswith("shot") for line in project.lines("shots.log"))
    record_property("kills", kills)
    record_property("seconds", round(time.monotonic() - begun, 1))
    record_property("tries", tries(project))
    record_property("painted", len(project.painted()))
    assert kills >= 8
    assert_each_is_ready_once(project, 600)
    assert tries(project) <= 4


def test_sigterm_in_mid_batch(make_project, database, record_property):
    number = 500
    project = make_project(number, **database, **options(BATCH_SIZE=4), PROJECT_PAINT_SECONDS="0.03")
    transitions.watch(project)
    project.python(REQUEST)
    herd = ("--signal", "TERM", "--every", "0.05", "--shots", "50", "--in-mid-batch")
    begun = time.monotonic()
    project.start(HERD, "--workers", "3", *herd)
    project.wait_until(lambda: project.states() == {"ready": number}, seconds=100)
    shots = project.lines("shots.log")
    stopped = {line.split()[1] for line in shots if line.startswith("shot")}
    record_property("stopped", len(stopped))
    record_property("seconds", round(time.monotonic() - begun, 1))
    assert len(stopped) == 50
    project.wait_until(lambda: sum(line.startswith("end") for line in project.lines("shots.log")) >= 50)
    ends = dict(line.split()[1:] for line in project.lines("shots.log") if line.startswith("end"))
    assert {pid: ends[pid] for pid in stopped} == dict.fromkeys(stopped, "0")
    assert_each_is_ready_once(project, number)
    assert tries(project) == 1
    assert len(project.painted()) == number


def test_a_worker_that_wakes_up_after_its_lease_is_refused(make_project, database, record_property):
    project = make_project(24, **database, **options(LEASE_SECONDS=1), PROJECT_PAINT_SECONDS="0.05")
    transitions.watch(project)
    project.python(REQUEST)
    frozen = project.start("django", "restyle_worker", "--encode-threads", "1")
    mark = project.var / f"painting-{frozen.pid}"
    project.wait_until(mark.exists)
    os.kill(frozen.pid, signal.SIGSTOP)
    assert mark.exists()
    project.start("django", "restyle_worker")
    project.wait_until(lambda: project.states() == {"ready": 24})
    before = transitions.number(project)
    os.kill(frozen.pid, signal.SIGCONT)
    project.wait_until(lambda: "was taken away" in project.logs())
    os.kill(frozen.pid, signal.SIGTERM)
    assert frozen.wait(20) == 0
    refused = project.logs().count("was taken away")
    record_property("refused", refused)
    assert refused >= 1
    assert transitions.number(project) == before
    assert_each_is_ready_once(project, 24)
    assert list((project.var / "media" / "styled" / "masters").iterdir()) == []


def test_out_of_memory_happens_once(make_project, record_property):
    project = make_project(48, **options(BATCH_SIZE=8), PROJECT_FITS="4")
    transitions.watch(project)
    project.python(REQUEST)
    project.manage("restyle_worker", "--until-idle")
    assert_each_is_ready_once(project, 48)
    assert tries(project) == 1
    record_property("times out of memory", len(project.lines("memory.log")))
    assert [line.split()[1] for line in project.lines("memory.log")] == ["8"]
