"""Paper, canvas, and light on raised paint."""

from __future__ import annotations

import numpy as np

from styletransfer.training.synthetic_styles.fields import Field, blurred, noise


def paper(rng: np.random.Generator, shape: tuple[int, int], roughness: float = 0.05) -> Field:
    """(height, width, 3) near-white paper with fibres; now and then toned, cream or grey."""
    tint = np.array([1.0, rng.uniform(0.96, 1.0), rng.uniform(0.86, 1.0)]) * rng.uniform(0.92, 0.99)
    if rng.random() < 0.2:
        tint = tint * rng.uniform([0.72, 0.66, 0.55], [0.9, 0.86, 0.82])
    grain = noise(rng, shape, 3, 2) + 0.6 * noise(rng, shape, 40, 3) - 0.8
    sheet: Field = np.clip(tint * (1 + roughness * grain[..., None]), 0, 1).astype(np.float32)
    return sheet


def tooth(rng: np.random.Generator, shape: tuple[int, int], scale: float = 2.2) -> Field:
    """How high the grain of a paper stands (height, width), in [0, 1]."""
    return noise(rng, shape, scale, 2)


def weave(shape: tuple[int, int], period: float = 4.0) -> Field:
    """Height of a plain canvas weave (height, width), in [0, 1]."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] * (2 * np.pi / period)
    over: Field = (0.5 + 0.25 * np.sin(x) * np.cos(y / 2) + 0.25 * np.sin(y) * np.cos(x / 2)).astype(
        np.float32
    )
    return over


def lit(picture: Field, height: Field, strength: float, angle: float) -> Field:
    """A picture under raking light from ``angle`` (radians) on a relief ``height`` in [0, 1]."""
    smooth = blurred(height, 0.7)
    down, across = np.gradient(smooth)
    slope = np.cos(angle) * across + np.sin(angle) * down
    shade = np.clip(1 + strength * 6 * slope, 0.55, 1.5)
    gloss = np.clip(slope * 6 - 0.55, 0, 1) * strength * 0.35
    shaded: Field = np.clip(picture * shade[..., None] + gloss[..., None], 0, 1).astype(np.float32)
    return shaded
