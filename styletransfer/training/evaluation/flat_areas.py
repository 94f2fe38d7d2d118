"""What a painter does to flat areas: lightness that is swapped or blotchy, noise, and halos.

A photo is cut into square windows of 1/32 of its longer side. A window is *flat* where the mean lightness
gradient, after a Gaussian of sigma 1 px, is below ``FLAT_GRADIENT`` (L of CIELAB per px): studio background,
plain cloth, a wall. Let p be the photo's and q the painting's mean lightness of each flat window.

* ``flat_lightness``: Pearson's correlation of p and q over the flat windows. 1 where lighter areas stay
  lighter in proportion; it falls with every area that is swapped between light and dark, and with blotches,
  which give one p many q. Undefined (nan) where the flat windows have no range of lightness of their own:
  fewer than ``ENOUGH_WINDOWS``, or a standard deviation of p below ``ENOUGH_RANGE``.
* ``flat_blotches``: standard deviation in L of what the line q = a p + b leaves unexplained. Needs no range.
* ``flat_noise``: mean standard deviation in L inside the flat windows: grain and mosaic where the photo has
  none.
* ``halo``: beside strong edges whose surroundings are flat in the photo, how far in L the rim (2 to 5 px from
  the edge) differs from the area behind it (8 to 14 px), in the painting beyond what it does in the photo.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from styletransfer.training.evaluation.structure import Lightness, PictureFacts, correlation

WINDOW_SHARE = 1 / 32
FLAT_GRADIENT = 0.8
ENOUGH_WINDOWS = 12
ENOUGH_RANGE = 4.0

EDGE_GRADIENT = 6.0  # L per px of a strong edge, after the same Gaussian
RIM, BEHIND = (2, 6), (8, 15)  # distances from the edge in px
FLAT_BEHIND = 3.0  # largest standard deviation in L of the photo beyond the rim's start

Windows = NDArray[np.float32]


def flat_measures(photo: PictureFacts, painted: PictureFacts) -> dict[str, float]:
    """``flat_lightness``, ``flat_blotches``, ``flat_noise`` and ``halo``, as the module's text defines them.

    A measure is nan where the photo has nothing to judge it by.
    """
    flat = flat_windows(photo)
    p, q = (window_means(facts.lightness)[flat] for facts in (photo, painted))
    return {
        "flat_lightness": _lightness_correlation(p, q),
        "flat_blotches": _unexplained(p, q),
        "flat_noise": _noise(painted.lightness, flat),
        "halo": halo(photo, painted),
    }


def flat_windows(photo: PictureFacts) -> NDArray[np.bool_]:
    """Which windows (rows, columns) of a photo are flat."""
    return window_means(photo.steepness) < FLAT_GRADIENT


def window_means(values: Lightness) -> Windows:
    """Means (rows, columns) of square windows; rows and columns that do not fill one are left out."""
    means: Windows = _windows(values).mean((1, 3))
    return means


def _windows(values: Lightness) -> NDArray[np.float32]:
    """(rows, side, columns, side) view of square windows."""
    side = max(4, round(max(values.shape) * WINDOW_SHARE))
    rows, columns = values.shape[0] // side, values.shape[1] // side
    return values[: rows * side, : columns * side].reshape(rows, side, columns, side)


def _lightness_correlation(photo: Windows, painted: Windows) -> float:
    if len(photo) < ENOUGH_WINDOWS or photo.std() < ENOUGH_RANGE:
        return math.nan
    return correlation(photo, painted)


def _unexplained(photo: Windows, painted: Windows) -> float:
    if len(photo) < ENOUGH_WINDOWS:
        return math.nan
    explained = correlation(photo, painted) ** 2 if photo.std() > 0.1 else 0.0
    return float(painted.std()) * math.sqrt(max(0.0, 1 - explained))


def _noise(painted: Lightness, flat: NDArray[np.bool_]) -> float:
    return float(_windows(painted).std((1, 3))[flat].mean()) if flat.any() else math.nan


def halo(photo: PictureFacts, painted: PictureFacts) -> float:
    """Mean rim contrast in L that the painting adds beside strong edges; nan without such edges."""
    rims_photo, rims_painted = [], []
    rows, columns = np.nonzero(photo.edges & (photo.steepness > EDGE_GRADIENT))
    across, down = (part[rows, columns] for part in photo.gradient)
    length = np.hypot(across, down)
    for side in (1, -1):
        step = side * down / length, side * across / length
        profile = _profiles(photo.lightness, rows, columns, step)
        clear = profile.std(1) < FLAT_BEHIND  # never where the profile leaves the picture: nan
        rims_photo.append(_rim(profile[clear]))
        rims_painted.append(_rim(_profiles(painted.lightness, rows, columns, step)[clear]))
    before, after = np.concatenate(rims_photo), np.concatenate(rims_painted)
    return float(np.abs(after).mean() - np.abs(before).mean()) if len(after) else math.nan


def _profiles(
    lightness: Lightness,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    step: tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]],
) -> NDArray[np.float32]:
    """Lightness (edges, distances) along the gradient, from the rim's start on; nan outside the picture."""
    distances = np.arange(RIM[0], BEHIND[1])
    y = np.rint(rows[:, None] + step[0][:, None] * distances).astype(np.intp)
    x = np.rint(columns[:, None] + step[1][:, None] * distances).astype(np.intp)
    inside = (y >= 0) & (y < lightness.shape[0]) & (x >= 0) & (x < lightness.shape[1])
    values = lightness[np.where(inside, y, 0), np.where(inside, x, 0)]
    profile: NDArray[np.float32] = np.where(inside, values, np.float32(np.nan))
    return profile


def _rim(profiles: NDArray[np.float32]) -> NDArray[np.float32]:
    start = RIM[0]
    near = profiles[:, : RIM[1] - start].mean(1)
    behind = profiles[:, BEHIND[0] - start :].mean(1)
    difference: NDArray[np.float32] = near - behind
    return difference
