"""What an engine without torch sees where a picture is transparent; ``alpha.py`` is the torch form."""

from __future__ import annotations

import cv2
import numpy as np

from styletransfer.engine.base import Pixels

FILL_SIDE = 512
RADII = (64, 16, 4)
ENOUGH = 0.05


def opaque(pixels: Pixels) -> Pixels:
    """(height, width, 3) without transparency: edge colours go on into transparent areas."""
    if pixels.shape[2] == 3 or pixels[..., 3].min() == 255:
        return np.ascontiguousarray(pixels[..., :3])
    height, width = pixels.shape[:2]
    alpha = pixels[..., 3].astype(np.float32) / 255
    colours = pixels[..., :3].astype(np.float32)
    scale = min(1.0, FILL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    weighted = cv2.resize(colours * alpha[..., None], size, interpolation=cv2.INTER_AREA)
    opacity = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    filled = np.full_like(weighted, 255)
    for radius in RADII:
        side = (2 * radius + 1, 2 * radius + 1)
        count, weight, sums = (
            cv2.boxFilter(part, -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
            for part in (np.ones_like(opacity), opacity, weighted)
        )
        colour = sums / np.maximum(weight, 1e-6)[..., None]
        trust = np.clip(weight / count / ENOUGH, 0, 1)[..., None]
        filled = filled + trust * (colour - filled)
    surroundings = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    mixed = surroundings + alpha[..., None] * (colours - surroundings)
    return np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
