"""Real PostgreSQL and Redis servers on free loopback ports, for as long as a test run or a benchmark."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
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
    initdb, server = program("initdb", "postgresql"), program("postgres", "postgresql")
    # Not below pytest's own folder: the server refuses to run as root and could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="styletransfer-postgresql-"))
    user: dict[str, str] = {}
    if os.geteuid() == 0:
        user = {"user": "postgres", "group": "postgres"}
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()
    try:
        subprocess.run(
            [initdb, "-D", folder / "data", "-U", "styles", "--auth=trust", "--encoding=UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            **user,
        )
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        if not is_durable:
            options += ["-c", "fsync=off", "-c", "synchronous_commit=off"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, "-D", folder / "data", "-p", str(port), *options], stdout=log, stderr=log, **user
            )
        try:
            _wait_for_postgresql(port, process)
            yield {"PROJECT_DB": "postgresql", "PROJECT_DB_PORT": str(port)}
        finally:
            # The "immediate" shutdown: no client is waited for and nothing is kept.
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """A Redis server without persistence; its URL."""
    port = free_port()
    process = subprocess.Popen(
        [program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port, process)
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


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return
