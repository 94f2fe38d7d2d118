"""Does one preset give a catalogue one palette? The spread of palettes by whose statistics are used.

    python benchmarks/consistency.py --catalogue shop/catalogue [--side 384] [--sheet FILE]

Every photo is painted in two shipped looks with its own statistics, with those of its subject, and with those
of the collection. The figures are the mean sliced Wasserstein distance (CIELAB units) between the palettes of
two subjects, before and after, and the mean structure kept (SSIM).
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from styletransfer.engine.base import PaintOptions, PaintRequest
from styletransfer.engine.painter_engine import PainterEngine
from styletransfer.imaging.fidelity import ssim
from styletransfer.imaging.masking import find_mask, fitted, from_png, to_png
from styletransfer.imaging.masks.base import create_masker
from styletransfer.imaging.unify.palettes import palette_of, palette_spread

LOOKS = ("watercolour", "oil")
CELL = 200


def main() -> None:
    """Paint and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    photos = [_photo(path, arguments.side) for path in sorted(arguments.catalogue.glob("*.jpg"))]
    masker = create_masker("border")
    masks = [_mask(photo, masker) for photo in photos]
    before = palette_spread([palette_of(*pair) for pair in zip(photos, masks, strict=True)])
    print(f"{len(photos)} photos, spread of the subjects' palettes {before:.2f}")
    engine = PainterEngine()
    shipped = files("styletransfer") / "presets"
    presets = {each["slug"]: each for each in json.loads((shipped / "presets.json").read_text("utf-8"))}
    rows = [photos]
    for slug in LOOKS:
        preset = presets[slug]
        reference = np.asarray(Image.open(str(shipped / preset["references"][0])).convert("RGB"))
        code = engine.style_code([reference])
        names = ("strength", "keep_colours", "calm", "detail")
        options = PaintOptions(**{name: preset[name] for name in names})
        by_subject = replace(options, statistics="subject")
        plain = [
            PaintRequest(photo, code, options, mask=mask) for photo, mask in zip(photos, masks, strict=True)
        ]
        norms = engine.collect_statistics(plain[:: max(1, len(plain) // 16)])
        ways = {
            "picture": plain,
            "subject": [replace(each, options=by_subject) for each in plain],
            "collection": [replace(each, options=by_subject, norms=norms) for each in plain],
        }
        for name, requests in ways.items():
            start = time.process_time()
            painted = [engine.paint([request])[0] for request in requests]
            seconds = (time.process_time() - start) / len(painted)
            spread = palette_spread([palette_of(*pair) for pair in zip(painted, masks, strict=True)])
            kept = np.mean([ssim(*pair) for pair in zip(photos, painted, strict=True)])
            gone = 1 - (spread or 0) / (before or 1)
            print(
                f"{slug:14s} {name:12s} spread {spread:5.2f} ({gone:+.0%})  SSIM {kept:.3f}  {seconds:.2f} s",
                flush=True,
            )
            rows.append(painted)
    if arguments.sheet:
        _sheet(rows).save(arguments.sheet)


def _photo(path: Path, side: int) -> np.ndarray:
    photo = Image.open(path).convert("RGB")
    photo.thumbnail((side, side))
    return np.asarray(photo)


def _mask(photo: np.ndarray, masker: object) -> np.ndarray:
    found = find_mask(photo, masker)  # type: ignore[arg-type]
    alpha = fitted(from_png(to_png(found.alpha)), photo)
    return alpha if found.is_reliable else np.zeros_like(alpha)


def _sheet(rows: list[list[np.ndarray]]) -> Image.Image:
    sheet = Image.new("RGB", (CELL * len(rows[0]), CELL * len(rows)), "grey")
    for down, row in enumerate(rows):
        for along, pixels in enumerate(row):
            tile = Image.fromarray(pixels)
            tile.thumbnail((CELL - 4, CELL - 4))
            sheet.paste(tile, (along * CELL, down * CELL))
    return sheet


if __name__ == "__main__":
    main()
