"""From a family's name and a number to an artwork."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from styletransfer.engine.base import Pixels
from styletransfer.training.synthetic_styles.abstracts import abstract
from styletransfer.training.synthetic_styles.brushed import dabs, oil, pastel, watercolour
from styletransfer.training.synthetic_styles.fields import Field
from styletransfer.training.synthetic_styles.mosaics import mosaic
from styletransfer.training.synthetic_styles.motifs import motif
from styletransfer.training.synthetic_styles.printed import cel, ink, pencil, pop

SIDE = 384
PHOTO_SHARE = 0.5

FAMILIES: Mapping[str, Callable[[Field, np.random.Generator], Field]] = {
    "oil": oil,
    "dabs": dabs,
    "watercolour": watercolour,
    "cel": cel,
    "pencil": pencil,
    "ink": ink,
    "pop": pop,
    "mosaic": mosaic,
    "pastel": pastel,
    "abstract": abstract,
}

# An artwork below these says nothing about a style: almost black, or almost of one colour.
LEAST_MEAN = 45.0
LEAST_DEVIATION = 24.0
TRIES = 4


def artwork(family: str, number: int, seed: int = 0, photos: Sequence[Path] = (), side: int = SIDE) -> Pixels:
    """The artwork (side, side, 3) uint8 of a family with a number; the same arguments give the same pixels.

    Args:
        family: one of ``FAMILIES``.
        number: 0 or more.
        seed: of the whole collection.
        photos: files that may serve as motifs.
        side: in px.

    Raises:
        KeyError: there is no such family.
        ImageRefusedError: a photo cannot be read.
    """
    paint = FAMILIES[family]
    pixels = np.zeros((side, side, 3), np.uint8)
    for attempt in range(TRIES):
        rng = np.random.default_rng((zlib.crc32(family.encode()), number, seed, attempt))
        picture = paint(motif(rng, side, photos, PHOTO_SHARE), rng)
        pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        if pixels.mean() >= LEAST_MEAN and pixels.std() >= LEAST_DEVIATION:
            break
    return pixels


def save_artwork(folder: Path, seed: int, photos: Sequence[Path], side: int, job: tuple[str, int]) -> None:
    """Paint one (family, number) into ``folder`` as FAMILY_NUMBER.webp; what a worker process runs."""
    family, number = job
    picture = Image.fromarray(artwork(family, number, seed, photos, side))
    picture.save(folder / f"{family}_{number:04}.webp", quality=92)
