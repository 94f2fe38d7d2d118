"""From a map of differences to a region: which blobs belong together, and which holes are no holes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.masks.evidence import Bools, Floats, main_colours
from styletransfer.imaging.masks.outline import outline_contrast, window_around

_SPECK_PIXELS = 6
_LEAST_HOLE = 0.01
_FEWEST_OUTSIDE = 30
_COMPANION_SHARE = 0.35
_STACKED_SHARE = 0.02
_MOST_SUBJECTS = 3
UPPER = 0.45
_HANGING = 0.1  # what ends above the middle is a picture on the wall or a lamp above
_PAINT_WEIGHTS = np.array([0.3, 1.0, 1.0], np.float32)  # light differs from shoe to shoe, paint does not
_LEAST_PROMINENCE = 0.15


@dataclass(frozen=True, eq=False)
class Blobs:
    """Connected groups of pixels; index 0 is the background.

    Attributes:
        labels: (height, width) int32.
        boxes: (count, 4) left, top, width, height in pixels.
        border: (count,) pixels of each group on the picture's border.
        score: (count,) how likely each is the subject: salient, large, central, not cut by the border.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.int32]
    border: NDArray[np.int64]
    score: NDArray[np.float64]


def disc(radius: int) -> NDArray[np.uint8]:
    """(2 radius + 1) square structuring element with a disc in it."""
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def centre_weight(height: int, width: int, sigma: float) -> Floats:
    """(height, width) Gaussian a little below the centre; ``sigma`` as a share of each side."""
    y = (np.arange(height) + 0.5) / height - 0.54
    x = (np.arange(width) + 0.5) / width - 0.5
    return np.exp(-((y[:, None] / sigma) ** 2 + (x[None] / sigma) ** 2) / 2).astype(np.float32)


def find_blobs(region: Bools, difference: Floats) -> Blobs:
    """Group the pixels of a region; gaps of about 2 % of the picture do not part a group."""
    height, width = region.shape
    solid = _without_specks(region)
    radius = max(1, int(0.012 * max(height, width)))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        cv2.dilate(solid, disc(radius)), connectivity=8
    )
    labels = np.asarray(labels, np.int32) * solid
    pixels = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    border = np.bincount(rim, minlength=count)
    central = difference * centre_weight(height, width, 0.28)
    mass = np.bincount(labels.ravel(), central.ravel(), count)
    score = mass * np.exp(-((border / np.sqrt(pixels) / 1.2) ** 2))
    boxes = np.asarray(statistics[:, :4], np.int32)
    score[boxes[:, 1] + boxes[:, 3] < UPPER * height] *= _HANGING
    score[0] = 0
    return Blobs(labels, boxes, border, score.astype(np.float64))


def subject_regions(region: Bools, difference: Floats, lab: Floats) -> Iterator[tuple[Bools, float]]:
    """The parts of a region that may be the subject, most prominent first, with prominence in (0, 1].

    Each is a group of pixels with its companions: a large group of the same colours (the second shoe), or one
    that stands right above or below (a shade over a lamp's foot).
    """
    blobs = find_blobs(region, difference)
    order = np.argsort(-blobs.score)[:_MOST_SUBJECTS]
    top = float(blobs.score[order[0]])
    for main in order:
        if blobs.score[main] > _LEAST_PROMINENCE * top:
            yield _with_companions(blobs, int(main), lab), float(blobs.score[main]) / top


def main_region(region: Bools, difference: Floats, lab: Floats) -> Bools | None:
    """The most prominent of ``subject_regions``; None when the region is empty."""
    return next((found for found, _ in subject_regions(region, difference, lab)), None)


def _with_companions(blobs: Blobs, main: int, lab: Floats) -> Bools:
    chosen: Bools = blobs.labels == main
    others = [int(i) for i in np.flatnonzero(blobs.score > _STACKED_SHARE * blobs.score[main]) if i != main]
    if not others:
        return chosen
    paint = lab * _PAINT_WEIGHTS
    centres, spread = _sampled_colours(paint[chosen])
    result = chosen
    for other in others:
        member = blobs.labels == other
        if _is_companion(blobs, main, other, distance_to(paint[member], centres), spread):
            result = result | member
    return result


def _is_companion(blobs: Blobs, best: int, other: int, distance: Floats, spread: float) -> bool:
    if blobs.score[other] >= _COMPANION_SHARE * blobs.score[best]:
        return float(np.median(distance)) < 6 + spread
    return bool(blobs.border[other] == 0) and _is_stacked(
        blobs.boxes[best], blobs.boxes[other], blobs.labels.shape[0]
    )


def _sampled_colours(samples: Floats, count: int = 6) -> tuple[Floats, float]:
    """``main_colours`` of some thousand of the samples (m, 3), which tell as much as all of them."""
    return main_colours(np.ascontiguousarray(samples[:: max(1, len(samples) // 4000)]), count)


def distance_to(colours: Floats, centres: Floats) -> Floats:
    """Distance of each colour (..., 3) to the nearest of the centres (n, 3), (...)."""
    flat = colours.reshape(-1, 3)
    squares = (centres**2).sum(axis=1) - 2 * (flat @ centres.T)
    nearest = squares.min(axis=1) + np.einsum("ij,ij->i", flat, flat)
    return np.asarray(np.sqrt(np.maximum(nearest, 0)), np.float32).reshape(colours.shape[:-1])


def _is_stacked(main: NDArray[np.int32], other: NDArray[np.int32], height: int) -> bool:
    """Whether a part stands right above or below the main one, as a shade over a lamp's foot does."""
    overlap = min(main[0] + main[2], other[0] + other[2]) - max(main[0], other[0])
    gap = max(other[1] - (main[1] + main[3]), main[1] - (other[1] + other[3]))
    return bool(overlap > 0.8 * min(main[2], other[2]) and gap < 0.04 * height)


def settle_holes(region: Bools, lab: Floats, noise: float) -> Bools:
    """Fill what the region encloses unless it has the colours just outside, and open what has them.

    The space inside a mug's handle opens, since the table shows there as it does around; a white label on a
    bottle, or the inside of a glass, differs a little from the surroundings and is filled.

    Args:
        region: (height, width).
        lab: (height, width, 3) CIELAB.
        noise: spread of the background in CIELAB units.
    """
    size = max((stop.stop - stop.start for stop in window_around(region, 0) or ()), default=0)
    reach = max(4, int(0.08 * size))
    window = window_around(region, reach + 2)
    if window is None:
        return region
    settled = region.copy()
    settled[window] = _settle(region[window], lab[window], noise, reach)
    return settled


def _settle(region: Bools, lab: Floats, noise: float, reach: int) -> Bools:
    solid = region.astype(np.uint8)
    ring = (cv2.dilate(solid, disc(reach)) > 0) & (cv2.dilate(solid, disc(2)) == 0)
    outer = ring & (_outside(region) > 0)
    if outer.sum() < _FEWEST_OUTSIDE:
        return region
    centres, spread = _sampled_colours(lab[outer], 8)
    unlike = distance_to(lab, centres)
    threshold = 1 + 0.8 * noise + 0.5 * spread
    filled = region
    for radius in (0, 2, 4):
        filled = _fill_closed(filled, _closed(filled, radius), radius, unlike, threshold)
    return _open_holes(filled, lab, unlike, threshold)


def _open_holes(region: Bools, lab: Floats, unlike: Floats, threshold: float) -> Bools:
    """Cut out inner areas of the surroundings' colours that a crisp edge sets off from the rest."""
    like = cv2.morphologyEx((region & (unlike < threshold)).astype(np.uint8), cv2.MORPH_OPEN, disc(1))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(like, connectivity=4)
    opened = region.copy()
    for index in range(1, count):
        if statistics[index, cv2.CC_STAT_AREA] < _LEAST_HOLE * region.sum():
            continue
        hole = labels == index
        steps = outline_contrast(lab, hole)
        if len(steps) and float(np.median(steps)) > 1.2 * threshold:
            opened &= ~hole
    return opened


def _closed(region: Bools, radius: int) -> NDArray[np.uint8]:
    solid = region.astype(np.uint8)
    if not radius:
        return solid
    margin = 2 * radius
    closing = cv2.morphologyEx(np.pad(solid, margin), cv2.MORPH_CLOSE, disc(radius))
    return np.asarray(closing, np.uint8)[margin:-margin, margin:-margin]


def _outside(region: Bools) -> NDArray[np.uint8]:
    """1 where a region (height, width) is not, and does not enclose."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(1 - _closed(region, 3), connectivity=4)
    biggest = 1 + int(np.argmax(statistics[1:, 4])) if len(statistics) > 1 else -1
    return np.asarray(labels == biggest, np.uint8)


def _fill_closed(
    region: Bools, closed: NDArray[np.uint8], radius: int, unlike: Floats, threshold: float
) -> Bools:
    height, width = region.shape
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    if count < 2:
        return region
    outside = 1 + int(statistics[1:, 4].argmax())
    area = int(region.sum())
    chosen = np.zeros(count, bool)
    for index in range(1, count):
        left, top, wide, high, pixels = (int(value) for value in statistics[index])
        if index == outside:
            continue
        at_border = left == 0 or top == 0 or left + wide == width or top + high == height
        if at_border and pixels > 0.3 * area:
            continue
        window = (slice(top, top + high), slice(left, left + wide))
        difference = float(np.median(unlike[window][labels[window] == index]))
        if at_border and difference < 2 * threshold:
            continue
        chosen[index] = pixels < 0.003 * area or difference > threshold
    if not chosen.any():
        return region
    holes = chosen[labels]
    grown = cv2.dilate(holes.astype(np.uint8), disc(radius + 1)) > 0
    filled: Bools = region | holes | (grown & (closed > 0))
    return filled


def _without_specks(region: Bools) -> NDArray[np.uint8]:
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    keep = statistics[:, 4] >= _SPECK_PIXELS
    keep[0] = False
    solid: NDArray[np.uint8] = keep[labels].astype(np.uint8)
    return solid
