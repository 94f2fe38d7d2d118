"""Small product scenes whose masks are known, drawn by program."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def sweep(height: int = 240, width: int = 320, low: int = 190, high: int = 240) -> NDArray[np.uint8]:
    """A paper backdrop, darker towards the bottom, with a little grain."""
    shade = np.linspace(high, low, height)[:, None, None] * np.ones((1, width, 3))
    grain = np.random.default_rng(1).normal(0, 1.5, (height, width, 1))
    return np.clip(shade + grain, 0, 255).astype(np.uint8)


def planks(height: int = 240, width: int = 320) -> NDArray[np.uint8]:
    """A wooden table: stripes of browns with grain along them."""
    random = np.random.default_rng(2)
    rows = np.repeat(random.normal(0, 12, height // 4 + 1), 4)[:height]
    grain = cv2.GaussianBlur(random.normal(0, 30, (height, width)), (0, 0), sigmaX=9, sigmaY=0.8)
    tone = rows[:, None] + grain * 3
    wood = np.array([150.0, 100.0, 60.0]) + tone[..., None] * np.array([1.0, 0.8, 0.6])
    return np.clip(wood, 0, 255).astype(np.uint8)


def vase(height: int = 240, width: int = 320) -> NDArray[np.bool_]:
    """The shape of a vase, a little off the centre."""
    shape = np.zeros((height, width), np.uint8)
    centre = (int(width * 0.53), int(height * 0.6))
    cv2.ellipse(shape, centre, (int(width * 0.14), int(height * 0.25)), 0, 0, 360, 1, -1)
    left, right = centre[0] - int(width * 0.05), centre[0] + int(width * 0.05)
    cv2.rectangle(shape, (left, int(height * 0.2)), (right, centre[1]), 1, -1)
    return shape > 0


def paint(
    background: NDArray[np.uint8], shape: NDArray[np.bool_], colour: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """A lit object of one colour on a background."""
    height, width = shape.shape
    light = 1.15 - 0.4 * np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
    lit = np.clip(np.array(colour) * light, 0, 255)
    soft = cv2.GaussianBlur(shape.astype(np.float32), (0, 0), 0.6)[..., None]
    return (lit * soft + background * (1 - soft)).astype(np.uint8)


def overlap(alpha: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """Intersection over union of alpha >= 0.5 and the truth."""
    found = alpha >= 0.5
    return float((found & truth).sum() / max((found | truth).sum(), 1))
