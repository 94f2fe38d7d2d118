"""What crisp outlines enclose: the white product on white, the foot of a glass, the bowl without its shadow.

On a plain backdrop a product may differ from the paper by less than its own shadow does, so no level of
difference parts the two. Its outline does: it is crisp, while light and soft shadows change gradually. A
flood from the picture's borders runs through everything gradual and stops at crisp edges; what stays dry is
enclosed.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from styletransfer.imaging.masks.evidence import Bools, Evidence, Floats, to_byte_lab
from styletransfer.imaging.masks.regions import disc

_LEVELS = ((2.0, 0.7), (4.0, 1.5), (7.0, 2.0))  # of the edges' noise: where an outline shows, and goes on
_GAPS = (1, 4, 8)  # px that an outline may be broken by
_BAND = 3  # px; the outline lies within it


def enclosed_regions(evidence: Evidence) -> Iterator[Bools]:
    """What outlines of several strengths enclose, gaps closed, (height, width) each."""
    for strong, weak in _LEVELS:
        lines = _traced(evidence.edges, strong * evidence.edge_noise, weak * evidence.edge_noise)
        for gap in _GAPS:
            yield _dry(_closed(lines, gap))


def snap_outline(lab: Floats, region: Bools, band: int = _BAND) -> Bools:
    """The region with its outline moved onto the strongest edge within ``band`` pixels inwards, and 1 out.

    Meyer's watershed from a sure inside and a sure outside: where an outline is a thin line between two like
    colours, as that of clear glass is, this finds it and GrabCut cannot.

    Args:
        lab: (height, width, 3) CIELAB.
        region: (height, width).
        band: in pixels.
    """
    solid = region.astype(np.uint8)
    inside = cv2.erode(solid, disc(band), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    # Thin parts have no inside of their own: their middle line stands for it.
    thin = solid * (cv2.dilate(inside, disc(band + 1)) == 0).astype(np.uint8)
    inside = np.maximum(inside, cv2.erode(thin, np.ones((2, 2), np.uint8)))
    outside = cv2.dilate(solid, disc(1)) == 0
    markers = np.where(inside > 0, 1, np.where(outside, 2, 0)).astype(np.int32)
    if not (inside.any() and outside.any()):
        return region
    cv2.watershed(to_byte_lab(lab), markers)
    snapped: Bools = (markers == 1) | ((markers == -1) & region)
    return snapped


def _traced(edges: Floats, strong: float, weak: float) -> Bools:
    """Weak edges that hang together with strong ones (the hysteresis of Canny, IEEE TPAMI 8(6), 1986)."""
    count, labels = cv2.connectedComponents((edges >= weak).astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[labels[edges >= strong]] = True
    traced: Bools = kept[labels]
    return traced


def _closed(edges: Bools, gap: int) -> Bools:
    margin = 2 * gap
    padded = np.pad(edges.astype(np.uint8), margin)
    closing = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(gap))
    closed: Bools = closing[margin:-margin, margin:-margin] > 0
    return closed


def _dry(walls: Bools) -> Bools:
    """What a flood from the borders cannot reach, single stray edge pixels left out."""
    _, labels = cv2.connectedComponents(1 - walls.astype(np.uint8), connectivity=4)
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    wet = np.isin(labels, border[border > 0])
    dry: Bools = cv2.morphologyEx((~wet).astype(np.uint8), cv2.MORPH_OPEN, disc(1)) > 0
    return dry
