"""Real services and a host project in subprocesses; skipped out loud where a service is missing."""

import os
import time
from pathlib import Path

import pytest

from tests.integration import services
from tests.integration.project.runner import projects
from tests.integration.rabbitmq import rabbitmq


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
    return create_database(postgresql)


def create_database(environment):
    """Make a fresh database on a server; the environment for a project that uses it."""
    import psycopg

    name = f"styles_{time.monotonic_ns()}"
    with psycopg.connect(
        host="127.0.0.1",
        port=environment["PROJECT_DB_PORT"],
        user="styles",
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {**environment, "PROJECT_DB_NAME": name}


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request):
    """The URL of each kind of broker in turn."""
    yield from running({"redis": services.redis, "rabbitmq": rabbitmq}[request.param])


def pytest_terminal_summary(terminalreporter):
    """What the fault tests counted, to be read in CI's output."""
    for report in terminalreporter.getreports("passed"):
        figures = [f"{name} {value}" for name, value in report.user_properties]
        if report.when == "call" and figures:
            terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {', '.join(figures)}")
