"""Does a set of pictures look like one set? Mean pairwise distances, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.style_distance import (
    StyleStatistics,
    colour_distance,
    statistics_distance,
    style_statistics,
)


@dataclass(frozen=True)
class SetConsistency:
    """How alike the pictures of a set are; 0 means all the same.

    Attributes:
        colour: mean sliced Wasserstein-1 distance between palettes, in CIELAB units.
        style: mean style distance (palette, contrast and strokes), in [0, 1).
        pictures: how many there are.
    """

    colour: float
    style: float
    pictures: int


@dataclass(frozen=True)
class ConsistencyChange:
    """What a treatment did to a set.

    Attributes:
        before: of the photos.
        after: of the results.
    """

    before: SetConsistency
    after: SetConsistency

    @property
    def colour_reduction(self) -> float:
        """Share of the palette distance that is gone; negative when the set got less alike."""
        return reduction(self.before.colour, self.after.colour)

    @property
    def style_reduction(self) -> float:
        """Share of the style distance that is gone; negative when the set got less alike."""
        return reduction(self.before.style, self.after.style)


def reduction(before: float, after: float) -> float:
    """1 - after / before: the share of a spread that is gone; 0 when there was none before."""
    return 1 - after / before if before > 0 else 0.0


def set_consistency(pictures: Sequence[NDArray[np.uint8]]) -> SetConsistency:
    """Mean distance over all pairs of a set of pictures (height, width, 3 or 4) uint8 of any sizes.

    Raises:
        ValueError: fewer than two pictures.
    """
    return consistency_of_statistics([style_statistics(picture) for picture in pictures])


def consistency_of_statistics(statistics: Sequence[StyleStatistics]) -> SetConsistency:
    """``set_consistency`` from statistics that were measured one picture at a time."""
    if len(statistics) < 2:
        raise ValueError("consistency needs at least two pictures")
    pairs = list(combinations(statistics, 2))
    return SetConsistency(
        colour=float(np.mean([colour_distance(*pair) for pair in pairs])),
        style=float(np.mean([statistics_distance(*pair) for pair in pairs])),
        pictures=len(statistics),
    )


def consistency_change(
    before: Sequence[NDArray[np.uint8]], after: Sequence[NDArray[np.uint8]]
) -> ConsistencyChange:
    """How much more alike a set became; the two sequences need not have the same length."""
    return ConsistencyChange(set_consistency(before), set_consistency(after))
