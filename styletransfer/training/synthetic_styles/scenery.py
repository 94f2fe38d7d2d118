"""Colours, skies and grounds that all drawn motifs share."""

from __future__ import annotations

import numpy as np

from styletransfer.training.synthetic_styles.fields import Field, clipped, noise

Colour = tuple[float, float, float]


def random_colour(rng: np.random.Generator, low: float = 0.15, high: float = 0.95) -> Colour:
    """RGB, each part between two values."""
    red, green, blue = (float(value) for value in rng.uniform(low, high, 3))
    return red, green, blue


def gradient(rng: np.random.Generator, side: int, top: Colour, bottom: Colour) -> Field:
    """A cloudy sky or wall (side, side, 3) from one colour to another."""
    share = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    plain = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    clouds = noise(rng, (side, side), side / 3)[..., None] - 0.5
    return np.ascontiguousarray(clipped(plain + 0.22 * clouds))


def ridge(rng: np.random.Generator, side: int, level: float, amount: float) -> Field:
    """Skyline: a row (side,) for every column."""
    line = noise(rng, (4, side), side * 0.6, 6)[1]
    skyline: Field = (level + (line - 0.5) * 2 * amount).astype(np.float32) * side
    return skyline


def below(picture: Field, skyline: Field, colour: Colour, rng: np.random.Generator) -> None:
    """Fill what lies below a skyline with a mottled colour."""
    side = picture.shape[0]
    rows = np.arange(side, dtype=np.float32)[:, None]
    mottled = np.array(colour, np.float32) * (0.75 + 0.5 * noise(rng, (side, side), 24, 4)[..., None])
    cover = np.clip(rows - skyline + 0.5, 0, 1)[..., None]
    picture[:] = picture * (1 - cover) + mottled * cover
