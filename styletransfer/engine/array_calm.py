"""Calm on arrays, for engines without torch; ``calm.py`` has the reasons and the torch form.

Pictures are (height, width, channels) float32.
"""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.engine.base import Pixels
from styletransfer.engine.control_settings import (
    CELLS,
    CHROMA_RANGE,
    FLAT_LOCAL,
    FLAT_WIDE,
    NEAR_LIGHTNESS,
    PREVIEW_SIDE,
    REACH,
    STRONG_EDGE,
    WIDE_RADIUS,
)
from styletransfer.imaging.colour import rgb_to_lab

Floats = NDArray[np.float32]
STRIP_ROWS = 128


def calmed(photo: Pixels, painted: Pixels, painted_lab: Floats, amount: float) -> Floats:
    """A painting's CIELAB (height, width, 3), brought towards its tone where its photo is flat.

    Args:
        photo: (height, width, 3) uint8.
        painted: the same size.
        painted_lab: CIELAB of ``painted``.
        amount: 0 to 1.
    """
    small_photo, small_painted = _preview(photo), _preview(painted)
    height, width = photo.shape[:2]
    flatness = cv2.resize(flatness_map(small_photo), (width, height), interpolation=cv2.INTER_LINEAR)
    small_labs = (rgb_to_lab(np.rint(small * 255).astype(np.uint8)) for small in (small_photo, small_painted))
    tones = _tones(*small_labs)
    result = painted_lab.copy()
    for start in range(0, height, STRIP_ROWS):
        rows = slice(start, start + STRIP_ROWS)
        tone = _looked_up(tones, rgb_to_lab(photo[rows]))
        result[rows] += amount * flatness[rows][..., None] * (tone - painted_lab[rows])
    return result


def flatness_map(picture: Floats) -> Floats:
    """(height, width): 1 in widely flat areas up to their edges, 0 at edges; ``picture`` is RGB in [0, 1]."""
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    across = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    gradient = np.sqrt((across**2 + down**2).sum(-1))
    energy = np.minimum(gradient, STRONG_EDGE) ** 2
    wide = _falling(np.sqrt(_box_mean(_box_mean(energy, WIDE_RADIUS), WIDE_RADIUS)), *FLAT_WIDE)
    local = _falling(np.sqrt(_box_mean(gradient**2, 1)), *FLAT_LOCAL)
    reached = np.minimum(wide, local)
    neighbours = np.ones((3, 3), np.uint8)
    for _ in range(REACH):
        reached = np.minimum(cv2.dilate(reached, neighbours), local)
    return _box_mean(reached, 1)


def _preview(pixels: Pixels) -> Floats:
    """Averaged copy in [0, 1] whose longer side is at most 256 px."""
    scale = min(1.0, PREVIEW_SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    return np.asarray(small, np.float32) / np.float32(255)


def _box_mean(values: Any, radius: int) -> Floats:
    """Mean over a square, at the borders over what lies inside."""
    side = (2 * radius + 1, 2 * radius + 1)
    total, count = (
        cv2.boxFilter(np.asarray(part, np.float32), -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
        for part in (values, np.ones_like(values))
    )
    mean: Floats = np.asarray(np.maximum(total, 0) / count, np.float32)
    return mean


def _falling(values: Floats, full: float, none: float) -> Floats:
    t = np.clip((none - values) / (none - full), 0, 1)
    falling: Floats = (t * t * (3 - 2 * t)).astype(np.float32)
    return falling


def _tones(photo_lab: Floats, painted_lab: Floats) -> Floats:
    """CIELAB tone for every photo colour, (cells, cells, cells, 3) over b, a and L."""
    lightness = _lightness_curve(photo_lab[..., 0], painted_lab[..., 0])
    position = _grid_position(photo_lab.reshape(-1, 3))
    below = np.clip(np.floor(position), 0, CELLS - 2).astype(np.intp)
    painted = painted_lab.reshape(-1, 3)
    sums = np.zeros((3, CELLS**3))
    for corner in itertools.product((0, 1), repeat=3):
        cell = below + corner
        share = np.clip(1 - np.abs(position - cell), 0, None).prod(1)
        weight = share * np.exp(-0.5 * ((lightness[cell[:, 0]] - painted[:, 0]) / NEAR_LIGHTNESS) ** 2)
        index = (cell[:, 2] * CELLS + cell[:, 1]) * CELLS + cell[:, 0]
        parts = (weight, weight * painted[:, 1], weight * painted[:, 2])
        sums += [np.bincount(index, part, CELLS**3) for part in parts]
    grid = sums.reshape(3, CELLS, CELLS, CELLS)
    near, wide = _grid_mean(grid, 1), _grid_mean(grid, 3)
    all_hues = np.apply_along_axis(np.convolve, 1, grid.mean((1, 2)), np.ones(7) / 7, "same")
    total = near + 1e-3 * wide + 1e-6 * all_hues[:, None, None]
    chroma = total[1:] / np.maximum(total[0], 1e-12)
    return np.stack((np.broadcast_to(lightness, chroma[0].shape), *chroma), -1).astype(np.float32)


def _grid_mean(grid: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Mean over cubes of the last three axes; what lies outside counts as 0."""
    side = 2 * radius + 1
    mean = grid
    for axis in (1, 2, 3):
        border = [(0, 0)] * 4
        border[axis] = (radius, radius)
        padded = np.pad(mean, border)
        shifted = [np.take(padded, range(i, i + CELLS), axis) for i in range(side)]
        mean = np.mean(shifted, 0)
    return mean


def _lightness_curve(photo: Floats, painted: Floats) -> Floats:
    """Tone lightness (cells,) for photo lightness 0 to 100: the painting's range, never steepened."""
    photo_dark, photo_light = np.quantile(photo, [0.02, 0.98])
    dark, light = np.quantile(painted, [0.05, 0.95])
    slope = np.clip((light - dark) / max(photo_light - photo_dark, 1), 0, 1)
    steps = np.linspace(0, 100, CELLS)
    return np.asarray(np.clip(light - slope * (photo_light - steps), 0, 100), np.float32)


def _grid_position(lab: Floats) -> Floats:
    """Grid coordinates in [0, cells - 1] of L, a and b."""
    scale = np.array([100, 2 * CHROMA_RANGE, 2 * CHROMA_RANGE], np.float32)
    scaled = lab / scale + np.array([0, 0.5, 0.5], np.float32)
    return np.asarray(np.clip(scaled, 0, 1) * (CELLS - 1), np.float32)


def _looked_up(tones: Floats, lab: Floats) -> Floats:
    """Tones (rows, width, 3) of the photo's colours, trilinear."""
    position = _grid_position(lab)
    below = np.minimum(position.astype(np.intp), CELLS - 2)
    share = position - below
    result = np.zeros(lab.shape, np.float32)
    for light, a, b in itertools.product((0, 1), repeat=3):
        weight = np.prod(
            [share[..., i] if up else 1 - share[..., i] for i, up in enumerate((light, a, b))], 0
        )
        result += weight[..., None] * tones[below[..., 2] + b, below[..., 1] + a, below[..., 0] + light]
    return result
