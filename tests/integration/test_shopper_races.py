"""Erasing, merging and recording meet on PostgreSQL: see ``shopper_races.py`` for what must hold."""

import os
import subprocess
import sys

from tests.integration.project.runner import ROOT


def test_whoever_meets_nothing_remains_and_nothing_counts_twice(postgresql):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/integration/shopper_races.py",
         "--ds=tests.integration.postgresql_settings"],
        cwd=ROOT, env={**os.environ, **postgresql}, capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " skipped" not in done.stdout
