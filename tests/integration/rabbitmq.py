"""A RabbitMQ server of one's own on free loopback ports: own node, own folder, own port mapper."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.services import free_port, program, wait_for_port

# The script behind Debian's wrapper, which would change to a user that may not enter our folder.
SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


@contextmanager
def rabbitmq() -> Iterator[str]:
    """A RabbitMQ server without plugins and without a past; its URL."""
    server = SCRIPT if SCRIPT.exists() else program("rabbitmq-server", "rabbitmq-server")
    port, mapper_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="styletransfer-rabbitmq-") as folder:
        environment = _environment(Path(folder), port, mapper_port)
        # Started here, because a node would leave one behind as a daemon.
        mapper = subprocess.Popen(
            [program("epmd", "erlang-base")], env=environment, stderr=subprocess.DEVNULL
        )
        try:
            wait_for_port(mapper_port, mapper)
            with (Path(folder) / "output").open("wb") as log:
                process = subprocess.Popen([server], env=environment, stdout=log, stderr=log)
            try:
                wait_for_port(port, process, seconds=40)
                yield f"amqp://guest:guest@127.0.0.1:{port}//"
            finally:
                process.terminate()
                process.wait(20)
        finally:
            mapper.kill()
            mapper.wait(10)


def _environment(folder: Path, port: int, mapper_port: int) -> dict[str, str]:
    plugins = folder / "enabled_plugins"
    plugins.write_text("[].\n")
    configuration = folder / "rabbitmq.conf"
    configuration.write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),  # of the cookie that lets a node's parts talk to each other
        "LANG": "C.UTF-8",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(mapper_port),
        "RABBITMQ_NODENAME": f"styles-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(configuration),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
    }
