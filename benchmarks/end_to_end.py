"""The whole way against painting alone: ``python benchmarks/end_to_end.py [--pictures 8] [--batch 4]``.

The store's product photos, scaled to ``--side`` pixels, go through the job as in production: planned, read,
decoded, painted, encoded in three widths and three formats, measured and stored, by the embedded worker on an
SQLite file and a local folder. Beside it the engine alone paints the same pixels. Both are done in batches
and one by one. Stages overlap in threads, so their seconds add up to more than the time a picture takes.

The defaults suit two processors. With a GPU: ``--pictures 256 --batch 8 16``.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HERE = str(Path(__file__).resolve().parent)
# ``import queue`` must mean the standard library's, not the benchmark beside this file.
sys.path[:] = [entry for entry in sys.path if str(Path(entry or ".").resolve()) != HERE]
sys.path.insert(0, str(ROOT))
STAGES = ("read", "decode", "paint", "encode", "measure", "store")


@dataclass
class Measured:
    """One batch size: pictures a second, and mean seconds a picture by stage."""

    batch: int
    alone: float
    through: float
    stages: dict[str, float]


def main() -> None:
    """Measure every batch size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--side", type=int, default=1024, help="pixels of each side")
    parser.add_argument("--batch", type=int, nargs="+", default=[4], help="beside one by one")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
    parser.add_argument("--precision", default="auto", help="auto, bf16 or fp32")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        configure(Path(folder), {"device": options.device, "precision": options.precision})
        pictures = catalogue(options.pictures, options.side)
        preset = fill(pictures, options.side)
        sizes = sorted({1, *options.batch})
        report(options, [measure(batch, pictures, preset) for batch in sizes])


def configure(folder: Path, engine_options: dict[str, str]) -> None:
    """The test project's settings on an SQLite file and a folder of its own."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.MEDIA_ROOT = folder / "media"
    settings.DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "db.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "ENGINE_OPTIONS": {"painter": engine_options}}
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


def catalogue(number: int, side: int) -> list[bytes]:
    """The store's photos as JPEG files of ``side`` x ``side``; turned each time they come round again."""
    from PIL import Image

    paths = sorted((ROOT / "shop" / "catalogue").glob("*.jpg"))
    pictures = []
    for position in range(number):
        round_, index = divmod(position, len(paths))
        with Image.open(paths[index]) as photo:
            square = photo.convert("RGB").resize((side, side)).rotate(90 * (round_ % 4))
        file = io.BytesIO()
        # The quality differs once all four turns are used, so that no two files are alike.
        square.save(file, "JPEG", quality=max(60, 92 - round_ // 4))
        pictures.append(file.getvalue())
    return pictures


def fill(pictures: list[bytes], side: int) -> Any:
    """Rows and files of the photos; the preset they are painted in, with its style code."""
    from django.core.files.base import ContentFile

    from styletransfer.jobs.codes import ensure_style_code
    from styletransfer.models import StylePreset, StyleReference
    from styletransfer.testing import photo_file
    from tests.testapp.models import Article, Photo

    article = Article.objects.create(name="Shelf")
    for position, data in enumerate(pictures):
        Photo.objects.create(article=article, image=ContentFile(data, name=f"{position}.jpg"))
    widths = sorted({side * 5 // 16, side * 5 // 8, side})
    preset = StylePreset.objects.create(name="Oil", slug="oil", engine="painter", widths=widths)
    StyleReference(preset=preset, image=photo_file("oil.jpg", width=384, height=384)).save()
    ensure_style_code(preset)
    return preset


def measure(batch: int, pictures: list[bytes], preset: Any) -> Measured:
    """Painting alone, then the whole way, in batches of this size."""
    from django.conf import settings
    from django.test import override_settings

    from styletransfer.jobs.codes import ensure_style_code

    with override_settings(STYLETRANSFER={**settings.STYLETRANSFER, "BATCH_SIZE": batch}):
        # First: changed settings forget the engine, and the painting warms the new one up.
        alone = paint_alone(batch, pictures, ensure_style_code(preset), preset.paint_options)
        through, stages = run_job(preset)
    return Measured(batch, alone, through, stages)


def paint_alone(batch: int, pictures: list[bytes], code: Any, options: Any) -> float:
    """Pictures a second of the engine, from pixels to pixels."""
    from styletransfer.engine.base import PaintRequest
    from styletransfer.imaging.decode import decode
    from styletransfer.jobs.engines import exclusive, warm_up

    warm_up("painter")
    requests = [PaintRequest(decode(data).pixels, code, options) for data in pictures]
    with exclusive("painter") as engine:
        if is_gpu():
            # Its first batch of a shape also pays for memory and the choice of kernels.
            engine.paint(requests[:batch])
        begun = time.perf_counter()
        for start in range(0, len(requests), batch):
            engine.paint(requests[start : start + batch])
        return len(requests) / (time.perf_counter() - begun)


def is_gpu() -> bool:
    """Whether the settings lead to a GPU."""
    from styletransfer.conf import get_settings
    from styletransfer.engine.device import choose_device

    return choose_device(get_settings().engine_options["painter"]["device"]).type == "cuda"


def run_job(preset: Any) -> tuple[float, dict[str, float]]:
    """Pictures a second from the request to the last file stored, and mean seconds by stage."""
    from django.conf import settings

    from styletransfer.jobs.requests import request_restyle
    from styletransfer.jobs.worker import Worker, has_open_work
    from styletransfer.models import StyledVariant
    from styletransfer.sources import get_source
    from tests.testapp.models import Photo

    StyledVariant.objects.all().delete()
    for folder in (settings.MEDIA_ROOT / "styled").iterdir():
        if folder.name != "references":
            shutil.rmtree(folder)
    begun = time.time()
    request_restyle(get_source(Photo), Photo.objects.all(), [preset])
    Worker().run(until=lambda: not has_open_work())
    done = list(StyledVariant.objects.filter(state="ready"))
    if len(done) < Photo.objects.count():
        raise SystemExit(StyledVariant.objects.exclude(state="ready").values_list("error", flat=True)[0])
    sums: dict[str, float] = defaultdict(float)
    for variant in done:
        for stage, seconds in variant.timings.items():
            sums[stage] += seconds / len(done)
    return len(done) / (max(variant.finished_at.timestamp() for variant in done) - begun), sums


def report(options: argparse.Namespace, found: list[Measured]) -> None:
    """Print rates, ratios and stages."""
    from rich.console import Console
    from rich.table import Table

    from styletransfer.engine.device import choose_device, choose_precision

    device = choose_device(options.device)
    precision = str(choose_precision(device, options.precision)).removeprefix("torch.")
    title = f"{options.pictures} pictures of {options.side} px on {device}, {precision}"
    table = Table("batch", "painting alone", "gain", "end to end", "gain", "end to end / alone", title=title)
    one = found[0]
    for each in found:
        table.add_row(
            str(each.batch),
            f"{each.alone:.2f}/s",
            f"{each.alone / one.alone:.2f}x",
            f"{each.through:.2f}/s",
            f"{each.through / one.through:.2f}x",
            f"{each.through / each.alone:.0%}",
        )
    stages = Table("batch", *STAGES, title="mean seconds a picture by stage")
    for each in found:
        stages.add_row(str(each.batch), *(f"{each.stages.get(stage, 0):.3f}" for stage in STAGES))
    console = Console()
    console.print(table)
    console.print(stages)


if __name__ == "__main__":
    main()
