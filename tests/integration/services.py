"""Real PostgreSQL and Redis servers on free loopback ports, for as long as a test run or a benchmark."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 20


class ServiceMissingError(Exception):
    """The server's program is not installed; the text says which package brings it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name: str, package: str) -> str:
    """Path of a server program, also where Debian hides PostgreSQL's."""
    found = shutil.which(name)
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found and not places:
        raise ServiceMissingError(f"{name} is not installed (Debian: apt-get install {package})")
    return found or str(places[-1])


@contextmanager
def postgresql(*, is_durable: bool = False) -> Iterator[dict[str, str]]:
    """A PostgreSQL server with an empty cluster; its environment variables for the test project.

    Args:
        is_durable: whether every commit reaches the disk, as in production.
    """
    options = [] if is_durable else ["-c", "fsync=off", "-c", "synchronous_commit=off"]
    with _postgresql(options) as server:
        yield server.environment


@contextmanager
def restartable_postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server whose commits outlive a restart, though not a crash of the machine."""
    with _postgresql(["-c", "fsync=off"]) as server:
        yield server


class PostgreSQL:
    """A server on a cluster in a folder.

    Attributes:
        environment: variables for the test project.
    """

    def __init__(self, folder: Path, options: Sequence[str], user: dict[str, str]) -> None:
        self.port = free_port()
        self.environment = {"PROJECT_DB": "postgresql", "PROJECT_DB_PORT": str(self.port)}
        self._folder = folder
        self._user = user
        self._options = [
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            f"unix_socket_directories={folder}",
            *options,
        ]

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [program("postgres", "postgresql"), "-D", self._folder / "data", "-p", str(self.port)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, *self._options], stdout=log, stderr=log, **self._user)
        try:
            _wait_for_postgresql(self.port, self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """The "immediate" shutdown: no client is waited for, and what was not yet written is lost."""
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def restart(self) -> None:
        """Throw every client out; recover from the log as after a crash."""
        self.stop()
        self.start()


@contextmanager
def _postgresql(options: Sequence[str]) -> Iterator[PostgreSQL]:
    initdb = program("initdb", "postgresql")
    # Not below pytest's own folder: the server refuses to run as root and could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="styletransfer-postgresql-"))
    user: dict[str, str] = {}
    if os.geteuid() == 0:
        user = {"user": "postgres", "group": "postgres"}
        shutil.chown(folder, "postgres", "postgres")
    try:
        subprocess.run(
            [initdb, "-D", folder / "data", "-U", "styles", "--auth=trust", "--encoding=UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            **user,
        )
        server = PostgreSQL(folder, options, user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis(port: int | None = None) -> Iterator[str]:
    """A Redis server without persistence; its URL."""
    port = port or free_port()
    process = subprocess.Popen(
        [program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for_postgresql(port: int, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="styles", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = START_SECONDS) -> None:
    """Until a server that was just started takes connections."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return
