"""What the unit tests prove on SQLite holds on PostgreSQL, and workers there share without waiting."""

import os
import subprocess
import sys

from tests.integration.project.runner import REQUEST, ROOT
from tests.jobs.test_worker import CLAIMER, PLAN

CONTRACTS = [
    *(f"tests/jobs/{name}.py" for name in ("test_claims", "test_planning", "test_requests")),
    "tests/test_prepared.py",
]


def test_the_contract_of_the_unit_tests(postgresql):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CONTRACTS,
         "--ds=tests.integration.postgresql_settings"],
        cwd=ROOT, env={**os.environ, **postgresql}, capture_output=True, text=True, check=False, timeout=80,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def test_four_processes_share_the_rows(make_project, new_database):
    project = make_project(40, **new_database)
    project.python(REQUEST + PLAN)
    running = [project.start_python(CLAIMER) for _ in range(4)]
    outputs = [process.communicate(timeout=40) for process in running]
    done = [int(number) for out, _error in outputs for number in out.split()]
    assert len(done) == len(set(done)) == 40, outputs
    assert project.states() == {"ready": 40}
