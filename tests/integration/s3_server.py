"""A real S3 server on loopback: OpenStack Swift with its ``s3api``, four daemons in a folder of their own."""

from __future__ import annotations

import contextlib
import errno
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.services import START_SECONDS, ServiceMissingError, free_port

PACKAGES = "swift-proxy swift-account swift-container swift-object memcached"
PYTHON = "/usr/bin/python3"
LAYERS = ("account", "container", "object")
# Swift reads the hash of its rings from /etc/swift unless it is told otherwise before anything else runs.
START = "import sys; from swift.common import utils; utils.set_swift_dir(sys.argv[1]); "
RINGS = (
    START
    + """
from swift.common.ring import RingBuilder
for layer, port in zip(("account", "container", "object"), sys.argv[2:]):
    builder = RingBuilder(2, 1, 1)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "disk",
                     "weight": 1, "replication_ip": "127.0.0.1", "replication_port": int(port)})
    builder.rebalance()
    builder.get_ring().save(f"{sys.argv[1]}/{layer}.ring.gz")
"""
)
SERVE = (
    START
    + "from swift.common.wsgi import run_wsgi; sys.exit(run_wsgi(sys.argv[2], sys.argv[3], verbose=True))"
)


@dataclass(frozen=True)
class S3Server:
    """Where the server listens and who may use it."""

    endpoint: str
    access_key: str = "shop:photos"
    secret_key: str = "only-for-tests"
    region: str = "us-east-1"

    @property
    def port(self) -> int:
        return int(self.endpoint.rpartition(":")[2])

    def client(self, **changes):
        """A boto3 client."""
        import boto3
        from botocore.config import Config

        options = {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": self.region,
            "config": Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        }
        return boto3.client("s3", **{**options, **changes})

    def storage(self, bucket: str, **changes) -> dict:
        """An entry of Django's ``STORAGES``."""
        options = {
            "bucket_name": bucket,
            "endpoint_url": self.endpoint,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "region_name": self.region,
            "addressing_style": "path",
            "signature_version": "s3v4",
            "file_overwrite": True,
        }
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**options, **changes}}


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Swift with one disk and one replica, empty.

    Raises:
        ServiceMissingError: it is not installed, or the temporary folder keeps no extended attributes.
    """
    _find_programs()
    folder = Path(tempfile.mkdtemp(prefix="styletransfer-s3-"))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _check_attributes(folder)
        ports = {name: free_port() for name in (*LAYERS, "proxy", "memcached")}
        _configure(folder, ports)
        with (folder / "log").open("wb") as log:
            processes.extend(
                subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
                for command in _commands(folder, ports)
            )
        server = S3Server(f"http://127.0.0.1:{ports['proxy']}")
        _wait(server, ports, processes, folder / "log")
        yield server
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _commands(folder: Path, ports: dict[str, int]) -> Iterator[list[str | Path]]:
    memcached = ["memcached", "-l", "127.0.0.1", "-p", str(ports["memcached"]), "-U", "0", "-m", "16"]
    yield [*memcached, "-u", getpass.getuser()]
    for layer in (*LAYERS, "proxy"):
        yield [PYTHON, "-c", SERVE, folder, folder / f"{layer}-server.conf", f"{layer}-server"]


def _find_programs() -> None:
    programs = ["memcached", *(f"swift-{layer}-server" for layer in (*LAYERS, "proxy"))]
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise ServiceMissingError(f"{', '.join(missing)} not installed (Debian: apt-get install {PACKAGES})")


def _check_attributes(folder: Path) -> None:
    """Swift keeps an object's metadata in extended attributes, which not every file system has."""
    try:
        os.setxattr(folder, "user.swift.probe", b"1")
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.EPERM):
            raise ServiceMissingError(
                f"{folder} keeps no extended attributes; set TMPDIR elsewhere"
            ) from error
        raise


def _configure(folder: Path, ports: dict[str, int]) -> None:
    (folder / "disks" / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = tests\nswift_hash_path_prefix = tests\n"
        "[storage-policy:0]\nname = one\ndefault = yes\n"
    )
    common = (
        f"[DEFAULT]\nbind_ip = 127.0.0.1\nuser = {getpass.getuser()}\nswift_dir = {folder}\n"
        f"devices = {folder}/disks\nmount_check = false\nworkers = 0\nlog_level = ERROR\n"
        f"log_address = {folder}/nowhere\ndisable_fallocate = true\n"
    )
    for layer in LAYERS:
        (folder / f"{layer}-server.conf").write_text(
            f"{common}bind_port = {ports[layer]}\n[pipeline:main]\npipeline = {layer}-server\n"
            f"[app:{layer}-server]\nuse = egg:swift#{layer}\n"
        )
    server = S3Server("")
    account, user = server.access_key.split(":")
    (folder / "proxy-server.conf").write_text(
        f"{common}bind_port = {ports['proxy']}\n"
        "[pipeline:main]\npipeline = catch_errors cache s3api tempauth slo proxy-server\n"
        "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
        f"[filter:tempauth]\nuse = egg:swift#tempauth\nuser_{account}_{user} = {server.secret_key} .admin\n"
        f"[filter:s3api]\nuse = egg:swift#s3api\nlocation = {server.region}\n"
        f"[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:{ports['memcached']}\n"
        "[filter:slo]\nuse = egg:swift#slo\n[filter:catch_errors]\nuse = egg:swift#catch_errors\n"
    )
    subprocess.run(
        [PYTHON, "-c", RINGS, folder, *(str(ports[layer]) for layer in LAYERS)],
        check=True,
        capture_output=True,
        timeout=60,
    )


def _wait(
    server: S3Server, ports: dict[str, int], processes: list[subprocess.Popen[bytes]], log: Path
) -> None:
    until = time.monotonic() + 2 * START_SECONDS
    waiting = set(ports.values())
    while waiting:
        for port in tuple(waiting):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                waiting.discard(port)
        if time.monotonic() > until or any(process.poll() is not None for process in processes):
            raise RuntimeError(f"Swift did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(server.endpoint, timeout=10)
