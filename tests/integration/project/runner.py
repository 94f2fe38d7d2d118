"""A host project in a folder of its own, run in subprocesses."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg

ROOT = Path(__file__).parent.parent.parent.parent
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


class Project:
    """A host project in a folder of its own, run in subprocesses."""

    def __init__(self, var: Path, **environment: str) -> None:
        self.var = var
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.integration.project.settings",
            "PYTHONPATH": str(ROOT),
            "PROJECT_VAR": str(var),
            "PYTHONWARNINGS": "default",
            **environment,
        }
        self._processes: list[subprocess.Popen] = []

    def manage(self, *args: str, **environment: str) -> str:
        """Run a management command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "django", *args],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str, **environment: str) -> str:
        """Run code with Django set up; its output."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python_for(self, seconds: float, code: str) -> str:
        """Run code that takes its time from ``sys.argv[1]``; its output."""
        process = self.start_python(code, str(seconds))
        output, errors = process.communicate(timeout=seconds + 30)
        assert process.returncode == 0, output + errors
        return output

    def start_python(self, code: str, *args: str) -> subprocess.Popen:
        """Start code with Django set up; use ``communicate()``."""
        process = subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup()\n{code}", *args],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def start(self, *args: str, **environment: str) -> subprocess.Popen:
        """Start a module in the background, in a process group of its own, logging to the folder."""
        number = len(self._processes)
        with (self.var / f"process-{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *args],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def sql(self, statement: str) -> list[tuple]:
        """Ask the database directly, and commit: a subprocess would take a second."""
        if self.environment.get("PROJECT_DB") == "postgresql":
            with psycopg.connect(
                host="127.0.0.1",
                port=self.environment["PROJECT_DB_PORT"],
                user="styles",
                dbname=self.environment["PROJECT_DB_NAME"],
            ) as connection:
                cursor = connection.execute(statement)
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.var / "db.sqlite3", timeout=20)) as connection, connection:
            return connection.execute(statement).fetchall()

    def states(self) -> dict[str, int]:
        """Number of variants by state."""
        return dict(self.sql("SELECT state, count(*) FROM styletransfer_styledvariant GROUP BY state"))

    def lines(self, name: str) -> list[str]:
        """Lines of one of the folder's logs; none if there is no such log yet."""
        log = self.var / name
        return log.read_text().splitlines() if log.exists() else []

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.var.glob("process-*.log")))

    def stop_all(self) -> None:
        for process in self._processes:
            kill_group(process)

    def painted(self) -> list[str]:
        """One line per picture that an engine finished painting."""
        return self.lines("painted.log")

    def wait_until(self, condition, seconds: float = 40) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"not reached in {seconds} s\n{self.logs()[-6000:]}"
            time.sleep(0.1)


def kill_group(process: subprocess.Popen) -> None:
    """kill -9 a process and every child it has."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def projects(folder: Path):
    """For a fixture: makes projects with photos below ``folder`` and kills what they left running."""
    made: list[Project] = []

    def make(number: int, *, template: Path | None = None, **environment: str) -> Project:
        """A migrated project with ``number`` photos and one preset, or a copy of one made before."""
        var = folder / f"project-{len(made)}"
        project = Project(var, **environment)
        made.append(project)
        if template is None:
            var.mkdir()
            project.manage("prepare", str(number))
        else:
            shutil.copytree(template, var)
        return project

    yield make
    for project in made:
        project.stop_all()
