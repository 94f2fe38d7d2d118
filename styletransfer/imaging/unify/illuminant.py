"""The colour of the light in a photo, guessed as a careful eye does: several cues, and doubt where they fail.

Three classic estimators vote, each right for another kind of photo:

* shades of grey, the Minkowski mean of order 6 (Finlayson, Trezzi, "Shades of gray and colour constancy",
  Color Imaging Conference 2004);
* the brightest surfaces, mean of the top 3 % (Joze et al., "The role of bright pixels in illumination
  estimation", Color Imaging Conference 2012);
* grey pixels, whose local contrast is the same in all channels (Yang, Gao, Li, "Efficient illuminant
  estimation for color constancy using grey pixels", CVPR 2015).

Their median is then weighed by what lights exist: lamps and daylight lie near one line from orange to blue. A
guess far off that line is more likely a pink wall than a pink lamp, so it is believed less; a very strong one
is more likely a wooden table, so it is compressed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import Floats
from styletransfer.imaging.filters import blur, gaussian_kernel

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear sRGB in luminance Y (IEC 61966-2-1)."""

_CLIPPED = 235  # 8-bit values above it have lost their colour in the camera's shoulder
_MINKOWSKI_ORDER = 6
_BRIGHT_SHARE = 0.03
_GREY_SHARE = 0.01

# From tungsten (CIE A) to daylight in (log R/G, log B/G) of linear sRGB, as a unit vector, and its normal.
_LAMP_LINE = np.array([1.0, -1.55]) / np.hypot(1.0, 1.55)
_OFF_LINE = np.array([1.55, 1.0]) / np.hypot(1.0, 1.55)
_OFF_LINE_DOUBT = 0.5
_STRONGEST = 1.5


@dataclass(frozen=True)
class Illuminant:
    """An estimated light.

    Attributes:
        white: (3,) linear sRGB that a neutral grey takes on in this light, scaled to luminance 1.
        confidence: 0 to 1; how well the cues agree, and how much such a light is seen in practice.
    """

    white: NDArray[np.float64]
    confidence: float


def estimate_illuminant(pixels: NDArray[np.uint8], linear: Floats) -> Illuminant:
    """Light of a photo.

    Args:
        pixels: (height, width, 3) uint8 sRGB, best 256 px on its longer side.
        linear: the same in linear light, [0, 1].
    """
    usable = pixels.max(axis=2) < _CLIPPED
    if usable.sum() < 64:
        return Illuminant(np.ones(3), 0.0)
    guesses = np.array(
        [
            _log_chroma(_minkowski_mean(linear[usable])),
            _log_chroma(_brightest(linear[usable])),
            _log_chroma(_grey_pixels(linear, usable)),
        ]
    )
    return _weigh(guesses)


def _weigh(guesses: NDArray[np.float64]) -> Illuminant:
    """Believe the middle of several (count, 2) log chromaticities as far as such lights exist."""
    middle = np.median(guesses, axis=0)
    along, off = middle @ _LAMP_LINE, middle @ _OFF_LINE
    belief = 1 / (1 + (off / _OFF_LINE_DOUBT) ** 2)
    along = _STRONGEST * np.tanh(along / _STRONGEST)
    red, blue = belief * (along * _LAMP_LINE + off * _OFF_LINE)
    white = np.array([np.exp(red), 1.0, np.exp(blue)])
    scatter = float(np.linalg.norm(guesses - middle, axis=1).mean())
    return Illuminant(white / (white @ LUMINANCE), float(belief / (1 + (scatter / 0.25) ** 2)))


def _log_chroma(colour: Floats) -> NDArray[np.float64]:
    red, green, blue = np.maximum(np.asarray(colour, np.float64), 1e-4)
    return np.array([np.log(red / green), np.log(blue / green)])


def _mean(colours: Floats) -> Floats:
    mean: Floats = colours.mean(axis=0)
    return mean


def _minkowski_mean(linear: Floats) -> Floats:
    mean: Floats = (linear.astype(np.float64) ** _MINKOWSKI_ORDER).mean(axis=0) ** (1 / _MINKOWSKI_ORDER)
    return mean


def _brightest(linear: Floats) -> Floats:
    luminance = linear @ LUMINANCE
    brightest: Floats = linear[luminance >= np.quantile(luminance, 1 - _BRIGHT_SHARE)].mean(axis=0)
    return brightest


def _grey_pixels(linear: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Mean colour of the pixels whose contrast against their surroundings is most alike in all channels."""
    if min(linear.shape[:2]) < 32:
        return _mean(linear[usable])
    logs = np.log(np.maximum(linear, 1e-3)).astype(np.float32).transpose(2, 0, 1)
    fine, coarse = gaussian_kernel(0.5, 6), gaussian_kernel(2.0, 6)
    contrast = blur(logs, fine) - blur(logs, coarse)
    strength = np.linalg.norm(contrast, axis=0)
    unlike = blur((contrast.std(axis=0) / (strength + 1e-6))[None], np.full(7, 1 / 7, np.float32))[0]
    inner, core = linear[9:-9, 9:-9], usable[9:-9, 9:-9] & (strength[3:-3, 3:-3] > 0.02)
    if core.sum() < 64:
        return _mean(linear[usable])
    index = unlike / np.maximum(inner.mean(axis=2), 1e-3)
    grey: Floats = inner[core & (index <= np.quantile(index[core], _GREY_SHARE))].mean(axis=0)
    return grey
