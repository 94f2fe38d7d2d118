"""How sharply the colours change across a region's outline."""

from __future__ import annotations

import cv2
import numpy as np

from styletransfer.imaging.masks.evidence import Bools, Floats

_LIGHTNESS_WEIGHT = np.array([0.8, 1.0, 1.0], np.float32)
_NARROW = 1.5  # px; soft shadows change little within it, outlines of things change fully


def outline_contrast(lab: Floats, region: Bools) -> Floats:
    """Colour step across the outline at each of its pixels off the picture's border, (n,) in CIELAB units."""
    window = window_around(region, margin=6)
    if window is None:
        return np.zeros(0, np.float32)
    outline = outline_of(region)[window]
    inside = region[window].astype(np.float32)
    colours = lab[window] * _LIGHTNESS_WEIGHT
    share = cv2.GaussianBlur(inside, (0, 0), _NARROW)[..., None]
    inner = cv2.GaussianBlur(colours * inside[..., None], (0, 0), _NARROW) / (share + 1e-3)
    outer = cv2.GaussianBlur(colours * (1 - inside[..., None]), (0, 0), _NARROW) / (1 - share + 1e-3)
    steps: Floats = np.sqrt(((inner - outer) ** 2).sum(axis=-1))[outline]
    return steps


def window_around(region: Bools, margin: int) -> tuple[slice, slice] | None:
    """The box around a region (height, width) with a margin in pixels; None when the region is empty."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if not len(rows):
        return None
    return (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + margin + 1),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + margin + 1),
    )


def outline_of(region: Bools) -> Bools:
    """The region's outermost pixels, (height, width), without those at the picture's border."""
    solid = region.astype(np.uint8)
    outline = (solid - cv2.erode(solid, np.ones((3, 3), np.uint8))) > 0
    outline[:2], outline[-2:], outline[:, :2], outline[:, -2:] = False, False, False, False
    return outline
