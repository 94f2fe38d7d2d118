"""The colour of the light in a photo, as a small network reads it, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.colour import Floats
from styletransfer.imaging.unify.illuminant_network import SIDE, shipped_network

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear sRGB in luminance Y (IEC 61966-2-1)."""

_CLIPPED = 235  # 8-bit values above it have lost their colour in the camera's shoulder
_FEWEST_USABLE = 1e-3  # share of the pixels
_DOUBTFUL = 0.1  # an expected error, as a natural logarithm, at which confidence is one half


@dataclass(frozen=True)
class Illuminant:
    """An estimated light.

    Attributes:
        white: (3,) linear sRGB that a neutral grey takes on in this light, scaled to luminance 1.
        confidence: 0 to 1; 0.5 where the channels' ratios are expected to be wrong by 10 %.
    """

    white: NDArray[np.float64]
    confidence: float


def estimate_illuminant(pixels: NDArray[np.uint8], alpha: Floats) -> Illuminant:
    """Light of a photo; white, without confidence, where nearly every pixel is blown out.

    Args:
        pixels: (height, width, 3) uint8 sRGB.
        alpha: (height, width) mask of the subject in [0, 1]; 0 all over where it is not known.
    """
    if (pixels.max(axis=2) < _CLIPPED).mean() < _FEWEST_USABLE:
        return Illuminant(np.ones(3), 0.0)
    size = (SIDE, SIDE)
    small = Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.BOX)
    mask = Image.fromarray(alpha.astype(np.float32)).resize(size, Image.Resampling.BOX)
    (red, blue), error = shipped_network()(np.asarray(small), np.asarray(mask))
    white = np.array([np.exp(red), 1.0, np.exp(blue)])
    return Illuminant(white / (white @ LUMINANCE), 1 / (1 + (error / _DOUBTFUL) ** 2))
