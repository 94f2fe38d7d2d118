"""``python -m styletransfer.training.synthetic_styles``: fill a folder with artworks made by program."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
from rich.progress import track

from styletransfer.imaging.decode import ImageRefusedError, read_header
from styletransfer.training.synthetic_styles.artworks import FAMILIES, SIDE, save_artwork

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m styletransfer.training.synthetic_styles", description=__doc__
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, help="Folder for the artworks, FAMILY_NUMBER.webp.")
    add("--count", type=int, default=480, help="How many in all (480), the families in turn.")
    add("--families", nargs="+", choices=list(FAMILIES), default=list(FAMILIES), metavar="NAME",
        help=f"Some of: {', '.join(FAMILIES)}.")  # fmt: skip
    add("--photos", type=Path, help="Folder of photos that half of the motifs are taken from.")
    add("--side", type=int, default=SIDE, help=f"Width and height in px ({SIDE}).")
    add("--seed", type=int, default=0, help="Another seed gives another collection.")
    add("--start", type=int, default=0, help="First number, to add to a collection.")
    add("--workers", type=int, help="Processes; as many as there are cores by default.")
    options = parser.parse_args(arguments)
    photos = _usable(options.photos) if options.photos else []
    if options.photos and not photos:
        print(f"{options.photos} holds no readable photo.", file=sys.stderr)  # noqa: T201 - a command's output
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    names = options.families
    jobs = [(names[i % len(names)], options.start + i // len(names)) for i in range(options.count)]
    paint = partial(save_artwork, options.out, options.seed, photos, options.side)
    with ProcessPoolExecutor(
        options.workers, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        for _ in track(pool.map(paint, jobs, chunksize=4), "Painting", len(jobs)):
            pass
    return 0


def _usable(folder: Path) -> list[Path]:
    """Photos of a folder that can be read, in order; the others are named on standard error."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            try:
                read_header(path.read_bytes())
            except ImageRefusedError as error:
                print(f"{path} is left out: {error}", file=sys.stderr)  # noqa: T201
            else:
                found.append(path)
    return found


if __name__ == "__main__":
    sys.exit(main())
