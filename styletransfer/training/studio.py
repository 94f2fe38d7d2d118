"""Studio shots made of everyday photos, so that the painter learns what plain backgrounds look like.

Photos that people take at home hardly show white sweeps, gradients and soft shadows, which is what a shop's
photos consist of. Where the subject can be told from its surroundings with confidence, it is put on such a
background:

    python -m styletransfer.training.studio --photos PLACE … --out DIR [--count N] [--seed S]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from styletransfer.imaging.masks.base import create_masker
from styletransfer.imaging.masks.matting import composite, estimate_foreground
from styletransfer.training.holdout import is_held_out_photo, name_hash
from styletransfer.training.pictures import PicturesError, PictureStore, load_pictures

SHORT_SIDE = 288
LEAST_CONFIDENCE = 0.6
COVERAGE = (0.08, 0.75)  # share of the picture that a usable subject takes

Pixels = NDArray[np.uint8]


def studio_shot(photo: Pixels, random: np.random.Generator) -> Pixels | None:
    """``photo`` (height, width, 3) with its subject on a studio background; None where it cannot be told."""
    mask = create_masker("border").mask(photo)
    if mask.confidence < LEAST_CONFIDENCE or not COVERAGE[0] < mask.coverage < COVERAGE[1]:
        return None
    height, width = photo.shape[:2]
    background = _background(height, width, random)
    shade = _shadow(mask.alpha, random)
    shaded = np.round(background * (1 - shade[..., None])).astype(np.uint8)
    return composite(estimate_foreground(photo, mask.alpha), shaded, mask.alpha)


def _background(height: int, width: int, random: np.random.Generator) -> NDArray[np.float32]:
    """White, grey, coloured or graded, (height, width, 3) float32 in [0, 255]."""
    kind = random.random()
    colour = np.full(3, 255.0)
    if kind > 0.35:
        colour = np.full(3, random.uniform(150, 250)) + random.normal(0, 4, 3)
    if kind > 0.65:
        colour = random.uniform(40, 250, 3)
    down = np.linspace(0, 1, height)[:, None] * random.normal(0, 0.1)
    across = np.linspace(-0.5, 0.5, width)[None, :] * random.normal(0, 0.08)
    graded = colour * (1 + down + across)[..., None]
    return np.clip(graded, 0, 255).astype(np.float32)


def _shadow(alpha: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """A soft shadow of the subject, shifted down and aside, (height, width) in [0, 0.5]."""
    spread = random.uniform(4, 18)
    shifted = np.roll(alpha, (round(random.uniform(2, 14)), round(random.normal(0, 8))), (0, 1))
    picture = Image.fromarray(np.round(shifted * 255).astype(np.uint8))
    blurred = np.asarray(picture.filter(ImageFilter.GaussianBlur(spread)), np.float32)
    shade: NDArray[np.float32] = blurred * np.float32(random.uniform(0.05, 0.5) / 255)
    return shade


def _write(out: Path, seed: int, photo: Pixels, name: str) -> bool:
    name = Path(name).stem
    random = np.random.default_rng([seed, name_hash(name) % 2**32])
    shot = studio_shot(photo, random)
    if shot is not None:
        Image.fromarray(shot).save(out / f"studio_{name}.webp", quality=88)
    return shot is not None


def make(store: PictureStore, out: Path, count: int, seed: int, processes: int | None) -> Iterator[bool]:
    """Write up to ``count`` studio shots to ``out``; yields for each photo whether it was usable."""
    out.mkdir(parents=True, exist_ok=True)
    made = 0
    with ProcessPoolExecutor(processes) as pool:
        for start in range(0, len(store), 64):
            batch = range(start, min(start + 64, len(store)))
            photos, names = map(store.picture, batch), (store.names[i] for i in batch)
            for usable in pool.map(partial(_write, out, seed), photos, names):
                made += usable
                yield usable
            if made >= count:
                return


def main() -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m styletransfer.training.studio", description=__doc__)
    parser.add_argument(
        "--photos", nargs="+", type=Path, required=True, help="Folders or tar files of photos."
    )
    parser.add_argument("--out", type=Path, required=True, help="Folder for the new pictures.")
    parser.add_argument("--count", type=int, default=1000, help="How many to make at most.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, help="Default: one a core.")
    options = parser.parse_args()
    try:
        store = load_pictures(options.photos, SHORT_SIDE, lambda name: not is_held_out_photo(name))
    except PicturesError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    results = list(make(store, options.out, options.count, options.seed, options.processes))
    sys.stdout.write(f"{sum(results)} studio shots of {len(results)} photos in {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
