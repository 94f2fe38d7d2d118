"""A list page of 24 products with responsive pictures: ours beside four libraries that make thumbnails.

    python -m benchmarks.delivery [--products 24] [--rounds 15] [--only ours,wagtail]

Peers that are not installed are named and left out: pip install "django-styletransfer[bench]".
Every library shows the same 1200 x 900 JPEG photos in 3 widths and 2 formats (WebP and JPEG), from the same
SQLite database, local files and local-memory cache, with DEBUG off. Times are CPU time, so that other work
on the machine blurs them less; on S3 and Redis every storage and cache call adds a round trip.

Cold is the first render in the process, warm the median of the rounds, each with its queries; "flushed"
empties the cache before every render; "missing" is a page whose variants do not exist yet. Peers make them
within that very request, so for them it is the cold page; ours shows originals, a worker paints.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from benchmarks.delivery_contenders import CONTENDERS, FORMATS, WIDTHS, Contender, Photos


@dataclass
class Cost:
    """CPU milliseconds and round trips of one render."""

    milliseconds: float
    sql: int
    cache: int
    storage: int
    page: str = field(repr=False, default="")

    def __str__(self) -> str:
        return f"{self.milliseconds:,.1f} ms  {self.sql}/{self.cache}/{self.storage}"


def configure(contenders: list[Contender], folder: Path) -> None:
    """One Django for everybody: SQLite in a file, local files, local-memory cache."""
    added = dict.fromkeys(app for contender in contenders for app in contender.apps)
    libraries = {
        "sorl_thumbnail": "sorl.thumbnail.templatetags.thumbnail",
        "easy_thumbnail": "easy_thumbnails.templatetags.thumbnail",
    }
    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        MEDIA_ROOT=folder / "media",
        MEDIA_URL="/media/",
        STATIC_URL="/static/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "db.sqlite3"}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "styletransfer", *added],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "libraries": {
                        key: path for key, path in libraries.items() if find_spec(path.split(".")[0])
                    }
                },
            }
        ],
        WAGTAIL_SITE_NAME="Benchmark",
        WAGTAILADMIN_BASE_URL="http://localhost",
        MIGRATION_MODULES={
            app.rpartition(".")[2]: None for app in ["auth", "contenttypes", "styletransfer", *added]
        }
        | {"wagtailcore": None, "wagtailimages": None, "wagtailadmin": None, "wagtailusers": None}
        | {"wagtaildocs": None},
        STYLETRANSFER={"FORMATS": FORMATS, "ENGINES": {"fake": "styletransfer.testing:FakeEngine"}},
    )
    django.setup()


def make_photos(number: int) -> None:
    """The host's own table and its photos."""
    from django.core.management import call_command
    from django.db import connection, models

    from styletransfer import sources
    from styletransfer.testing import photo_file

    call_command("migrate", run_syncdb=True, verbosity=0)

    class Photo(models.Model):
        image = models.ImageField(upload_to="photos", width_field="width", height_field="height")
        width = models.PositiveIntegerField(null=True)
        height = models.PositiveIntegerField(null=True)
        alt = models.CharField(max_length=80)

        class Meta:
            app_label = "bench"

        def __str__(self) -> str:
            return self.alt

    with connection.schema_editor() as editor:
        editor.create_model(Photo)
    Photos.objects = Photo.objects
    sources.register(Photo, alt="alt")
    for index in range(number):
        file = photo_file(f"{index}.jpg", width=1200, height=900, seed=index)
        Photo.objects.create(image=file, alt=f"Product {index}")


def render(contender: Contender, template: Any) -> Cost:
    """One page: its queryset is made, fetched and rendered."""
    from django.core.cache.backends.locmem import LocMemCache
    from django.core.files.storage import FileSystemStorage
    from django.db import connection
    from django.template import Context
    from django.test.utils import CaptureQueriesContext

    from styletransfer.testing import CACHE_CALLS, STORAGE_CALLS, watch_calls

    cache_calls: list[str] = []
    storage_calls: list[str] = []
    with ExitStack() as stack, CaptureQueriesContext(connection) as queries:
        stack.enter_context(watch_calls(LocMemCache, CACHE_CALLS, cache_calls))
        stack.enter_context(watch_calls(FileSystemStorage, STORAGE_CALLS, storage_calls))
        start = time.process_time()
        page = template.render(Context({"photos": contender.photos()}))
        milliseconds = 1000 * (time.process_time() - start)
    return Cost(milliseconds, len(queries), len(cache_calls), len(storage_calls), page)


def median(costs: list[Cost]) -> Cost:
    """The last render's round trips with the median time of all."""
    last = costs[-1]
    milliseconds = statistics.median(cost.milliseconds for cost in costs)
    return Cost(milliseconds, last.sql, last.cache, last.storage)


def measure(contender: Contender, rounds: int) -> list[Cost | None]:
    """Cold, warm, flushed and missing, and bytes of HTML as a check that pictures were there."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import cache
    from django.template import Template

    def flushed() -> Cost:
        cache.clear()
        ContentType.objects.clear_cache()
        return render(contender, template)

    contender.prepare()
    template = Template(contender.template)
    cold = flushed()
    if cold.page.count("640w") < 24 or cold.page.count("<picture") != len(list(contender.photos())):
        raise SystemExit(f"{contender.name} did not show every picture:\n{cold.page[:2000]}")
    warm = median([render(contender, template) for _ in range(rounds)])
    emptied = median([flushed() for _ in range(rounds)])
    if contender.make_missing is None:
        return [cold, warm, emptied, None]
    contender.make_missing()
    return [cold, warm, emptied, median([flushed() for _ in range(rounds)])]


def main() -> None:
    """Run every contender that is installed and print the table."""
    from rich.console import Console
    from rich.table import Table

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="first words of the contenders to run, by comma")
    options = parser.parse_args()
    console = Console(width=150)
    wanted = tuple(options.only.split(",")) if options.only else ("",)
    contenders = [contender for contender in CONTENDERS if contender.name.startswith(wanted)]
    for contender in contenders:
        if not find_spec(contender.module):
            console.print(
                f"{contender.name}: not installed, left out (pip install 'django-styletransfer\\[bench]')"
            )
    contenders = [contender for contender in contenders if find_spec(contender.module)]
    table = Table(
        title=f"{options.products} pictures, {len(WIDTHS)} widths x {len(FORMATS)} formats; "
        "CPU ms, SQL/cache/storage calls"
    )
    for column in (
        "",
        "cold",
        f"warm, median of {options.rounds}",
        "cache flushed",
        "variants missing",
        "note",
    ):
        table.add_column(column)
    with tempfile.TemporaryDirectory() as folder:
        configure(contenders, Path(folder))
        make_photos(options.products)
        for contender in contenders:
            console.print(f"{contender.name} ...")
            costs = measure(contender, options.rounds)
            table.add_row(contender.name, *(str(cost or "as cold") for cost in costs), contender.note)
    console.print(table)


if __name__ == "__main__":
    main()
