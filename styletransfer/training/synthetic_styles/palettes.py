"""Colour palettes by rules of harmony, and recolouring pictures with them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Palette = NDArray[np.float32]
"""(colours, 3) CIELAB, dark to light."""

# Hue offsets in degrees, after Itten's schemes.
_SCHEMES = (
    (0,),
    (0, 30, -30),
    (0, 180),
    (0, 150, 210),
    (0, 120, 240),
    (0, 90, 180, 270),
    (0, 20, 180, 200),
)


def random_palette(rng: np.random.Generator) -> Palette:
    """Five to eight colours of one harmony, from a dark to a light one."""
    count = int(rng.integers(5, 9))
    scheme = _SCHEMES[rng.integers(len(_SCHEMES))]
    base = rng.uniform(0, 360)
    dark, light = rng.uniform(6, 28), rng.uniform(84, 97)
    lightness = np.linspace(dark, light, count) + rng.normal(0, 3, count)
    loudness = rng.choice([10, 32, 52, 72], p=[0.14, 0.3, 0.36, 0.2])
    # Screens show little chroma near black and white.
    room = 1 - ((lightness - 55) / 60) ** 2
    chroma = loudness * np.clip(room, 0.15, 1) * rng.uniform(0.5, 1.25, count)
    hue = np.radians(base + rng.choice(scheme, count) + rng.normal(0, 9, count))
    palette = np.stack((lightness, chroma * np.cos(hue), chroma * np.sin(hue)), 1)
    sorted_palette: Palette = palette[np.argsort(lightness)].astype(np.float32)
    return sorted_palette


def to_lab(picture: Picture) -> Picture:
    """CIELAB of an RGB picture in [0, 1]."""
    return _floats(cv2.cvtColor(np.ascontiguousarray(picture, np.float32), cv2.COLOR_RGB2LAB))


def to_rgb(lab: Picture) -> Picture:
    """RGB in [0, 1] of a CIELAB picture."""
    rgb = _floats(cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_LAB2RGB))
    within: Picture = np.clip(rgb, 0, 1)
    return within


def colours(palette: Palette) -> Picture:
    """(colours, 3) RGB in [0, 1] of a palette."""
    own: Picture = to_rgb(palette[None])[0]
    return own


def equalised(values: Picture) -> Picture:
    """The same picture (height, width) with an even histogram over [0, 1]."""
    levels = np.clip(values, np.percentile(values, 0.5), np.percentile(values, 99.5))
    spread = np.ptp(levels)
    if spread < 1e-6:
        return np.full_like(values, 0.5)
    scaled = (levels - levels.min()) / spread
    counts = np.bincount((scaled * 255).astype(int).ravel(), minlength=256)
    shares = (np.cumsum(counts) - counts / 2) / counts.sum()
    even: Picture = np.interp(scaled * 255, np.arange(256), shares).astype(np.float32)
    return even


def recoloured(picture: Picture, palette: Palette, evenness: float = 0.6, own_hue: float = 0.35) -> Picture:
    """A picture in the colours of a palette.

    Args:
        picture: RGB in [0, 1].
        palette: the colours.
        evenness: how far lightness is spread evenly over the palette, 0 to 1.
        own_hue: how much pixels of like lightness may differ in palette colour by their own hue, 0 to 1.
    """
    lab = to_lab(picture)
    place = (1 - evenness) * lab[..., 0] / 100 + evenness * equalised(lab[..., 0])
    wanted = np.concatenate((place[..., None] * np.ptp(palette[:, 0]) + palette[0, 0], lab[..., 1:]), -1)
    scale = np.array([1, own_hue, own_hue], np.float32)
    distance = np.square((wanted[:, :, None] - palette) * scale).sum(-1)
    weight = np.exp(-(distance - distance.min(-1, keepdims=True)) / 120)
    mixed = (weight[..., None] * palette).sum(2) / weight.sum(-1)[..., None]
    mixed[..., 0] = 0.5 * mixed[..., 0] + 0.5 * wanted[..., 0]
    return to_rgb(mixed.astype(np.float32))


def posterised(picture: Picture, palette: Palette) -> Picture:
    """Every pixel in the palette colour that is nearest by lightness rank and hue."""
    lab = to_lab(picture)
    wanted = np.concatenate(
        (palette[0, 0] + equalised(lab[..., 0])[..., None] * np.ptp(palette[:, 0]), lab[..., 1:]), -1
    )
    distance = np.square((wanted[:, :, None] - palette) * np.array([1, 0.35, 0.35])).sum(-1)
    flat: Picture = colours(palette)[distance.argmin(-1)]
    return flat


def grey(picture: Picture) -> Picture:
    """Lightness (height, width) in [0, 1]."""
    return np.ascontiguousarray(to_lab(picture)[..., 0] / 100)


def _floats(values: Any) -> Picture:
    return np.asarray(values, np.float32)
