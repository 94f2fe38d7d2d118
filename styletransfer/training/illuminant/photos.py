"""Photos and the masks of their subjects, small, in two arrays: what lit scenes are made of."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.masks.base import create_masker
from styletransfer.imaging.unify.illuminant_network import SIDE
from styletransfer.training.holdout import is_held_out_photo, name_hash
from styletransfer.training.pictures import load_pictures
from styletransfer.training.studio import SHORT_SIDE


@dataclass(frozen=True, eq=False)
class MaskedPhotos:
    """Photos with their subjects.

    Attributes:
        pixels: (count, SIDE, SIDE, 3) uint8 sRGB, squeezed to squares.
        alpha: (count, SIDE, SIDE) uint8, 255 where the subject is; 0 where it could not be told.
        held_out: (count,) whether a photo is for judging only.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    held_out: NDArray[np.bool_]


def masked_photos(places: Sequence[Path], count: int, kept: Path) -> MaskedPhotos:
    """Read up to ``count`` photos, find their subjects, and keep the result in ``kept`` for the next run.

    Raises:
        PicturesError: there is no readable picture.
    """
    if kept.exists():
        with np.load(kept) as arrays:
            return MaskedPhotos(arrays["pixels"], arrays["alpha"], arrays["held_out"])
    store = load_pictures(places, SHORT_SIDE)
    chosen = sorted(range(len(store)), key=lambda index: name_hash(store.names[index]))[:count]
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(_small, [store.picture(index) for index in chosen], chunksize=16))
    photos = MaskedPhotos(
        np.stack([pixels for pixels, _ in found]),
        np.stack([alpha for _, alpha in found]),
        np.array([is_held_out_photo(store.names[index]) for index in chosen]),
    )
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(kept, pixels=photos.pixels, alpha=photos.alpha, held_out=photos.held_out)
    return photos


def _small(photo: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    mask = create_masker("border").mask(photo)
    alpha = mask.alpha if mask.is_reliable else np.zeros(photo.shape[:2], np.float32)
    grey = Image.fromarray(np.rint(alpha * 255).astype(np.uint8))
    return (
        np.asarray(Image.fromarray(photo).resize((SIDE, SIDE), Image.Resampling.BOX)),
        np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX)),
    )
