"""How far a picture's look is from a reference picture's look, without any neural network.

Two families of statistics, each blind to where things lie in the picture and to mirror images:

* colour: at half size, the sliced Wasserstein-1 distance between the two colour distributions in CIELAB
  (Bonneel, Rabin, Peyre, Pfister, "Sliced and Radon Wasserstein barycenters of measures", J. Math. Imaging
  and Vision 51, 2015), over a fixed set of directions;
* texture: at each scale of a pyramid, the Wasserstein-1 distance between the distributions of log2
  lightness contrast, and the total variation distance between the contrast-weighted distributions of
  stroke directions.

With W the colour distance and C_s, O_s the contrast and direction distances at scale s,

    distance = (1 - exp(-W / 20) + mean over s of (1 - exp(-C_s / 1)) * 3/4 + O_s * 1/4) / 2

which is 0 for equal pictures and below 1. Compare distances to one and the same reference only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.imaging.filters import Grey, halve, shrink

LONGEST_SIDE = 512
_SCALES = 4
_COLOUR_SCALE = 20.0  # CIELAB units
_CONTRAST_SCALE = 1.0  # octaves of contrast
_DIRECTION_SHARE = 0.25

# Projected colours lie within [-130, 230]; bins of half a CIELAB unit.
_BIN = 0.5
_LOWEST = -250.0
_COLOUR_BINS = 1000

_CONTRAST_BINS = 64
_CONTRAST_BIN = 0.125  # octaves
_ANGLE_BINS = 6


def _directions(count: int) -> NDArray[np.float32]:
    """(3, count) unit vectors spread evenly over a half sphere along a golden spiral."""
    height = (np.arange(count) + 0.5) / count
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    radius = np.sqrt(1 - height**2)
    return np.stack((height, radius * np.cos(angle), radius * np.sin(angle))).astype(np.float32)


DIRECTIONS = _directions(12)
"""(3, 12) unit vectors in CIELAB along which colours are compared."""


@dataclass(frozen=True, eq=False)
class StyleStatistics:
    """All that the distance needs to know of a picture; small, and worth keeping for a reference.

    Attributes:
        colours: (12, 1000) cumulative distribution of colours along each direction.
        contrasts: (4, 64) cumulative distribution of log2 lightness contrast at each scale.
        strokes: (4, 6) share of contrast by stroke direction at each scale.
    """

    colours: NDArray[np.float64]
    contrasts: NDArray[np.float64]
    strokes: NDArray[np.float64]


def style_statistics(pixels: NDArray[np.uint8]) -> StyleStatistics:
    """Statistics of a picture (height, width, 3 or 4) uint8, at 512 px or less on its longest side."""
    lab = rgb_to_lab(shrink(pixels, LONGEST_SIDE))
    return statistics_of_lab(lab)


def statistics_of_lab(lab: NDArray[np.float32]) -> StyleStatistics:
    """Statistics of a CIELAB picture (height, width, 3) whose longest side is 512 px or less."""
    contrasts, strokes = [], []
    lightness = np.ascontiguousarray(lab[..., 0])
    for _ in range(_SCALES):
        contrast, stroke = _texture(lightness)
        contrasts.append(contrast)
        strokes.append(stroke)
        lightness = halve(lightness) if min(lightness.shape) >= 8 else lightness
    return StyleStatistics(_colours(halve(lab)), np.array(contrasts), np.array(strokes))


def style_distance(picture: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """Distance in [0, 1) between the looks of two pictures (height, width, 3 or 4) uint8 of any size."""
    return statistics_distance(style_statistics(picture), style_statistics(reference))


def statistics_distance(first: StyleStatistics, second: StyleStatistics) -> float:
    """``style_distance`` from statistics; the module's text has the formula."""
    colour = 1 - np.exp(-colour_distance(first, second) / _COLOUR_SCALE)
    contrast = 1 - np.exp(-contrast_distances(first, second) / _CONTRAST_SCALE)
    direction = stroke_distances(first, second)
    texture = np.mean((1 - _DIRECTION_SHARE) * contrast + _DIRECTION_SHARE * direction)
    return float((colour + texture) / 2)


def colour_distance(first: StyleStatistics, second: StyleStatistics) -> float:
    """Sliced Wasserstein-1 distance between the colours, in CIELAB units."""
    return float(np.abs(first.colours - second.colours).sum(axis=1).mean() * _BIN)


def contrast_distances(first: StyleStatistics, second: StyleStatistics) -> NDArray[np.float64]:
    """(4,) Wasserstein-1 distances between the contrasts at each scale, in octaves."""
    distances: NDArray[np.float64] = np.abs(first.contrasts - second.contrasts).sum(axis=1) * _CONTRAST_BIN
    return distances


def stroke_distances(first: StyleStatistics, second: StyleStatistics) -> NDArray[np.float64]:
    """(4,) total variation distances in [0, 1] between the stroke directions at each scale."""
    distances: NDArray[np.float64] = np.abs(first.strokes - second.strokes).sum(axis=1) / 2
    return distances


def _colours(lab: NDArray[np.float32]) -> NDArray[np.float64]:
    lightness, a, b = np.ascontiguousarray(lab.reshape(-1, 3).T)
    counts = []
    for along_lightness, along_a, along_b in DIRECTIONS.T / np.float32(_BIN):
        places = along_lightness * lightness + along_a * a + along_b * b - np.float32(_LOWEST / _BIN)
        places = np.clip(places, 0, _COLOUR_BINS - 1).astype(np.intp)
        counts.append(np.bincount(places, minlength=_COLOUR_BINS))
    return np.cumsum(np.array(counts), axis=1) / len(lightness)


def _texture(lightness: Grey) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cumulative distribution of log2(1 + gradient), and shares of gradient by direction.

    Directions are folded into the quarter from horizontal to vertical, so that mirror images agree.
    """
    down = np.abs(lightness[2:, 1:-1] - lightness[:-2, 1:-1]).ravel()
    right = np.abs(lightness[1:-1, 2:] - lightness[1:-1, :-2]).ravel()
    gradient = np.hypot(down, right)
    places = np.minimum(np.log2(1 + gradient) / np.float32(_CONTRAST_BIN), _CONTRAST_BINS - 1)
    counts = np.bincount(places.astype(np.int32), minlength=_CONTRAST_BINS)
    angles = np.arctan2(down, right) * np.float32(_ANGLE_BINS / (np.pi / 2))
    shares = np.bincount(
        np.minimum(angles, _ANGLE_BINS - 1).astype(np.int32), weights=gradient, minlength=_ANGLE_BINS
    )
    total = shares.sum()
    even = np.full(_ANGLE_BINS, 1 / _ANGLE_BINS)
    return np.cumsum(counts) / len(gradient), shares / total if total else even
