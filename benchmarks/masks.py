"""How well a mask method finds the products of a catalogue, against exact masks.

    python benchmarks/masks.py --catalogue DIR --masks DIR [--method border] [--sheet overlay.png]

Every picture of ``--catalogue`` needs a mask of the same name (PNG, white on black) in ``--masks``. Prints
the intersection over union (IoU) of alpha >= 0.5 for each picture, the mean, what fails, and the seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.masks.base import SubjectMask, create_masker

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif"}
_GOOD = 0.93
_CELL = 256


def main() -> None:
    """Run the comparison and print its table."""
    arguments = _arguments()
    masker = create_masker(arguments.method)
    scores, tiles, seconds = [], [], []
    for path in sorted(p for p in arguments.catalogue.iterdir() if p.suffix.lower() in _SUFFIXES):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        start = time.perf_counter()
        found = masker.mask(pixels)
        seconds.append(time.perf_counter() - start)
        tiles.append(_overlay(pixels, found))
        line = f"{path.stem:32s} confidence {found.confidence:.2f}  {found.method:9s} {seconds[-1]:5.2f} s"
        if arguments.masks:
            truth = np.asarray(Image.open(arguments.masks / f"{path.stem}.png").convert("L")) > 127
            scores.append((path.stem, iou(found.alpha >= 0.5, truth)))
            line += f"  IoU {scores[-1][1]:.3f}"
        print(line)
    print("\n".join(_summary(scores, seconds)))
    if arguments.sheet:
        _contact_sheet(tiles, arguments.columns).save(arguments.sheet)


def iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Intersection over union of two regions; 1 when both are empty."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _summary(scores: list[tuple[str, float]], seconds: list[float]) -> Iterator[str]:
    if scores:
        yield f"mean IoU {np.mean([score for _, score in scores]):.4f} over {len(scores)} pictures"
        failures = sorted((score, name) for name, score in scores if score < _GOOD)
        yield f"below {_GOOD}: " + (", ".join(f"{name} {score:.2f}" for score, name in failures) or "none")
    yield f"seconds: median {np.median(seconds):.2f}, slowest {max(seconds):.2f}"


def _overlay(pixels: NDArray[np.uint8], found: SubjectMask) -> Image.Image:
    """The picture with everything but the subject dimmed and blue."""
    dimmed = pixels * 0.35 + np.array([0, 0, 70])
    alpha = found.alpha[..., None]
    return Image.fromarray((pixels * alpha + dimmed * (1 - alpha)).clip(0, 255).astype(np.uint8))


def _contact_sheet(tiles: list[Image.Image], columns: int) -> Image.Image:
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * _CELL, rows * _CELL), "grey")
    for index, tile in enumerate(tiles):
        tile.thumbnail((_CELL, _CELL))
        sheet.paste(tile, (index % columns * _CELL, index // columns * _CELL))
    return sheet


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogue", type=Path, required=True, help="folder of product photos")
    parser.add_argument("--masks", type=Path, help="folder of exact masks; without it only overlays are made")
    parser.add_argument("--method", default="border", help="border, or module:Class")
    parser.add_argument("--sheet", type=Path, help="where to write a contact sheet of overlays (PNG)")
    parser.add_argument("--columns", type=int, default=6)
    return parser.parse_args()


if __name__ == "__main__":
    main()
