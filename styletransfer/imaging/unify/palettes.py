"""Palettes as a few hundred numbers: small enough to keep for every picture of a catalogue.

The colours of a picture are projected on twelve directions in CIELAB and each distribution is kept as 32
quantiles. The mean absolute difference of quantiles is the Wasserstein-1 distance of two distributions, so
``palette_distance`` is ``style_distance.colour_distance`` to within the step of the quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.imaging.filters import shrink
from styletransfer.imaging.style_distance import DIRECTIONS

QUANTILES = 32
SIDE = 256
MOST_COMPARED = 300

Palette = NDArray[np.int16]


def palette_of(pixels: NDArray[np.uint8], alpha: NDArray[np.float32] | None = None) -> Palette:
    """Colours of a picture, or of its subject where alpha is high: (12, 32) int16, tenths of a CIELAB unit.

    A mask that shows nothing is ignored.
    """
    lab = rgb_to_lab(shrink(np.ascontiguousarray(pixels[..., :3]), SIDE))
    colours = lab.reshape(-1, 3)
    if alpha is not None:
        rows = np.linspace(0, alpha.shape[0] - 1, lab.shape[0]).round().astype(int)
        columns = np.linspace(0, alpha.shape[1] - 1, lab.shape[1]).round().astype(int)
        inside = alpha[rows[:, None], columns].ravel() > 0.5
        colours = colours[inside] if inside.sum() >= QUANTILES else colours
    shares = (np.arange(QUANTILES) + 0.5) / QUANTILES
    found = np.quantile(colours @ DIRECTIONS, shares, axis=0).T
    palette: Palette = np.rint(10 * found).clip(-32768, 32767).astype(np.int16)
    return palette


def palette_distance(first: Palette, second: Palette) -> float:
    """Sliced Wasserstein-1 distance between two palettes, in CIELAB units."""
    return float(np.abs(first.astype(np.float64) - second).mean() / 10)


def palette_spread(palettes: Sequence[Palette]) -> float | None:
    """Mean distance over all pairs; None for fewer than two. Of very many, an even sample is compared."""
    if len(palettes) < 2:
        return None
    step = max(1, -(-len(palettes) // MOST_COMPARED))
    return float(np.mean([palette_distance(*pair) for pair in combinations(palettes[::step], 2)]))
