"""Print on a painting: the photo's letters, in their own colour and shape, on the painted ground.

Returning rectangles of the photo would tear holes into a painting, and cut words where a line was not found
whole. So only the ink comes back. What is ink follows from the photo: it differs from the ground around it,
and the ground is what remains when everything narrower than half a window is taken away (a median). Where the
painting gave the ground another lightness, ink keeps most of its contrast: the ground beside it gives way,
softly.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import lab_to_rgb, rgb_to_lab
from styletransfer.imaging.masks.base import Alpha, Pixels
from styletransfer.imaging.masks.regions import disc

Floats = NDArray[np.float32]

# Shares of the picture's longer side.
_WINDOW = 0.06  # of the median: strokes up to half as wide are ink
_REACH = 0.012  # how far around ink the painting is made calm
_BAR = (0.06, 0.008)  # length and width from which a full bar is no letter

_BAR_FULLNESS = 0.7  # of its tightest turned rectangle
_LEAST_DIFFERENCE = 8.0  # CIELAB units between ink and ground; less is texture
_OTHER_GROUND = 12.0  # CIELAB units from the ground of the ink at which another surface begins
_KEPT_CONTRAST = 0.75  # of the lightness between ink and ground


def return_lettering(photo: Pixels, painted: Pixels, areas: Alpha) -> Pixels:
    """The painting with the photo's ink returned in and just around ``areas``, by their amount.

    Args:
        photo: (height, width, 3 or 4) uint8.
        painted: the same size; its fourth channel stays.
        areas: (height, width) float32 in [0, 1] where print was found; 0.5 returns half of it.
    """
    rows, columns = np.nonzero(areas.max(axis=1) > 0)[0], np.nonzero(areas.max(axis=0) > 0)[0]
    if not len(rows):
        return painted
    side = max(areas.shape)
    margin = round((_WINDOW + 4 * _REACH) * side) + 9
    top, left = max(0, rows[0] - margin), max(0, columns[0] - margin)
    part = np.s_[top : rows[-1] + margin + 1, left : columns[-1] + margin + 1]
    result = painted.copy()
    photo, painted = photo[part][..., :3], painted[part][..., :3]
    result[part][..., :3] = _with_ink(photo, painted, areas[part], side)
    return result


def _with_ink(photo: Pixels, painted: Pixels, areas: Alpha, side: int) -> Pixels:
    """Part of a picture whose longer side is ``side`` pixels."""
    reach = max(2, round(_REACH * side))
    window = min(255, 2 * max(2, round(_WINDOW * side / 2)) + 1)
    lab, ground = rgb_to_lab(photo), _ground(photo, window)
    near = _grown(areas, 2 * reach)  # the rest of a word that was found in part
    ink = _without_bars(_ink(lab, ground, reach) * (near > 0), side)
    new_ground = _yielding(_ground(painted, window), ground, lab, ink, reach)
    # The photo, with its ground exchanged everywhere but in the ink itself.
    exchanged = lab + (1 - ink)[..., None] * (new_ground - ground)
    exchanged[..., 0] = np.clip(exchanged[..., 0], 0, 100)
    share = _soft(_grown(ink, reach), reach / 2) * near * _same_surface(ground, ink, reach)
    before = rgb_to_lab(painted)
    mixed = lab_to_rgb(before + share[..., None] * (exchanged - before))
    changed: Pixels = np.where((share > 1 / 255)[..., None], mixed, painted)
    return changed


def _ink(lab: Floats, ground: Floats, reach: int) -> Alpha:
    """How much of a pixel is ink, (height, width) in [0, 1], from CIELAB of the photo and of its ground."""
    difference = np.linalg.norm(lab - ground, axis=2)
    # At the bends of a label's edge the median rounds off whole patches; strokes are narrower than those.
    difference -= cv2.morphologyEx(difference, cv2.MORPH_OPEN, disc(reach))
    strongest = _grown(difference, reach)
    ink = np.clip((difference / np.maximum(strongest, _LEAST_DIFFERENCE) - 0.15) / 0.7, 0, 1)
    faded: Alpha = (ink * np.clip(strongest / _LEAST_DIFFERENCE - 1, 0, 1)).astype(np.float32)
    return faded


def _without_bars(ink: Alpha, side: int) -> Alpha:
    """Ink without long full bars: the rim of a bottle beside its label is narrow, but no letter."""
    longest, widest = (share * side for share in _BAR)
    count, parts, boxes, _ = cv2.connectedComponentsWithStats((ink > 0.4).astype(np.uint8))
    for part in range(1, count):
        if max(boxes[part, cv2.CC_STAT_WIDTH], boxes[part, cv2.CC_STAT_HEIGHT]) <= longest:
            continue
        points = np.argwhere(parts == part).astype(np.float32)
        short, long = (float(each) + 1 for each in sorted(cv2.minAreaRect(points)[1]))
        if long > longest and short > widest and len(points) > _BAR_FULLNESS * short * long:
            ink = np.where(_grown((parts == part).astype(np.float32), 2) > 0, np.float32(0), ink)
    return ink


def _yielding(painted: Floats, ground: Floats, lab: Floats, ink: Alpha, reach: int) -> Floats:
    """The painted ground (CIELAB), moved in lightness where ink would not stand out from it enough."""
    contrast = (lab - ground)[..., 0]
    wanted = lab[..., 0] - np.float32(_KEPT_CONTRAST) * contrast
    dark, light = (ink > 0.6) & (contrast < 0), (ink > 0.6) & (contrast > 0)
    lowest = _grown(np.where(dark, np.minimum(wanted, 96), 0).astype(np.float32), 2 * reach)
    highest = 100 - _grown(np.where(light, 100 - np.maximum(wanted, 6), 0).astype(np.float32), 2 * reach)
    shift = np.maximum(lowest - painted[..., 0], 0) - np.maximum(painted[..., 0] - highest, 0)
    moved = painted.copy()
    moved[..., 0] = np.clip(painted[..., 0] + _soft(shift, reach), 0, 100)
    return moved


def _same_surface(ground: Floats, ink: Alpha, reach: int) -> Alpha:
    """1 where the photo's ground is that of the nearby ink, falling to 0 beyond the edge of a label."""
    weight = _soft(ink, 2 * reach) + np.float32(1e-4)
    inked = np.dstack([_soft(ground[..., each] * ink, 2 * reach) for each in range(3)]) / weight[..., None]
    distance = np.linalg.norm(ground - inked, axis=2)
    same: Alpha = np.exp(-((distance / _OTHER_GROUND) ** 2)).astype(np.float32)
    return same


def _ground(pixels: Pixels, window: int) -> Floats:
    """CIELAB of what lies under all that is narrower than half a window."""
    channels = [np.ascontiguousarray(pixels[..., each]) for each in range(3)]
    return rgb_to_lab(np.dstack([cv2.medianBlur(each, window) for each in channels]))


def _grown(values: Floats, reach: int) -> Floats:
    return np.asarray(cv2.dilate(values, disc(reach)), np.float32)


def _soft(values: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
