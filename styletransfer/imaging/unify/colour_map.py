"""One colour map for a whole picture: every pixel alike, so nothing can bend, smear or lose a letter.

A map is white balance and exposure as one 3 x 3 matrix in linear light, then a rising tone curve. The curve
acts on the largest and the smallest channel and places the middle one between them in proportion, as the
"profile tone curve" of the Adobe DNG Specification does: hue stays, and nothing leaves the gamut. A shop that
matches tones adds a ``grade`` after them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from styletransfer.imaging.colour import Floats, linear_to_srgb, srgb_to_linear
from styletransfer.imaging.unify.grade import Grade
from styletransfer.imaging.unify.illuminant import LUMINANCE

LUT_SIZE = 33
GRADED_LUT_SIZE = 49  # a grade is steeper

_KNEE = 0.75


def adaptation(source: Floats, target: Floats) -> NDArray[np.float64]:
    """(3, 3) linear sRGB matrix that turns the ``source`` white into the ``target`` white.

    Von Kries scaling, channel by channel. The primaries of sRGB are sharp enough for it (Finlayson, Drew,
    Funt, "Spectral sharpening", J. Opt. Soc. Am. A 11(5), 1994), and as no channel leaks into another,
    nothing turns negative. Both are (3,) linear sRGB; their luminances are made equal first, so exposure
    is not touched.
    """
    matrix: NDArray[np.float64] = np.diag(target / (target @ LUMINANCE) * (source @ LUMINANCE) / source)
    return matrix


@dataclass(frozen=True, eq=False)
class ColourMap:
    """A global colour map.

    Attributes:
        matrix: (3, 3) on linear sRGB: white balance and exposure, the change of light itself.
        bend: contrast of the tone curve around ``pivot``; 1 leaves tones alone, above 1 steepens.
        pivot: sRGB value in (0, 1) that the curve leaves in place.
        grade: what matches tones beyond the light, or None.
    """

    matrix: NDArray[np.float64]
    bend: float = 1.0
    pivot: float = 0.5
    grade: Grade | None = None

    def light_only(self) -> ColourMap:
        """The same change of light without tone curve and grade."""
        return ColourMap(self.matrix)

    def apply_exactly(self, srgb: Floats) -> Floats:
        """Map sRGB values (..., 3) in [0, 1] to sRGB values in [0, 1], formula by formula."""
        linear = srgb_to_linear(srgb)
        lit = np.maximum(linear @ self.matrix.T.astype(linear.dtype), 0)
        lit = _keep_blown_out_white(linear, lit)
        top, bottom = lit.max(axis=-1, keepdims=True), lit.min(axis=-1, keepdims=True)
        new_top, new_bottom = self.tone(top), self.tone(bottom)
        share = np.where(top > bottom, (lit - bottom) / np.maximum(top - bottom, 1e-9), 0)
        toned = linear_to_srgb(new_bottom + share * (new_top - new_bottom))
        return toned if self.grade is None else self.grade.apply_exactly(toned)

    def tone(self, linear: Floats) -> Floats:
        """The tone curve on linear values of 0 and above; rises everywhere, and ends within [0, 1]."""
        brightest = max(1.0, float(self.matrix.sum(axis=1).max()))
        encoded = linear_to_srgb(_roll_off(linear, brightest))
        return srgb_to_linear(bend_curve(encoded, self.bend, self.pivot))

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Map pixels (height, width, 3 or 4) uint8; alpha is passed through.

        A table with linear interpolation: within 2/255 of ``apply_exactly``, 3/255 with a grade.
        """
        if self.is_identity():
            return pixels.copy()
        mapped = np.asarray(Image.fromarray(np.ascontiguousarray(pixels[..., :3])).filter(self._table()))
        return mapped if pixels.shape[2] == 3 else np.dstack((mapped, pixels[..., 3]))

    def is_identity(self) -> bool:
        """Whether the map changes nothing."""
        return (
            self.bend == 1.0 and self.grade is None and bool(np.allclose(self.matrix, np.eye(3), atol=1e-9))
        )

    def _table(self) -> ImageFilter.Color3DLUT:
        size = LUT_SIZE if self.grade is None else GRADED_LUT_SIZE
        steps = np.linspace(0, 1, size)
        blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
        values = self.apply_exactly(np.stack((red, green, blue), axis=-1))
        return ImageFilter.Color3DLUT(size, values.astype(np.float32).ravel().tolist())


def bend_curve(encoded: Floats, bend: float, pivot: float) -> Floats:
    """Contrast curve on [0, 1] that keeps 0, ``pivot`` and 1 and has slope ``bend`` at the pivot.

    A power curve from 0 to the pivot and its mirror image from there to 1: rising everywhere, without a kink.
    """
    if bend == 1.0:
        return encoded
    below = pivot * np.power(np.clip(encoded / pivot, 0, 1), bend)
    above = 1 - (1 - pivot) * np.power(np.clip((1 - encoded) / (1 - pivot), 0, 1), bend)
    bent: Floats = np.where(encoded < pivot, below, above)
    return bent


def _roll_off(linear: Floats, brightest: float) -> Floats:
    """Compress [knee, brightest] smoothly into [knee, 1], with slope 1 at the knee; no change below it."""
    if brightest <= 1:
        clipped: Floats = np.clip(linear, 0, 1)
        return clipped
    # x / (1 + x / room), stretched so that the brightest value lands on 1.
    over = np.clip(linear - _KNEE, 0, brightest - _KNEE)
    span, room = brightest - _KNEE, 1 - _KNEE
    curvature = (span / room - 1) / span
    return np.where(linear <= _KNEE, linear, _KNEE + over / (1 + curvature * over))


def _keep_blown_out_white(linear: Floats, lit: Floats) -> Floats:
    """Where every channel had reached the sensor's end, the colour is unknown: leave it white, not tinted."""
    blown = np.clip((linear.min(axis=-1, keepdims=True) - 0.86) / 0.12, 0, 1)
    kept: Floats = lit + blown * (lit.max(axis=-1, keepdims=True) - lit)
    return kept
