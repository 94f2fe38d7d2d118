"""From a map of differences to a region: which blobs belong together, and which holes are no holes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.masks.evidence import Bools, Floats

_SPECK_PIXELS = 6
_COMPANION_SHARE = 0.35
_STACKED_SHARE = 0.02


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
    """(height, width) Gaussian around the centre; ``sigma`` as a share of each side."""
    y = (np.arange(height) + 0.5) / height - 0.5
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
    score[0] = 0
    boxes = np.asarray(statistics[:, :4], np.int32)
    return Blobs(labels, boxes, border, score.astype(np.float64))


def main_region(region: Bools, difference: Floats) -> Bools | None:
    """The part of a region that is the subject: the best group and its companions; None when empty."""
    blobs = find_blobs(region, difference)
    best = int(blobs.score.argmax())
    if blobs.score[best] <= 0:
        return None
    keep = blobs.score >= _COMPANION_SHARE * blobs.score[best]
    for other in range(1, len(keep)):
        if blobs.border[other] == 0 and blobs.score[other] > _STACKED_SHARE * blobs.score[best]:
            keep[other] |= _is_stacked(blobs.boxes[best], blobs.boxes[other], region.shape[0])
    keep[0] = False
    chosen: Bools = keep[blobs.labels]
    return chosen


def _is_stacked(main: NDArray[np.int32], other: NDArray[np.int32], height: int) -> bool:
    """Whether a part stands right above or below the main one, as a shade over a lamp's foot does."""
    overlap = min(main[0] + main[2], other[0] + other[2]) - max(main[0], other[0])
    gap = max(other[1] - (main[1] + main[3]), main[1] - (other[1] + other[3]))
    return bool(overlap > 0.8 * min(main[2], other[2]) and gap < 0.04 * height)


def fill_holes(region: Bools, difference: Floats, threshold: float) -> Bools:
    """Fill what the region encloses, or nearly encloses, unless it looks like background.

    The space inside a mug's handle stays open, since the table shows there; a white label on a bottle, or
    the inside of a glass, differs a little from the background and is filled.
    """
    filled = region.copy()
    for radius in (0, 2, 4):
        closed = filled.astype(np.uint8)
        if radius:
            padded = np.pad(closed, 2 * radius)
            closing = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(radius))
            closed = np.asarray(closing, np.uint8)[2 * radius : -2 * radius, 2 * radius : -2 * radius]
        filled = _fill_closed(filled, closed, radius, difference, threshold)
    return filled


def _fill_closed(
    region: Bools, closed: NDArray[np.uint8], radius: int, difference: Floats, threshold: float
) -> Bools:
    height, width = region.shape
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    if count < 2:
        return region
    outside = 1 + int(statistics[1:, 4].argmax())
    area = int(region.sum())
    filled = region.copy()
    for index in range(1, count):
        if index == outside:
            continue
        left, top, wide, high, pixels = (int(value) for value in statistics[index])
        hole = labels == index
        unlike = float(np.median(difference[hole]))
        at_border = left == 0 or top == 0 or left + wide == width or top + high == height
        if at_border and (pixels > 0.3 * area or unlike < 2 * threshold):
            continue
        if pixels < 0.003 * area or unlike > threshold:
            grown = cv2.dilate(hole.astype(np.uint8), disc(radius + 1))
            filled |= hole | ((grown > 0) & (closed > 0))
    return filled


def _without_specks(region: Bools) -> NDArray[np.uint8]:
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    keep = statistics[:, 4] >= _SPECK_PIXELS
    keep[0] = False
    solid: NDArray[np.uint8] = keep[labels].astype(np.uint8)
    return solid
