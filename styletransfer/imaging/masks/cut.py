"""Pixel-exact outlines: GrabCut around a candidate, in colours that mind shadows less."""

from __future__ import annotations

import cv2
import numpy as np

from styletransfer.imaging.masks.evidence import Bools, Floats, to_byte_lab
from styletransfer.imaging.masks.regions import disc

_LIGHTNESS_STEPS = 1.3
_FEWEST_BACKGROUND = 20


def cut_out(lab: Floats, region: Bools, iterations: int = 3) -> Bools:
    """The region with its outline moved to where the colours part, (height, width).

    Rother, Kolmogorov, Blake, "GrabCut", ACM Trans. Graphics 23(3), 2004, in a window around the region: a
    core is certain, a rim of 5 % of its size is open, the rest of the window teaches the background.
    Regions that fill the picture come back as they are.
    """
    rows, columns = np.nonzero(region)
    if not len(rows):
        return region
    size = int(max(np.ptp(rows), np.ptp(columns))) + 1
    pad = int(0.15 * size) + 6
    window = (
        slice(max(int(rows.min()) - pad, 0), int(rows.max()) + pad + 1),
        slice(max(int(columns.min()) - pad, 0), int(columns.max()) + pad + 1),
    )
    solid = region[window].astype(np.uint8)
    trimap = np.full(solid.shape, cv2.GC_BGD, np.uint8)
    trimap[cv2.dilate(solid, disc(max(2, int(0.05 * size)))) > 0] = cv2.GC_PR_BGD
    trimap[solid > 0] = cv2.GC_PR_FGD
    trimap[cv2.erode(solid, disc(max(1, int(0.02 * size)))) > 0] = cv2.GC_FGD
    if (trimap == cv2.GC_BGD).sum() < _FEWEST_BACKGROUND or not (trimap % 2).any():
        return region
    cv2.setRNGSeed(7)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    picture = to_byte_lab(lab[window], _LIGHTNESS_STEPS)
    cv2.grabCut(picture, trimap, (0, 0, 1, 1), background, foreground, iterations, cv2.GC_INIT_WITH_MASK)
    result = np.zeros_like(region)
    result[window] = trimap % 2 == 1
    return result
