"""Pixel-exact outlines: GrabCut around a candidate, in colours that mind shadows less."""

from __future__ import annotations

import cv2
import numpy as np

from styletransfer.imaging.masks.evidence import Bools, Floats, to_byte_lab
from styletransfer.imaging.masks.outline import window_around
from styletransfer.imaging.masks.regions import disc

_LIGHTNESS_STEPS = 1.3
_FEWEST_BACKGROUND = 20


def cut_out(lab: Floats, region: Bools, rim: float = 0.05, iterations: int = 2) -> Bools:
    """The region with its outline moved to where the colours part, (height, width).

    Rother, Kolmogorov, Blake, "GrabCut", ACM Trans. Graphics 23(3), 2004, in a window around the region: a
    core is certain, a rim is open, the rest of the window teaches the background.
    Regions that fill the picture come back as they are.

    Args:
        lab: (height, width, 3) CIELAB.
        region: (height, width).
        rim: how far the outline may move out, as a share of the region's size; less than half of it inwards.
        iterations: of GrabCut.
    """
    extent = window_around(region, 0)
    if extent is None:
        return region
    size = max(side.stop - side.start for side in extent)
    window = window_around(region, int(0.15 * size) + 6) or extent
    solid = region[window].astype(np.uint8)
    trimap = np.full(solid.shape, cv2.GC_BGD, np.uint8)
    trimap[cv2.dilate(solid, disc(max(2, int(rim * size)))) > 0] = cv2.GC_PR_BGD
    trimap[solid > 0] = cv2.GC_PR_FGD
    trimap[cv2.erode(solid, disc(max(1, int(0.4 * rim * size)))) > 0] = cv2.GC_FGD
    if (trimap == cv2.GC_BGD).sum() < _FEWEST_BACKGROUND or not (trimap % 2).any():
        return region
    cv2.setRNGSeed(7)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    picture = to_byte_lab(lab[window], _LIGHTNESS_STEPS)
    cv2.grabCut(picture, trimap, (0, 0, 1, 1), background, foreground, iterations, cv2.GC_INIT_WITH_MASK)
    result = np.zeros_like(region)
    result[window] = trimap % 2 == 1
    return result
