"""What commonly stands beside a product to dress the scene, and is not for sale: plants.

Nothing in colours and edges tells a side table from the palm next to it. But plants are the usual dressing of
furniture and home photos, and foliage is easy to know: green, full of light and dark within a leaf's width,
and deeply notched in outline.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LEAST_REST = 0.12
_LEAST_SHARE = 0.008  # of the picture
_LEAST_FRONDS = 4
_NOTCH = 0.1  # of the square root of the area
_LEAST_DETAIL = 3.5  # L*
_MOST_LIGHTNESS = 65.0  # L*
_LEAST_CHROMA = 14.0
_LEAST_SATURATION = 0.42  # chroma per lightness


def staging_plants(lab: Floats, difference: Floats) -> Floats:
    """How much to discount each pixel as a plant's foliage, (height, width), 0 or 1.

    All zero when little else in the picture stands out: then the plant, or the green jacket, is the product.

    Args:
        lab: (height, width, 3) CIELAB.
        difference: (height, width) unlikeness to the background.
    """
    foliage = _foliage(lab)
    if not foliage.any():
        return foliage
    salient = np.maximum(difference - float(np.percentile(difference, 70)), 0)
    rest = float(salient[foliage == 0].sum())
    if rest < _LEAST_REST * float(salient.sum()):
        return np.zeros_like(foliage)
    return foliage


def _foliage(lab: Floats) -> Floats:
    """1 on groups of green pixels that are ragged in outline and full of light and dark, else 0."""
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    hue, chroma = np.degrees(np.arctan2(b, a)), np.hypot(a, b)
    green = ((hue > 95) & (hue < 170) & (chroma > 6)).astype(np.uint8)
    side = max(lab.shape[:2])
    reach = np.ones((2 * max(1, round(0.008 * side)) + 1,) * 2, np.uint8)
    grouped = cv2.morphologyEx(green, cv2.MORPH_CLOSE, reach)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(grouped, connectivity=8)
    detail = np.abs(lightness - cv2.GaussianBlur(lightness, (0, 0), 0.01 * side))
    foliage = np.zeros(lightness.shape, np.float32)
    for index in range(1, count):
        if statistics[index, cv2.CC_STAT_AREA] < _LEAST_SHARE * green.size:
            continue
        group = labels == index
        if _is_leafy(lightness[group], chroma[group], detail[group]) and _fronds(group) >= _LEAST_FRONDS:
            foliage[group] = 1
    return cv2.dilate(foliage, reach).astype(np.float32)


def _is_leafy(lightness: Floats, chroma: Floats, detail: Floats) -> bool:
    """Whether a group of green pixels has the depth of colour of leaves; pale cloth does not."""
    tone, colour = float(np.median(lightness)), float(np.median(chroma))
    deep = tone < _MOST_LIGHTNESS and colour > _LEAST_CHROMA and colour > _LEAST_SATURATION * tone
    return deep and float(detail.mean()) > _LEAST_DETAIL


def _fronds(group: NDArray[np.bool_]) -> int:
    """How many deep notches the outline of a group of pixels has: between leaves, there are many."""
    outlines, _ = cv2.findContours(group.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    if len(outline) < 8:
        return 0
    hull = cv2.convexHull(outline, returnPoints=False)
    defects = cv2.convexityDefects(outline, -np.sort(-hull, axis=0))
    depth = (
        np.asarray(defects if defects is not None else [], np.float32).reshape(-1, 4)[:, 3] / 256
    )  # OpenCV 4 and 5 shape it differently
    return int((depth > _NOTCH * np.sqrt(group.sum())).sum())
