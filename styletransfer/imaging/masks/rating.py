"""How good a candidate region is, judged without knowing the answer."""

from __future__ import annotations

import cv2
import numpy as np

from styletransfer.imaging.masks.evidence import Bools, Evidence, Floats
from styletransfer.imaging.masks.outline import outline_contrast, outline_of
from styletransfer.imaging.masks.regions import UPPER, centre_weight

_LEAST_AREA = 0.004
_MOST_AREA = 0.92
# On a plain backdrop every crisp edge is the product's, so the outline must enclose them all, however little
# its colours differ; among patterns the colours tell more.
_PLAIN_WEIGHTS = np.array([1.0, 0.1, 0.1, 0.02, 0.19, 0.45, 2.5], np.float32)
_PATTERNED_WEIGHTS = np.array([1.0, 0.32, 0.14, 0.02, 0.22, 0.5, 0.04], np.float32)
_APART = 0.5
_CLEAR_EDGE = 3.0  # of the edges' noise
_FEWEST_OUTLINE = 8
_STANDING = 0.1
_HANGING = 0.5  # what ends above the middle is a picture on the wall or a lamp above
_REACH = np.ones((5, 5), np.uint8)  # an outline's edge lies on both sides of it
_NEAR = np.ones((9, 9), np.uint8)


def rate(evidence: Evidence, region: Bools, prominence: float = 1.0) -> float:
    """Score of a region, about 0 to 1: a crisp, simple outline around all that is unlike the background."""
    found = features(evidence, region, prominence)
    if found is None:
        return 0.0
    weights = _PLAIN_WEIGHTS if evidence.is_plain else _PATTERNED_WEIGHTS
    hanging = region[int(UPPER * len(region)) :].sum() < _STANDING * region.sum()
    return float(np.exp(found @ weights)) * (_HANGING if hanging else 1.0)


def features(evidence: Evidence, region: Bools, prominence: float = 1.0) -> Floats | None:
    """The logarithms that ``rate`` weighs, (7,); None for a region that cannot be a subject.

    In order: crispness of the outline; share of the central unlikeness that is held; how unlike the region is
    throughout; area; simplicity of the outer outline; prominence among the picture's things; share of the
    crisp edges that is held.
    """
    area = float(region.mean())
    if not _LEAST_AREA <= area <= _MOST_AREA:
        return None
    crisp = _crisp_share(evidence, region)
    if crisp is None:
        return None
    noise = evidence.noise
    unlike = np.clip((evidence.unshadowed - 2 * noise) / (6 * noise + 6), 0, 1)
    held = _held(unlike, unlike > 0.3, region)
    purity = unlike[region].mean()
    edges = np.clip((evidence.edges - 2 * evidence.edge_noise) / (4 * evidence.edge_noise + 1), 0, 1)
    bound = cv2.dilate(region.astype(np.uint8), _REACH) > 0
    traced = _held(edges, cv2.dilate((edges > 0).astype(np.uint8), _NEAR) > 0, bound)
    values = (crisp, held, purity, area, _simplicity(region), prominence, traced)
    return np.log(np.maximum(values, 1e-3)).astype(np.float32)


def _crisp_share(evidence: Evidence, region: Bools) -> float | None:
    """How much of the outline is crisp, 0 to 1; None when hardly any of it lies within the picture."""
    if evidence.is_plain:
        near = cv2.dilate(evidence.edges, np.ones((3, 3), np.uint8))[outline_of(region)]
        clear = near / (_CLEAR_EDGE * evidence.edge_noise)
    else:
        steps = outline_contrast(evidence.lab, region)
        clear = steps / (3 + 2 * evidence.noise)
    return float(np.clip(clear, 0, 1).mean()) if len(clear) >= _FEWEST_OUTLINE else None


def _held(salience: Floats, things: Bools, region: Bools) -> float:
    """Share of the central salience that a region holds; things apart from it count less."""
    central = salience * centre_weight(region.shape[0], region.shape[1], 0.35)
    apart = _things_apart(things, region)
    return float(central[region].sum() / (central.sum() - _APART * central[apart].sum() + 1e-6))


def _simplicity(region: Bools) -> float:
    """Root of the area within the outer outlines over their length; holes, as under a chair, are free."""
    outlines, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    area = sum(cv2.contourArea(outline) + len(outline) / 2 for outline in outlines)
    return float(np.sqrt(area)) / sum(len(outline) for outline in outlines)


def _things_apart(salient: Bools, region: Bools) -> Bools:
    """Salient groups of pixels that the region does not touch: other things, which it need not hold."""
    count, labels = cv2.connectedComponents(salient.astype(np.uint8), connectivity=8)
    touched = np.bincount(labels[region], minlength=count) > 0
    apart: Bools = ~touched[labels] & salient
    return apart
