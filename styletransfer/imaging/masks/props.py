"""What commonly stands beside a product to dress the scene, and is not for sale: potted plants.

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
_POT_PAINT = np.array([0.5, 1.0, 1.0], np.float32)
_POT_COLOURS = 5
_POT_WIDTHS = (0.12, 0.8)  # of its foliage
_POT_SOLIDITY = 0.7  # of its convex hull that a pot fills, as far as leaves let it be seen
_POT_HEIGHT = 0.9  # of its foliage, that a pot may reach below it


def staging_plants(lab: Floats, difference: Floats) -> Floats:
    """How much to discount each pixel as a plant's foliage or its pot, (height, width), 0 or 1.

    All zero when little else in the picture stands out: then the plant, or the green jacket, is the product.

    Args:
        lab: (height, width, 3) CIELAB.
        difference: (height, width) unlikeness to the background.
    """
    foliage = _foliage(lab)
    if not foliage.any():
        return foliage
    plants = np.maximum(foliage, _pots(lab, foliage, difference))
    salient = np.maximum(difference - float(np.percentile(difference, 70)), 0)
    rest = float(salient[plants == 0].sum())
    return plants if rest >= _LEAST_REST * float(salient.sum()) else np.zeros_like(plants)


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


def _pots(lab: Floats, foliage: Floats, difference: Floats) -> Floats:
    """1 on what carries each group of foliage: a solid thing of one paint right under its middle."""
    pots = np.zeros_like(foliage)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(foliage.astype(np.uint8), connectivity=8)
    floor = float(np.percentile(difference, 60))
    for index in range(1, count):
        left, top, width, height = (int(value) for value in boxes[index, :4])
        rows = slice(top + height // 2, min(foliage.shape[0], top + round((1 + _POT_HEIGHT) * height)))
        columns = slice(left, left + width)
        open_to_pot = (foliage[rows, columns] == 0) & (difference[rows, columns] > floor)
        leaves = cv2.dilate((labels[rows, columns] == index).astype(np.uint8), np.ones((5, 5), np.uint8))
        window = pots[rows, columns]
        window[_pot_in(lab[rows, columns], open_to_pot, leaves > 0, width)] = 1
    return pots


def _pot_in(
    lab: Floats, candidates: NDArray[np.bool_], leaves: NDArray[np.bool_], width: int
) -> NDArray[np.bool_]:
    """The pot among the candidate pixels of a window as wide as the foliage; empty when there is none."""
    found = np.zeros(candidates.shape, bool)
    paint = (lab * _POT_PAINT)[candidates]
    if len(paint) < 20 * _POT_COLOURS:
        return found
    cv2.setRNGSeed(5)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    start = np.zeros((len(paint), 1), np.int32)
    _, colours, _ = cv2.kmeans(paint, _POT_COLOURS, start, criteria, 1, cv2.KMEANS_PP_CENTERS)
    coloured = np.full(candidates.shape, -1, np.int32)
    coloured[candidates] = colours.ravel()
    for colour in range(_POT_COLOURS):
        same = cv2.morphologyEx((coloured == colour).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))
        count, labels, boxes, centres = cv2.connectedComponentsWithStats(same, connectivity=8)
        for index in range(1, count):
            share, middle = boxes[index, cv2.CC_STAT_WIDTH] / width, centres[index][0] / width
            if not (_POT_WIDTHS[0] < share < _POT_WIDTHS[1] and 0.25 < middle < 0.75):
                continue
            part = labels == index
            if (part & leaves).any() and _is_solid(part):
                found |= part
    return cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


def _is_solid(part: NDArray[np.bool_]) -> bool:
    """Whether a part fills most of its convex hull, as pots do and the gaps between leaves do not."""
    points = cv2.findNonZero(part.astype(np.uint8))
    hull = cv2.contourArea(cv2.convexHull(points))
    return bool(part.sum() > _POT_SOLIDITY * hull)
