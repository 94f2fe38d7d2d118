"""Bulk restyling of a big catalogue: ``python benchmarks/bulk.py [--photos 100000]``.

Makes a catalogue of small pictures, then walks through the admin as staff do, with Django's test client:
select all, confirm, follow, review, undo. Printed are milliseconds and SQL statements of every page, photos
a second for recording a selection and for planning it (reading and hashing every file), and how much the
process has grown. Targets: pages below 500 ms, 2,000 photos a second, no growth with their number.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HERE = str(Path(__file__).resolve().parent)
# ``import queue`` must mean the standard library's, not the benchmark beside this file.
sys.path[:] = [entry for entry in sys.path if str(Path(entry or ".").resolve()) != HERE]
sys.path.insert(0, str(ROOT))
PICTURES = 100
PAGE_MS, RATE = 500, 2000


def main() -> None:
    """Run each database in a process of its own and print one table each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--sqlite", action="store_true", help="only SQLite")
    parser.add_argument("--postgresql", action="store_true", help="only PostgreSQL")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(Walk(options.photos).run()))
        return
    both = not (options.sqlite or options.postgresql)
    for name, is_wanted in (("sqlite", options.sqlite or both), ("postgresql", options.postgresql or both)):
        if is_wanted:
            with database(name) as environment, tempfile.TemporaryDirectory() as folder:
                report(name, options.photos, {**environment, "PROJECT_VAR": folder})


@contextmanager
def database(name: str) -> Iterator[dict[str, str]]:
    """Environment that names the database; PostgreSQL is started for the run."""
    if name == "sqlite":
        yield {"PROJECT_DB": "sqlite"}
        return
    from tests.integration.services import postgresql

    with postgresql(is_durable=True) as environment:
        yield environment


def report(name: str, photos: int, environment: dict[str, str]) -> None:
    """Run the walk and print what it measured."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", "--photos", str(photos)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{name}, {photos:,} photos")
    for label, (milliseconds, queries) in found["pages"].items():
        mark = "" if milliseconds < PAGE_MS else f"   (target: {PAGE_MS} ms)"
        print(f"  {label:<46} {milliseconds:>7,.0f} ms {queries:>4} SQL{mark}")
    for label, rate in found["rates"].items():
        print(f"  {label:<46} {rate:>7,.0f}/s{'' if rate >= RATE else f'   (target: {RATE:,}/s)'}")
    print(f"  {'memory grown while selecting and confirming':<46} {found['grown_mib']:>7,.1f} MiB")


def configure() -> None:
    """The test project's settings on the database under test."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    folder = Path(os.environ["PROJECT_VAR"])
    settings.MEDIA_ROOT = folder
    settings.TEMPLATES = [{**engine, "DIRS": []} for engine in settings.TEMPLATES]
    settings.DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": os.environ["PROJECT_DB_PORT"],
            "USER": "styles",
            "NAME": "postgres",
        }
        if os.environ["PROJECT_DB"] == "postgresql"
        else {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "db.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }
    django.setup()


class Walk:
    """One member of staff going through the whole flow."""

    def __init__(self, photos: int) -> None:
        configure()
        from django.test import Client

        self.photos = photos
        self.client = Client()
        self.pages: dict[str, tuple[float, int]] = {}
        self.rates: dict[str, float] = {}

    def run(self) -> dict[str, Any]:
        """All steps; what they took."""
        presets = self.fill()
        self.open("presets, to warm up", "/admin/styletransfer/stylepreset/", keep=False)
        grown = self.select_and_confirm(presets)
        self.plan()
        self.finish()
        self.review_and_undo()
        return {"pages": self.pages, "rates": self.rates, "grown_mib": grown}

    def fill(self) -> list[int]:
        """Tables, a member of staff, two looks, and the catalogue: rows with a small file each."""
        from django.contrib.auth.models import User
        from django.core.management import call_command

        from styletransfer.models import StylePreset, StyleReference
        from styletransfer.testing import photo_bytes, photo_file
        from tests.testapp.models import Article, Photo

        call_command("migrate", run_syncdb=True, verbosity=0)
        self.client.force_login(User.objects.create_superuser("staff"))
        presets = []
        for slug in ("oil", "ink"):
            preset = StylePreset.objects.create(name=slug.title(), slug=slug, engine="fake")
            StyleReference(preset=preset, image=photo_file(f"{slug}.jpg")).save()
            presets.append(preset.pk)
        folder = Path(os.environ["PROJECT_VAR"]) / "photos"
        folder.mkdir(exist_ok=True)
        for number in range(min(PICTURES, self.photos)):
            (folder / f"{number}.jpg").write_bytes(photo_bytes(64, 48, seed=number))
        for number in range(PICTURES, self.photos):
            os.link(folder / f"{number % PICTURES}.jpg", folder / f"{number}.jpg")
        article = Article.objects.create(name="Shelf")
        for start in range(0, self.photos, 10_000):
            Photo.objects.bulk_create(
                Photo(article=article, image=f"photos/{number}.jpg", width=64, height=48)
                for number in range(start, min(start + 10_000, self.photos))
            )
        return presets

    def select_and_confirm(self, presets: list[int]) -> float:
        """From the list to the job; MiB by which the process grew."""
        self.open("list of photos", "/admin/testapp/photo/")
        before = memory()
        data = {"action": "restyle_selected", "select_across": "1", "_selected_action": ["1"]}
        address = self.open("action: all that match", "/admin/testapp/photo/", data)["Location"]
        page = self.open("confirm page, nothing painted", address)
        seen = re.search(r'name="seen" value="(\w+)"', page.content.decode())
        wanted = {"seen": seen[1], "presets": presets[:1]}
        self.open("sample asked for", f"{address}sample/", wanted)
        self.open("confirm page with its sample", address)
        milliseconds = self.timed("confirmed: selection recorded", lambda: self.client.post(address, wanted))
        self.rates["selection recorded"] = 1000 * self.photos / milliseconds
        grown = memory() - before
        self.job_url = self.client.get(address)["Location"]
        self.open("job page, not planned", self.job_url)
        return grown

    def plan(self) -> None:
        """Every file read and hashed, every variant inserted."""
        from styletransfer.jobs.planning import plan_job
        from styletransfer.models import RestyleJob

        job = RestyleJob.objects.latest("pk")
        begun = time.perf_counter()
        plan_job(job)
        self.rates["planned: read, hashed, inserted"] = self.photos / (time.perf_counter() - begun)

    def finish(self) -> None:
        """All painted, as far as the database knows, but one that failed."""
        from django.db import connection
        from django.db.models.functions import Now

        from styletransfer.models import StyledVariant

        self.open("job page, all waiting", self.job_url)
        self.open("job progress, polled", f"{self.job_url.replace('change/', 'progress/')}")
        ready = {"state": "ready", "width": 64, "height": 48, "finished_at": Now(), "timings": {"paint": 0.1}}
        files = [{"width": 64, "height": 48, "format": "jpeg", "name": "styled/1.jpg", "bytes": 9}]
        StyledVariant.objects.filter(lane="bulk").update(**ready, renditions=files)
        first = StyledVariant.objects.filter(lane="bulk").first()
        StyledVariant.objects.filter(pk=first.pk).update(state="failed", error="The paint was dry.")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        self.open("job page, finished, first look", self.job_url)
        self.open("job page, finished", self.job_url)
        self.open("list of jobs", "/admin/styletransfer/restylejob/")
        self.open("list of variants", "/admin/styletransfer/styledvariant/")

    def review_and_undo(self) -> None:
        """The review, and decisions about everything."""
        review = self.job_url.replace("change/", "review/")
        self.open("review, first look", review)
        self.open("review", review)
        self.open("one picture approved", review, {"act": "approve", "variant": ["7"]})
        self.open("all approved", review, {"act": "approve", "scope": "all"})
        act = self.job_url.replace("change/", "act/")
        self.open("undone", act, {"act": "undo"})
        self.open("brought back", act, {"act": "restore"})
        data = {"action": "restyle_selected", "select_across": "1", "_selected_action": ["1"]}
        address = self.client.post("/admin/testapp/photo/", data)["Location"]
        self.open("confirm page, all painted", address)

    def open(self, label: str, address: str, data: Any = None, *, keep: bool = True) -> Any:
        """Ask for a page, or post to it, and note what it took."""

        def ask() -> None:
            self.answer = self.client.get(address) if data is None else self.client.post(address, data)

        milliseconds = self.timed(label, ask)
        assert self.answer.status_code in (200, 302), (label, self.answer.status_code)
        if not keep:
            del self.pages[label]
        print(f"{label}: {milliseconds:.0f} ms", file=sys.stderr)
        return self.answer

    def timed(self, label: str, work: Callable[[], Any]) -> float:
        """Milliseconds of one piece of work; its SQL statements are counted along."""
        from django.db import connection

        counted = [0]

        def count(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
            counted[0] += 1
            return execute(sql, parameters, many, context)

        with connection.execute_wrapper(count):
            begun = time.perf_counter()
            work()
            milliseconds = 1000 * (time.perf_counter() - begun)
        self.pages[label] = (milliseconds, counted[0])
        return milliseconds


def memory() -> float:
    """The most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
