"""How fast rows go through the queue: ``python benchmarks/queue.py [--rows 4000] [--postgresql]``.

Measured with the code that production runs, on an SQLite file (WAL, synchronous=NORMAL) and, where its
programs are installed, on a real PostgreSQL server with durable commits:

- snapshot: photos of a selection recorded by ``request_restyle``, per second.
- planning: variants inserted and linked to their job, per second, without reading any photo.
- life: variants per second from queued to ready through all four moves (claimed for painting, handed
  over, claimed for encoding, finished), in batches of 1, 8 and 32, by one process and by two.
- claim + finish: one claim and one finish, as the encode lane does them; also per second of processor
  time, which says what an idle machine would do when this one is busy.
- overhead: milliseconds per picture that the queue adds to painting and encoding (batch of 8).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BATCHES = (1, 8, 32)
TARGETS = {"sqlite": 3000, "postgresql": 500}


def step_aside() -> None:
    """Let ``import queue`` mean the standard library's, although Python looks in this folder first."""
    folder = str(Path(__file__).resolve().parent)
    before = list(sys.path)
    sys.path[:] = [entry for entry in sys.path if str(Path(entry or ".").resolve()) != folder]
    sys.modules.pop("queue", None)
    importlib.import_module("queue")
    sys.path[:] = before


def main() -> None:
    """Run both databases, each in a process of its own, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--postgresql", action="store_true", help="only PostgreSQL")
    parser.add_argument("--sqlite", action="store_true", help="only SQLite")
    options = parser.parse_args()
    for name in ("sqlite", "postgresql"):
        if not (options.sqlite or options.postgresql) or getattr(options, name):
            with database(name) as environment, tempfile.TemporaryDirectory() as folder:
                print_table(name, measure(options.rows, {**environment, "PROJECT_VAR": folder}))


@contextmanager
def database(name: str) -> Iterator[dict[str, str]]:
    """Environment of the host project for one database."""
    if name == "sqlite":
        yield {"PROJECT_DB": "sqlite"}
        return
    sys.path.insert(0, str(ROOT))
    from tests.integration.services import postgresql

    with postgresql(is_durable=True) as environment:
        yield environment


def measure(rows: int, environment: dict[str, str]) -> dict[str, float]:
    """All figures of one database."""
    figures: dict[str, float] = run_child(["fill", str(rows)], environment)
    for batch in BATCHES:
        figures[f"life, batch {batch}, 1 process"] = lives(1, batch, environment)
    figures["life, batch 8, 2 processes"] = lives(2, 8, environment)
    run_child(["requeue", "encoding"], environment)
    alone = run_child(["encode", "8"], environment)
    figures["claim + finish, batch 8, 1 process"] = alone["rate"]
    figures["the same per second of processor time"] = alone["processor_rate"]
    return figures


def lives(processes: int, batch: int, environment: dict[str, str]) -> float:
    """Variants per second from queued to ready."""
    run_child(["requeue"], environment)
    command = [sys.executable, __file__, "--child", "drain", str(batch)]
    running = [
        subprocess.Popen(command, env=child_environment(environment), stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    reports = [json.loads(process.communicate()[0]) for process in running]
    done = sum(report["done"] for report in reports)
    return done / (max(report["ended"] for report in reports) - min(report["begun"] for report in reports))


def run_child(arguments: list[str], environment: dict[str, str]) -> dict[str, float]:
    """Run one step with Django set up; its answer."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", *arguments],
        env=child_environment(environment), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout) if done.stdout else {}


def child_environment(environment: dict[str, str]) -> dict[str, str]:
    """The host project of the integration tests."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.integration.project.settings",
        **environment,
    }


def print_table(name: str, figures: dict[str, float]) -> None:
    """Figures and targets."""
    print(f"\n{name}")
    for label, figure in figures.items():
        print(f"  {label:<38} {figure:>10,.0f}/s")
    overhead = 1000 / figures["life, batch 8, 1 process"]
    print(f"  {'overhead per picture, batch 8':<38} {overhead:>10.2f} ms (target: at most 5)")
    print(f"  target for claim + finish at batch 8: {TARGETS[name]:,}/s")


def child(step: str, *arguments: str) -> None:
    """One step inside a process that has Django."""
    import django

    django.setup()
    from django.db import connection

    connection.ensure_connection()
    print(json.dumps(STEPS[step](*arguments)))


def fill(rows: str) -> dict[str, float]:
    """Tables, photos, and one planned job; rates of snapshot and planning."""
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    from styletransfer.jobs import planning
    from styletransfer.jobs.photos import PhotoFacts
    from styletransfer.jobs.requests import request_restyle
    from styletransfer.models import StylePreset
    from styletransfer.sources import get_source
    from tests.testapp.models import Article, Photo

    number = int(rows)
    article = Article.objects.create(name="Chair")
    Photo.objects.bulk_create(
        [Photo(article=article, image=f"photos/{row}.jpg", width=8, height=6) for row in range(number)],
        batch_size=1000,
    )
    presets = [StylePreset.objects.create(name="Oil", slug="oil", engine="logged")]
    begun = time.perf_counter()
    job = request_restyle(get_source(Photo), Photo.objects.all(), presets)
    snapshot = time.perf_counter() - begun
    planning.examine = lambda storage, name: PhotoFacts(f"{hash(name):064x}"[-64:], 800, 600)
    begun = time.perf_counter()
    planning.plan_job(job)
    return {"snapshot": number / snapshot, "planning": number / (time.perf_counter() - begun)}


def requeue(state: str = "queued") -> dict[str, float]:
    """Put every variant back to the start."""
    from styletransfer.models import StyledVariant

    StyledVariant.objects.update(state=state, token=None, lease_until=None, width=8, height=8)
    return {}


def drain(batch: str) -> dict[str, float]:
    """Take variants through their whole life until none is queued."""
    from styletransfer.jobs import claims

    limit, done = int(batch), 0
    begun = time.time()
    while claim := claims.claim_for_painting("bulk", limit=limit):
        claims.to_encoding(claim.token, dict.fromkeys(claim.ids, painted()))
        if encoding := claims.claim_for_encoding(limit=limit):
            done += len(claims.finish(encoding.token, dict.fromkeys(encoding.ids, encoded())))
    while encoding := claims.claim_for_encoding(limit=limit):
        done += len(claims.finish(encoding.token, dict.fromkeys(encoding.ids, encoded())))
    return {"done": done, "begun": begun, "ended": time.time()}


def encode(batch: str) -> dict[str, float]:
    """Claim and finish what waits for encoding."""
    from styletransfer.jobs import claims

    done, begun, processor = 0, time.perf_counter(), time.process_time()
    while encoding := claims.claim_for_encoding(limit=int(batch)):
        done += len(claims.finish(encoding.token, dict.fromkeys(encoding.ids, encoded())))
    return {
        "rate": done / (time.perf_counter() - begun),
        "processor_rate": done / (time.process_time() - processor),
    }


def painted() -> dict[str, object]:
    """What a painter reports."""
    timings = {"read": 0.002, "decode": 0.01, "paint": 0.3, "store": 0.02}
    return {"master_name": "styled/masters/1.png", "width": 960, "height": 720, "timings": timings}


def encoded() -> dict[str, object]:
    """What an encoder reports: nine renditions."""
    renditions = [
        {
            "width": width,
            "height": width * 3 // 4,
            "format": name,
            "name": f"styled/aa/{width}.{name}",
            "bytes": 9999,
        }
        for width in (320, 640, 960)
        for name in ("avif", "webp", "jpeg")
    ]
    measures = dict.fromkeys(
        ("ssim", "edge_f1", "delta_e", "style_distance_before", "style_distance_after"), 0.5
    )
    return {
        "renditions": renditions,
        "placeholder": "data:image/webp;base64," + 200 * "A",
        "measures": measures,
        "timings": dict.fromkeys(("read", "decode", "paint", "store", "encode", "measure"), 0.25),
    }


STEPS = {"fill": fill, "requeue": requeue, "drain": drain, "encode": encode}

step_aside()
if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
