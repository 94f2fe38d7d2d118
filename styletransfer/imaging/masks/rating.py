"""How good a candidate region is, judged without knowing the answer."""

from __future__ import annotations

import cv2
import numpy as np

from styletransfer.imaging.masks.evidence import Bools, Evidence, Floats
from styletransfer.imaging.masks.outline import outline_contrast
from styletransfer.imaging.masks.regions import centre_weight

_LEAST_AREA = 0.004
_MOST_AREA = 0.92
_WEIGHTS = np.array([1.0, 0.5, 0.05, 0.03, 0.18, 0.5], np.float32)
_APART = 0.5


def rate(evidence: Evidence, region: Bools, prominence: float = 1.0) -> float:
    """Score of a region, about 0 to 1: a crisp, simple outline around all that is unlike the background."""
    found = features(evidence, region, prominence)
    return float(np.exp(found @ _WEIGHTS)) if found is not None else 0.0


def features(evidence: Evidence, region: Bools, prominence: float = 1.0) -> Floats | None:
    """The logarithms that ``rate`` weighs, (6,); None for a region that cannot be a subject.

    In order: crispness of the outline; share of the central unlikeness that is held; how unlike the region is
    throughout; area; simplicity of the outline; prominence among the picture's things.
    """
    area = float(region.mean())
    if not _LEAST_AREA <= area <= _MOST_AREA:
        return None
    steps = outline_contrast(evidence.lab, region)
    if len(steps) < 8:
        return None
    noise = evidence.noise
    unlike = np.clip((evidence.unshadowed - 2 * noise) / (6 * noise + 6), 0, 1)
    crisp = np.clip(steps / (3 + 2 * noise), 0, 1).mean()
    central = unlike * centre_weight(region.shape[0], region.shape[1], 0.35)
    apart = _things_apart(unlike > 0.3, region)
    held = central[region].sum() / (central.sum() - _APART * central[apart].sum() + 1e-6)
    purity = unlike[region].mean()
    root = np.sqrt(region.sum())
    values = (crisp, held, purity, area, root / len(steps), prominence)
    return np.log(np.maximum(values, 1e-3)).astype(np.float32)


def _things_apart(salient: Bools, region: Bools) -> Bools:
    """Salient groups of pixels that the region does not touch: other things, which it need not hold."""
    count, labels = cv2.connectedComponents(salient.astype(np.uint8), connectivity=8)
    touched = np.bincount(labels[region], minlength=count) > 0
    apart: Bools = ~touched[labels] & salient
    return apart
