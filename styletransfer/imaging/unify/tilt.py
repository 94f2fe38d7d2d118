"""How crooked a subject stands, and how sure that is.

Two independent witnesses, each of which knows when it does not know:

* symmetry: vases, bottles and lamps are their own mirror image about an upright axis; the turn that makes the
  silhouette most symmetrical is the tilt, trusted when the match is close and clearly better than beside it;
* upright edges: long edges near the vertical. Perspective makes the left ones lean one way and the right ones
  the other, so the tilt is the mean of both sides, trusted when each side has enough of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.filters import luma

_SIDE = 256
_WINDOW = 8.0  # degrees either way that are looked at
_STEP = 0.25
_LINE = 15  # rows over which an upright edge is followed


@dataclass(frozen=True)
class Tilt:
    """A subject's tilt.

    Attributes:
        angle: degrees by which to turn the subject counter-clockwise to stand upright.
        confidence: 0 (no idea) to 1.
    """

    angle: float
    confidence: float


def estimate_tilt(pixels: NDArray[np.uint8], alpha: NDArray[np.float32]) -> Tilt:
    """Tilt of the subject of a photo; (height, width, 3) uint8 and its (height, width) mask in [0, 1]."""
    small, mask = _subject_square(pixels, alpha)
    if mask.sum() < 64:
        return Tilt(0.0, 0.0)
    witnesses = (symmetry_tilt(mask), edge_tilt(luma(small), mask))
    best = max(witnesses, key=lambda each: each.confidence)
    other = min(witnesses, key=lambda each: each.confidence)
    if other.confidence > 0.3 and abs(best.angle - other.angle) > 1.5:
        return Tilt(best.angle, best.confidence * (1 - other.confidence))
    return best


def symmetry_tilt(mask: NDArray[np.float32]) -> Tilt:
    """Tilt by mirror symmetry of a square (side, side) mask with the subject in its middle."""
    coarse = np.arange(-_WINDOW, _WINDOW + 0.5)
    scores = np.array([_mirror_overlap(mask, angle) for angle in coarse])
    top = int(scores.argmax())
    if top in (0, len(coarse) - 1):
        return Tilt(0.0, 0.0)
    beside = np.interp([coarse[top] - 3, coarse[top] + 3], coarse, scores).max()
    fine = coarse[top] + np.arange(-4, 5) * _STEP
    near = np.array([_mirror_overlap(mask, angle) for angle in fine])
    best = int(near[1:-1].argmax()) + 1
    close = np.clip((near[best] - 0.92) / 0.05, 0, 1)
    peaked = np.clip((near[best] - beside) / 0.025, 0, 1)
    return Tilt(_vertex(fine, near, best), float(close * peaked))


def edge_tilt(grey: NDArray[np.float32], mask: NDArray[np.float32]) -> Tilt:
    """Tilt by the upright edges of a square grey picture (side, side) in [0, 255] inside its mask."""
    down = grey[2:, 1:-1] - grey[:-2, 1:-1]
    right = grey[1:-1, 2:] - grey[1:-1, :-2]
    # The structure tensor, summed along a short upright line, tells a lean far below one pixel's staircase.
    across = _sum_upright(right * right)
    lean = np.degrees(np.arctan(_sum_upright(right * down) / np.maximum(across, 1e-3)))
    inside = mask[1:-1, 1:-1] > 0.05
    upright = (
        inside
        & (np.abs(lean) < _WINDOW)
        & (across > 24**2 * _LINE)
        & (across > 8 * _sum_upright(down * down))
    )
    rows, columns = np.nonzero(upright)
    if len(rows) < 40:
        return Tilt(0.0, 0.0)
    middle = np.average(np.arange(mask.shape[1]), weights=mask.sum(axis=0)) - 1
    sides = [lean[upright][columns < middle], lean[upright][columns >= middle]]
    if min(len(each) for each in sides) < 20:
        return Tilt(0.0, 0.0)
    medians = [float(np.median(each)) for each in sides]
    spread = max(
        float(np.median(np.abs(each - middle_))) for each, middle_ in zip(sides, medians, strict=True)
    )
    height = mask.any(axis=1).sum()
    enough = np.clip(min(len(each) for each in sides) / (0.8 * height) - 0.3, 0, 1)
    tight = np.clip((2.5 - spread) / 1.5, 0, 1)
    parallel = np.clip((6 - abs(medians[0] - medians[1])) / 3, 0, 1)
    return Tilt(sum(medians) / 2, float(enough * tight * parallel))


def _subject_square(
    pixels: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Photo and mask around the subject on a square of 256 px, room to turn included."""
    rows, columns = np.nonzero(alpha.max(axis=1) > 0.5)[0], np.nonzero(alpha.max(axis=0) > 0.5)[0]
    if not len(rows) or not len(columns):
        return np.zeros((_SIDE, _SIDE, 3), np.uint8), np.zeros((_SIDE, _SIDE), np.float32)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = int(max(bottom - top, right - left) * 1.2) + 2
    corner = ((left + right - side) // 2, (top + bottom - side) // 2)
    area = (*corner, corner[0] + side, corner[1] + side)
    mask = (
        Image.fromarray((alpha * 255).astype(np.uint8))
        .crop(area)
        .resize((_SIDE, _SIDE), Image.Resampling.BOX)
    )
    photo = Image.fromarray(pixels[..., :3]).crop(area).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(photo), np.asarray(mask, np.float32) / np.float32(255)


def _mirror_overlap(mask: NDArray[np.float32], angle: float) -> float:
    """Intersection over union of a mask, turned counter-clockwise by ``angle``, with its mirror image."""
    picture = Image.fromarray((mask * 255).astype(np.uint8))
    turned = np.asarray(picture.rotate(angle, Image.Resampling.BILINEAR), np.float32)
    # The mirror's axis goes through the centre of mass, to half a column.
    axis = round(2 * np.average(np.arange(turned.shape[1]), weights=turned.sum(axis=0)))
    mirrored = np.zeros_like(turned)
    places = axis - np.arange(turned.shape[1])
    inside = (places >= 0) & (places < turned.shape[1])
    mirrored[:, inside] = turned[:, places[inside]]
    return float(np.minimum(turned, mirrored).sum() / np.maximum(turned, mirrored).sum())


def _sum_upright(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum over a window of ``_LINE`` rows around each pixel; the picture is 0 beyond its border."""
    padded = np.pad(values, ((_LINE // 2 + 1, _LINE // 2), (0, 0))).cumsum(axis=0)
    total: NDArray[np.float32] = padded[_LINE:] - padded[:-_LINE]
    return total


def _vertex(angles: NDArray[np.float64], scores: NDArray[np.float64], top: int) -> float:
    """Angle of the parabola through the best score and its neighbours."""
    before, best, after = scores[top - 1 : top + 2]
    bend = before - 2 * best + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(angles[top] + shift * (angles[1] - angles[0]))
