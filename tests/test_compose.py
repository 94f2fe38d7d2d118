"""compose.yaml names nothing that is not there, and leaves no lane without a worker.

Whether the images can be built needs Docker; that the programs inside work together is what the integration
tests show with the same brokers, database and kind of store.
"""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from styletransfer.conf import LANES, Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def command_of(service):
    return " ".join(service.get("command", []))


def test_every_lane_has_a_worker_and_the_gpu_worker_one_child(compose):
    workers = [
        command_of(service) for service in compose["services"].values() if " worker " in command_of(service)
    ]
    listened = [queue for command in workers for queue in re.search(r"-Q (\S+)", command)[1].split(",")]
    assert sorted(listened) == sorted(Settings().queues[lane] for lane in LANES)
    (painting,) = [command for command in workers if Settings().queues["bulk"] in command]
    assert re.search(r"-c 1\b", painting)
    assert any(
        re.search(r"celery -A shop beat", command_of(service)) for service in compose["services"].values()
    )


def test_every_management_command_exists(compose):
    named = re.findall(
        r"manage\.py (\w+)", " ".join(command_of(each) for each in compose["services"].values())
    )
    assert {"migrate", "prepare_bucket"} <= set(named)
    assert set(named) <= set(get_commands())


def test_the_settings_read_every_variable(compose):
    read = (ROOT / "shop" / "settings.py").read_text()
    names = {name for name in compose["x-environment"] if not name.startswith("AWS_")}
    assert {name for name in names if f'"{name}"' not in read} == set()


def test_whoever_needs_tables_and_bucket_waits_for_them(compose):
    services = compose["services"]
    ours = [name for name, service in services.items() if "build" in service and name != "prepare"]
    assert sorted(ours) == ["beat", "encode-worker", "gpu-worker", "web"]
    for name in ours:
        waits = services[name]["depends_on"]
        assert waits["prepare"]["condition"] == "service_completed_successfully"
        assert waits["broker"]["condition"] == "service_healthy"
    assert set(services["prepare"]["depends_on"]) == {"database", "pictures"}
    for name in ("database", "broker", "pictures"):
        assert "healthcheck" in services[name]


def test_torch_is_in_the_gpu_worker_alone(compose):
    tiers = {
        name: each["build"]["args"]["TIER"] for name, each in compose["services"].items() if "build" in each
    }
    assert [name for name, tier in tiers.items() if tier == "worker"] == ["gpu-worker"]


def test_the_image_copies_what_it_runs():
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    paths = [path for line in copied for path in line.split()]
    assert {"styletransfer", "shop", "templates", "manage.py", "constraints.txt"} <= set(paths)
    assert all((ROOT / path).exists() for path in paths)
