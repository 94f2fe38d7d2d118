"""How good a candidate region is, judged without knowing the answer."""

from __future__ import annotations

import cv2
import numpy as np

from styletransfer.imaging.masks.evidence import Bools, Evidence, Floats
from styletransfer.imaging.masks.regions import centre_weight

_LEAST_AREA = 0.004
_MOST_AREA = 0.92
_LIGHTNESS_WEIGHT = np.array([0.8, 1.0, 1.0], np.float32)
_NARROW = 1.5  # px; soft shadows change little within it, outlines of things change fully


def outline_contrast(lab: Floats, region: Bools) -> Floats:
    """Colour step across the outline at each of its pixels, (n,) in CIELAB units."""
    inside = region.astype(np.float32)
    colours = lab * _LIGHTNESS_WEIGHT
    share = cv2.GaussianBlur(inside, (0, 0), _NARROW)[..., None]
    inner = cv2.GaussianBlur(colours * inside[..., None], (0, 0), _NARROW) / (share + 1e-3)
    outer = cv2.GaussianBlur(colours * (1 - inside[..., None]), (0, 0), _NARROW) / (1 - share + 1e-3)
    solid = region.astype(np.uint8)
    outline = (solid - cv2.erode(solid, np.ones((3, 3), np.uint8))) > 0
    outline[:2], outline[-2:], outline[:, :2], outline[:, -2:] = False, False, False, False
    steps: Floats = np.sqrt(((inner - outer) ** 2).sum(axis=-1))[outline]
    return steps


def rate(evidence: Evidence, region: Bools) -> float:
    """Score of a region, about 0 to 1: a crisp, simple outline around all that is unlike the background."""
    area = float(region.mean())
    if not _LEAST_AREA <= area <= _MOST_AREA:
        return 0.0
    steps = outline_contrast(evidence.lab, region)
    if len(steps) < 8:
        return 0.0
    crisp = float(np.clip(steps / (3 + 2 * evidence.noise), 0, 1).mean())
    held, purity = _held(evidence, region)
    complexity = len(steps) / float(np.sqrt(region.sum()))
    return float(crisp * held**0.5 * purity**0.1 * area**0.06 * complexity**-0.08)


def _held(evidence: Evidence, region: Bools) -> tuple[float, float]:
    """Share of the central unlikeness inside the region, and how unlike the region itself is on average."""
    noise = evidence.noise
    unlike = np.clip((evidence.unshadowed - 2 * noise) / (6 * noise + 6), 0, 1)
    central = unlike * centre_weight(region.shape[0], region.shape[1], 0.35)
    held = float(central[region].sum() / (central.sum() + 1e-6))
    inside = unlike[region]
    return held, float(inside.mean() / max(float(inside.max()), 1e-3))
