"""Real services and a host project in subprocesses; skipped out loud where a service is missing."""

import os
import time
from pathlib import Path

import pytest

from tests.integration import services
from tests.integration.project.runner import projects


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


def running(start):
    """A service for a fixture: skips out loud where it is not installed, fails in CI."""
    try:
        with start() as service:
            yield service
    except services.ServiceMissingError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"NOT TESTED: {error}")


@pytest.fixture(scope="session")
def postgresql():
    yield from running(services.postgresql)


@pytest.fixture
def redis():
    yield from running(services.redis)


@pytest.fixture
def make_project(tmp_path):
    yield from projects(tmp_path)


@pytest.fixture
def new_database(postgresql):
    """Environment of a fresh PostgreSQL database."""
    import psycopg

    name = f"styles_{time.monotonic_ns()}"
    with psycopg.connect(
        host="127.0.0.1",
        port=postgresql["PROJECT_DB_PORT"],
        user="styles",
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {**postgresql, "PROJECT_DB_NAME": name}
