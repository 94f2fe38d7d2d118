"""The whole way against painting alone: ``python benchmarks/end_to_end.py [--pictures 8] [--batch 1 4]``.

The store's product photos, scaled to ``--side`` pixels, go through the job as in production: planned, read,
decoded, painted, encoded in three widths and three formats, measured and stored, by the embedded worker on an
SQLite file and a local folder. Beside it the engine alone paints the same pixels. "GPU worker" is the paint
lanes by themselves: read, decoded, painted, master stored; encoding can be given to other machines. Stages
overlap in threads, so their seconds add up to more than the time a picture takes.

The defaults suit two processors. With a CUDA GPU:
``--pictures 96 --batch 1 2 4 8 16 --small 256 512 --seconds 0.4 --profile``.
Django, asgiref and sqlparse are needed for the whole way only; without them painting alone is measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HERE = str(Path(__file__).resolve().parent)
# ``import queue`` must mean the standard library's, not the benchmark beside this file.
sys.path[:] = [entry for entry in sys.path if str(Path(entry or ".").resolve()) != HERE]
sys.path.insert(0, str(ROOT))
STAGES = ("read", "decode", "paint", "encode", "measure", "store")


@dataclass
class Through:
    """The whole way in one batch size: pictures a second, and mean seconds a picture by stage."""

    batch: int
    rate: float
    gpu_worker: float
    stages: dict[str, float]


def main() -> None:
    """Measure, print tables and, where asked to, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--side", type=int, default=1024, help="pixels of each side")
    parser.add_argument("--small", type=int, nargs="*", default=[], help="more sides to paint alone")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--through", type=int, nargs="*", help="batches of the whole way; default: all")
    parser.add_argument("--seconds", type=float, default=0.0, help="least time to paint alone, a batch size")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
    parser.add_argument("--precision", default="auto", help="auto, bf16 or fp32")
    parser.add_argument("--profile", action="store_true", help="baseline, closeness and kernels on the GPU")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    figures: dict[str, Any] = alone(options)
    missing = [name for name in ("django", "asgiref", "sqlparse") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"Not installed: {', '.join(missing)}. Only painting alone was measured.")
    else:
        with tempfile.TemporaryDirectory() as folder:
            configure(Path(folder), {"device": options.device, "precision": options.precision})
            preset = fill(options)
            batches = options.batch if options.through is None else options.through
            figures["through"] = [asdict(measure(batch, preset)) for batch in batches]
    report(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def alone(options: argparse.Namespace) -> dict[str, Any]:
    """Painting alone, in the amounts of a new preset and without any; more with ``--profile``."""
    import torch

    from benchmarks import painting_alone as bench
    from styletransfer.engine.device import choose_device, choose_precision
    from styletransfer.engine.painter_engine import PainterEngine

    device = choose_device(options.device)
    figures: dict[str, Any] = {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        "precision": str(choose_precision(device, options.precision)).removeprefix("torch."),
        "torch": torch.__version__,
        "pictures": options.pictures,
        "side": options.side,
    }
    photos = bench.pixels_of(bench.catalogue(min(options.pictures, 32), options.side))
    engine = PainterEngine(device=options.device, precision=options.precision)
    engine.paint([])
    found = bench.rates(
        engine, photos, options.batch, what="calm 0.5", options=bench.PRESET, seconds=options.seconds
    )
    if device.type == "cuda":
        found += bench.rates(
            engine, photos, options.batch, what="no controls", options=bench.PLAIN, seconds=options.seconds
        )
    for side in options.small:
        small = bench.pixels_of(bench.catalogue(min(options.pictures, 32), side))
        found += bench.rates(
            engine, small, options.batch, what="calm 0.5", options=bench.PRESET, seconds=options.seconds
        )
    if options.profile and device.type == "cuda":
        with bench.as_before():
            unfused = PainterEngine(device=options.device, precision=options.precision)
            for what, amounts in (("unfused, calm 0.5", bench.PRESET), ("unfused, no controls", bench.PLAIN)):
                found += bench.rates(
                    unfused, photos, [1, 8], what=what, options=amounts, seconds=options.seconds
                )
        figures["network"] = bench.network_rates(options.side, options.batch)
        figures["psnr_to_fp32"] = bench.closeness(photos[:4])
        figures["kernels"] = bench.profile(photos[:8])
    figures["alone"] = [asdict(each) for each in found]
    return figures


def configure(folder: Path, engine_options: dict[str, str]) -> None:
    """A host project with photos, on an SQLite file and a folder of its own."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        SECRET_KEY="only-for-a-benchmark",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "styletransfer",
            "tests.testapp",
        ],
        MEDIA_ROOT=folder / "media",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "db.sqlite3",
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                },
            }
        },
        STYLETRANSFER={
            "SOURCES": [{"model": "testapp.Photo", "image": "image", "product": "article"}],
            "ENGINE_OPTIONS": {"painter": engine_options},
        },
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


def fill(options: argparse.Namespace) -> Any:
    """Rows and files of the photos; the preset they are painted in, with its style code."""
    from django.core.files.base import ContentFile

    from benchmarks.painting_alone import catalogue
    from styletransfer.jobs.codes import ensure_style_code
    from styletransfer.models import StylePreset, StyleReference
    from styletransfer.testing import photo_file
    from tests.testapp.models import Article, Photo

    article = Article.objects.create(name="Shelf")
    for position, data in enumerate(catalogue(options.pictures, options.side)):
        Photo.objects.create(article=article, image=ContentFile(data, name=f"{position}.jpg"))
    widths = sorted({options.side * 5 // 16, options.side * 5 // 8, options.side})
    preset = StylePreset.objects.create(name="Oil", slug="oil", engine="painter", widths=widths)
    StyleReference(preset=preset, image=photo_file("oil.jpg", width=384, height=384)).save()
    ensure_style_code(preset)
    return preset


def measure(batch: int, preset: Any) -> Through:
    """The whole way in batches of this size, then the paint lanes by themselves."""
    from django.conf import settings
    from django.test import override_settings

    from styletransfer.jobs.worker import Worker, has_open_work
    from styletransfer.models import StyledVariant

    with override_settings(STYLETRANSFER={**settings.STYLETRANSFER, "BATCH_SIZE": batch}):
        warm(preset, batch)
        begun = request(preset)
        Worker().run(until=lambda: not has_open_work())
        done = list(StyledVariant.objects.filter(state="ready"))
        if failed := StyledVariant.objects.exclude(state="ready").first():
            raise SystemExit(failed.error)
        sums: dict[str, float] = defaultdict(float)
        for variant in done:
            for stage, seconds in variant.timings.items():
                sums[stage] += seconds / len(done)
        rate = len(done) / (max(variant.finished_at.timestamp() for variant in done) - begun)
        return Through(batch, rate, paint_lanes(preset), dict(sums))


def warm(preset: Any, batch: int) -> None:
    """Load the engine, which changed settings forget, and let it meet the batch's shape as in a long run."""
    from benchmarks.painting_alone import pixels_of
    from styletransfer.engine.base import PaintRequest
    from styletransfer.jobs.codes import ensure_style_code
    from styletransfer.jobs.engines import exclusive, warm_up
    from tests.testapp.models import Photo

    warm_up("painter")
    code = ensure_style_code(preset)
    files = [photo.image.read() for photo in Photo.objects.all()[:batch]]
    requests = [PaintRequest(pixels, code, preset.paint_options) for pixels in pixels_of(files)]
    with exclusive("painter") as engine:
        for _ in range(3 if is_gpu() else 0):
            engine.paint(requests)


def is_gpu() -> bool:
    """Whether the settings lead to a GPU."""
    from styletransfer.conf import get_settings
    from styletransfer.engine.device import choose_device

    return choose_device(get_settings().engine_options["painter"]["device"]).type == "cuda"


def request(preset: Any) -> float:
    """Ask for every photo from nothing; the time it was asked for."""
    from django.conf import settings

    from styletransfer.jobs.requests import request_restyle
    from styletransfer.models import StyledVariant
    from styletransfer.sources import get_source
    from tests.testapp.models import Photo

    StyledVariant.objects.all().delete()
    for folder in (settings.MEDIA_ROOT / "styled").iterdir():
        if folder.name != "references":
            shutil.rmtree(folder)
    begun = time.time()
    request_restyle(get_source(Photo), Photo.objects.all(), [preset])
    return begun


def paint_lanes(preset: Any) -> float:
    """Pictures a second that a GPU worker reads, decodes, paints and stores as masters, once planned."""
    from styletransfer.jobs.lanes import PAINT_LANES, plan_some
    from styletransfer.jobs.worker import Worker
    from styletransfer.models import StyledVariant

    request(preset)
    while plan_some(PAINT_LANES, 5):
        pass
    queued = StyledVariant.objects.filter(state="queued")
    number, begun = queued.count(), time.perf_counter()
    Worker(("bulk",)).run(until=lambda: not queued.exists())
    return number / (time.perf_counter() - begun)


def report(figures: dict[str, Any]) -> None:
    """Print rates, ratios and stages."""
    print(
        f"{figures['device']}, {figures['precision']}, torch {figures['torch']}, {os.cpu_count()} processors"
    )
    print(f"\n{'painting alone':<24}{'px':>6}{'batch':>7}{'a second':>10}{'gain':>7}{'GPU GiB':>9}")
    first: dict[tuple[str, int], float] = {}
    for row in figures["alone"]:
        one = first.setdefault((row["what"], row["side"]), row["rate"])
        print(
            f"{row['what']:<24}{row['side']:>6}{row['batch']:>7}{row['rate']:>10.2f}"
            f"{row['rate'] / one:>6.2f}x{row['gib']:>9.2f}"
        )
    for batch, rate in figures.get("network", []):
        print(f"{'network, on the GPU':<24}{figures['side']:>6}{batch:>7}{rate:>10.2f}")
    for name, decibels in figures.get("psnr_to_fp32", {}).items():
        print(f"PSNR of fused {name} to plain fp32: {decibels:.1f} dB")
    for name, milliseconds, launches in figures.get("kernels", []):
        print(f"{milliseconds:>9.3f} ms {launches:>5}  {name[:88]}")
    through = figures.get("through", [])
    if through:
        alone_rates = {
            row["batch"]: row["rate"] for row in reversed(figures["alone"]) if row["side"] == figures["side"]
        }
        heads = ["batch", "a second", "gain", "of alone", "GPU worker", *STAGES]
        print("\nend to end\n" + "".join(f"{head:>11}" for head in heads))
        for row in through:
            cells = [
                str(row["batch"]),
                f"{row['rate']:.2f}",
                f"{row['rate'] / through[0]['rate']:.2f}x",
                f"{row['rate'] / alone_rates.get(row['batch'], float('nan')):.0%}",
                f"{row['gpu_worker']:.2f}",
                *(f"{row['stages'].get(stage, 0):.3f}" for stage in STAGES),
            ]
            print("".join(f"{cell:>11}" for cell in cells))


if __name__ == "__main__":
    main()
