"""Noise, directions and warps: what gives a medium its irregularity."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def noise(rng: np.random.Generator, shape: tuple[int, int], scale: float, octaves: int = 4) -> Field:
    """Fractal noise (height, width) in [0, 1]; ``scale`` is the size in px of its largest features."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cell = max(1.0, scale / 2**octave)
        size = (int(np.ceil(width / cell)) + 3, int(np.ceil(height / cell)) + 3)
        grid = rng.random((size[1], size[0]), np.float32)
        enlarged = cv2.resize(grid, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)
        top, left = (int(rng.integers(0, max(1, enlarged.shape[i] - shape[i]))) for i in (0, 1))
        total += enlarged[top : top + height, left : left + width] * np.float32(0.5**octave)
    return stretched(total)


def stretched(values: Field, low: float = 1, high: float = 99) -> Field:
    """Values brought to [0, 1] between two percentiles."""
    bottom, top = np.percentile(values, [low, high])
    scaled: Field = np.clip((values - bottom) / max(top - bottom, 1e-6), 0, 1).astype(np.float32)
    return scaled


def clipped(values: Any) -> Field:
    """Values within [0, 1] as float32."""
    within: Field = np.clip(values, 0, 1).astype(np.float32)
    return within


def blurred(values: Field, sigma: float) -> Field:
    """Gaussian blur; sigma in px."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32) if sigma > 0 else values


def flow_angle(grey: Field, smoothness: float = 5.0) -> Field:
    """Direction (height, width) in radians along the edges of a grey picture.

    The eigenvector of the smoothed structure tensor (Kang 2009, https://doi.org/10.1109/TVCG.2008.81).
    """
    across = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3), np.float32)
    down = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3), np.float32)
    xx, yy, xy = (blurred(product, smoothness) for product in (across**2, down**2, across * down))
    angle: Field = (0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2).astype(np.float32)
    return angle


def swirling_angle(rng: np.random.Generator, shape: tuple[int, int], count: int = 5) -> Field:
    """Direction in radians of a flow round a few random centres."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    across, down = (np.full(shape, value, np.float32) for value in rng.normal(0, 0.3, 2))
    for _ in range(count):
        centre_y, centre_x = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        reach, turn = rng.uniform(0.12, 0.4) * shape[0], rng.choice([-1, 1])
        offset_y, offset_x = y - centre_y, x - centre_x
        weight = np.exp(-(offset_y**2 + offset_x**2) / (2 * reach**2)) * turn / reach * 2
        across, down = across - weight * offset_y, down + weight * offset_x
    angle: Field = np.arctan2(down, across).astype(np.float32)
    return angle


def streaks(values: Field, angle: Field, length: int = 12) -> Field:
    """Line integral convolution (Cabral 1993, https://doi.org/10.1145/166117.166151) along a direction."""
    y, x = np.mgrid[0 : values.shape[0], 0 : values.shape[1]].astype(np.float32)
    total = values.copy()
    for turn in (1, -1):
        at_x, at_y = x.copy(), y.copy()
        step_x, step_y = np.cos(angle) * turn, np.sin(angle) * turn
        for _ in range(length):
            along_x, along_y = (sampled(part, at_x, at_y) for part in (np.cos(angle), np.sin(angle)))
            # A direction has no sign: keep going the way one came.
            sign = np.where(along_x * step_x + along_y * step_y < 0, -1, 1).astype(np.float32)
            step_x, step_y = along_x * sign, along_y * sign
            at_x, at_y = at_x + step_x, at_y + step_y
            total = total + sampled(values, at_x, at_y)
    return total / np.float32(2 * length + 1)


def sampled(values: Field, x: Field, y: Field) -> Field:
    """Values at other places, bilinear, mirrored at the borders."""
    found = cv2.remap(
        values, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(found, np.float32)


def warped(picture: Field, rng: np.random.Generator, amount: float, scale: float) -> Field:
    """A picture pushed about by up to ``amount`` px with features of ``scale`` px: a shaking hand."""
    shape = (picture.shape[0], picture.shape[1])
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    push_x, push_y = ((noise(rng, shape, scale, 2) - 0.5) * 2 * amount for _ in range(2))
    return sampled(picture, x + push_x, y + push_y)


def smoothed_regions(picture: Field, radius: int) -> Field:
    """Flat regions with clean edges: the mean of the calmest of eight sectors (after Kuwahara 1976)."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = np.hypot(y, x) <= radius + 0.5
    grey = picture.mean(-1)
    best = np.full(grey.shape, np.inf, np.float32)
    result = np.zeros_like(picture)
    for turn in np.arange(8) * np.pi / 4:
        ahead = np.cos(np.arctan2(y, x) - turn) > np.cos(np.pi / 4)
        sector = (inside & ahead).astype(np.float32)
        sector[radius, radius] = 1
        sector /= sector.sum()
        mean = np.asarray(cv2.filter2D(picture, -1, sector), np.float32)
        variance = cv2.filter2D(grey**2, -1, sector) - cv2.filter2D(grey, -1, sector) ** 2
        calmer = variance < best
        best, result = np.where(calmer, variance, best), np.where(calmer[..., None], mean, result)
    return result


def lines_of(grey: Field, sigma: float, sharpness: float = 18, threshold: float = 0.4) -> Field:
    """Ink (height, width) in [0, 1] along the dark sides of edges, nothing inside dark areas.

    Difference of Gaussians (Marr & Hildreth 1980), steepened and cut off at ``threshold``.
    """
    difference = blurred(grey, 1.6 * sigma) - blurred(grey, sigma)
    ink: Field = np.clip((sharpness * difference - threshold) * 3, 0, 1).astype(np.float32)
    return ink
