"""A photo's light, and the one colour map that brings it to the catalogue's, within limits.

What a change of light can explain (its colour and its amount) is corrected in linear light. What it cannot,
the product's own colour and brightness, is left alone: a red mug stays red, a black speaker black.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.colour import (
    Floats,
    delta_e_2000,
    lab_to_xyz,
    linear_to_srgb,
    linear_to_xyz,
    rgb_to_lab,
    srgb_to_linear,
    xyz_to_lab,
    xyz_to_linear,
)
from styletransfer.imaging.unify.colour_map import ColourMap, adaptation
from styletransfer.imaging.unify.grade import plan_grade
from styletransfer.imaging.unify.illuminant import LUMINANCE, Illuminant, estimate_illuminant
from styletransfer.imaging.unify.settings import LightTarget

SIDE = 256
"""Light is measured on a copy with this longest side, in pixels."""

MAX_TONE_DELTA_E = 2.5
"""Median CIEDE2000 on the subject that tone curve and roll-off may add to a pure change of light."""

MAX_SKIN_TURN = (6.0, 20.0)
"""Degrees of CIELAB hue by which skin-coloured parts may turn: in a doubtful light, and in a sure one."""

MAX_COLOUR_TURN = 30.0
"""The same for any coloured part: what turns further was the product's own colour, not the light's."""

# The 97th percentile of a scene's luminance is read as its white; fitted shrinkage of that reading.
_WHITE_QUANTILE = 0.97
_WHITE_BELIEF = 0.95
_EXPOSURE_LIMITS = (-0.7, 1.8)  # stops
_FULL_LIGHT = 0.7  # the strictness from which light is corrected as far as it is known
_SURE_ENOUGH = 0.4  # the confidence from which its colour is
_BEND_LIMITS = (0.8, 1.3)
_LEAST_PIXELS = 16
_COLOURED = 12.0  # CIELAB chroma from which hue means something


@dataclass(frozen=True, eq=False)
class LightMeasure:
    """The light of one photo.

    Attributes:
        illuminant: colour of the light.
        exposure: stops by which the scene's white is brighter (+) or darker (-) than sRGB white.
        subject: (3,) mean CIELAB of the subject.
        background: (3,) median CIELAB of the background; NaN when the subject fills the photo.
        evenness: standard deviation of the background's lightness; NaN as above.
        contrast: standard deviation of the subject's lightness.
        black: 1st percentile of the subject's lightness.
        white: 99th percentile of the subject's lightness.
    """

    illuminant: Illuminant
    exposure: float
    subject: NDArray[np.float64]
    background: NDArray[np.float64]
    evenness: float
    contrast: float
    black: float
    white: float


def measure_light(pixels: NDArray[np.uint8], alpha: NDArray[np.float32]) -> LightMeasure:
    """Measure a photo (height, width, 3) uint8 whose subject is where ``alpha`` (height, width) is near 1.

    A mask without any subject is read as "the whole picture is the subject".
    """
    small, inside = _shrunk(pixels, alpha)
    linear = srgb_to_linear(small.astype(np.float32) / 255)
    lab = rgb_to_lab(small)
    subject, background = lab[_subject_pixels(inside)], lab[inside < 0.02]
    lightness = subject[:, 0]
    black, white = np.quantile(lightness, (0.01, 0.99))
    scene_white = float(np.quantile(linear @ LUMINANCE, _WHITE_QUANTILE))
    has_background = len(background) >= _LEAST_PIXELS
    return LightMeasure(
        illuminant=estimate_illuminant(small, inside),
        exposure=float(np.log2(max(scene_white, 1e-3))),
        subject=subject.mean(axis=0, dtype=np.float64),
        background=np.median(background, axis=0).astype(np.float64) if has_background else np.full(3, np.nan),
        evenness=float(background[:, 0].std()) if has_background else float("nan"),
        contrast=float(lightness.std()),
        black=float(black),
        white=float(white),
    )


def target_of(measures: Iterable[LightMeasure], *, keep_white: bool = False) -> LightTarget:
    """The median light of one or more pictures, as a target: of references, or of the catalogue itself.

    Args:
        measures: at least one.
        keep_white: aim at the pictures' own light and exposure; otherwise at neutral, as a white page needs.

    Raises:
        ValueError: no measures.
    """
    known = list(measures)
    if not known:
        raise ValueError("a light target needs at least one measured picture")
    contrast = float(np.median([each.contrast for each in known]))
    if not keep_white:
        return target_at(np.ones(3), 0.0, contrast, np.median([lit_subject(each) for each in known], axis=0))
    white = np.median([each.illuminant.white for each in known], axis=0)
    exposure = float(np.median([each.exposure for each in known]))
    return target_at(white, exposure, contrast, np.median([each.subject for each in known], axis=0))


def target_at(white: Floats, exposure: float, contrast: float, subject: Floats) -> LightTarget:
    """A target as near to the measured numbers as targets may be; the white's largest number becomes 1."""
    red, green, blue = np.clip(white / white.max(), 0.2, 1).tolist()
    lightness, green_red, blue_yellow = subject.tolist()
    return LightTarget(
        white=(red, green, blue),
        exposure=float(np.clip(exposure, -1.5, 0.5)),
        contrast=float(np.clip(contrast, 2, 45)),
        lightness=float(np.clip(lightness, 20, 98)),
        colour=(float(np.clip(green_red, -60, 60)), float(np.clip(blue_yellow, -60, 60))),
    )


def lit_subject(measure: LightMeasure) -> NDArray[np.float64]:
    """(3,) CIELAB that the subject's mean colour has once the photo is brought to neutral light."""
    return in_neutral_light(measure.subject, measure.illuminant.white, measure.exposure)


def in_neutral_light(subject: Floats, white: Floats, exposure: float) -> NDArray[np.float64]:
    """CIELAB (3,) of a colour that was seen in a light of colour ``white`` and ``exposure`` stops."""
    linear = np.clip(xyz_to_linear(lab_to_xyz(np.asarray(subject, np.float64))), 0, 1)
    lit = linear * np.diag(adaptation(np.asarray(white, np.float64), np.ones(3))) * _gain(exposure)
    return xyz_to_lab(linear_to_xyz(np.clip(lit, 0, 1))).astype(np.float64)


def _gain(exposure: float, amount: float = 1.0) -> float:
    """Factor of linear light that undoes as much of an exposure as it is believed."""
    return float(2.0 ** (np.clip(-_WHITE_BELIEF * exposure, *_EXPOSURE_LIMITS) * amount))


def plan_light(
    pixels: NDArray[np.uint8],
    alpha: NDArray[np.float32],
    target: LightTarget,
    strictness: float,
    measure: LightMeasure | None = None,
    *,
    match_tones: float = 0.0,
) -> ColourMap:
    """The colour map from a photo's light to the target.

    Args:
        pixels: (height, width, 3) uint8.
        alpha: (height, width) subject mask in [0, 1].
        target: the light to reach.
        strictness: 0 leaves light and tone alone.
        measure: the photo's own measure, if already taken.
        match_tones: how far the subject's own brightness, contrast and colour go to the target's, 0 to 1.
    """
    if strictness == 0 and match_tones == 0:
        return ColourMap(np.eye(3))
    small, inside = _shrunk(pixels, alpha)
    subject = small[_subject_pixels(inside)].astype(np.float32) / 255
    toned = ColourMap(np.eye(3))
    if strictness > 0:
        measure = measure or measure_light(pixels, alpha)
        toned = _with_tone(subject, _light_map(subject, measure, target, strictness), target, strictness)
    if match_tones == 0:
        return toned
    return replace(toned, grade=plan_grade(_lab(toned.apply_exactly(subject)), target, match_tones))


def _light_map(subject: Floats, measure: LightMeasure, target: LightTarget, strictness: float) -> ColourMap:
    """White balance and exposure; the balance is weakened until skin and product colours keep their hue."""
    amount = min(1.0, strictness / _FULL_LIGHT)
    gain = _gain(measure.exposure - target.exposure, amount)
    white, wanted = measure.illuminant.white, np.array(target.white)
    amount *= min(1.0, measure.illuminant.confidence / _SURE_ENOUGH)
    enough = max(_LEAST_PIXELS, 0.02 * len(subject))
    skin, coloured = is_skin_coloured(subject), np.hypot(*_lab(subject)[:, 1:].T) >= _COLOURED
    doubtful, sure = MAX_SKIN_TURN
    skin_turn = doubtful + (sure - doubtful) * measure.illuminant.confidence
    limits = ((subject[skin], skin_turn), (subject[coloured], MAX_COLOUR_TURN))
    for _ in range(12):
        lit = ColourMap(adaptation(white, white ** (1 - amount) * wanted**amount) * gain)
        if all(len(part) < enough or _hue_turn(part, lit) <= limit for part, limit in limits):
            break
        amount *= 0.85
    return lit


def _with_tone(subject: Floats, lit: ColourMap, target: LightTarget, strictness: float) -> ColourMap:
    """Add the tone curve that brings the subject's contrast towards the target's, within the limit."""
    plain = lit.apply_exactly(subject)
    contrast = max(float(_lab(plain)[:, 0].std()), 1.0)
    pull = 0.5 * strictness
    bend = float(np.clip((target.contrast / contrast) ** pull, *_BEND_LIMITS))
    pivot = float(np.clip(np.median(plain @ LUMINANCE), 0.15, 0.85))
    for _ in range(12):
        toned = ColourMap(lit.matrix, bend, pivot)
        if _beyond_light(subject, toned.apply_exactly(subject)) <= MAX_TONE_DELTA_E:
            return toned
        bend = 1 + (bend - 1) * 0.75
    return lit


def _beyond_light(before: Floats, after: Floats) -> float:
    """Median CIEDE2000 between sRGB colours (count, 3) that no change of light explains.

    The change of light is fitted: the median ratio of each channel in linear light.
    """
    linear = srgb_to_linear(before)
    gains = np.median(srgb_to_linear(after) / np.maximum(linear, 1e-3), axis=0)
    pure = linear_to_srgb(np.clip(linear * gains, 0, 1))
    return float(np.median(delta_e_2000(_lab(pure), _lab(after))))


def is_skin_coloured(srgb: Floats) -> NDArray[np.bool_]:
    """Which sRGB colours (..., 3) in [0, 1] could be skin of any tone (Chai, Ngan, IEEE TCSVT 9(4), 1999)."""
    red, green, blue = srgb[..., 0] * 255, srgb[..., 1] * 255, srgb[..., 2] * 255
    blue_difference = 128 - 0.168736 * red - 0.331264 * green + 0.5 * blue
    red_difference = 128 + 0.5 * red - 0.418688 * green - 0.081312 * blue
    skin: NDArray[np.bool_] = (
        (blue_difference >= 77) & (blue_difference <= 127) & (red_difference >= 133) & (red_difference <= 173)
    )
    return skin


def _hue_turn(srgb: Floats, colour_map: ColourMap) -> float:
    """Degrees by which CIELAB hues (count, 3) turn under a map: the mean, weighted by chroma."""
    before, after = _lab(srgb)[:, 1:], _lab(colour_map.apply_exactly(srgb))[:, 1:]
    across = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    along = (before * after).sum(axis=1)
    weight = np.minimum(np.hypot(*before.T), np.hypot(*after.T))
    turns = np.abs(np.degrees(np.arctan2(across, along)))
    return float((turns * weight).sum() / max(float(weight.sum()), 1e-6))


def _lab(srgb: Floats) -> NDArray[np.float32]:
    return rgb_to_lab(np.rint(np.clip(srgb, 0, 1) * 255).astype(np.uint8))


def _subject_pixels(inside: NDArray[np.float32]) -> NDArray[np.bool_]:
    subject = inside > 0.9
    return subject if subject.sum() >= _LEAST_PIXELS else np.ones(inside.shape, bool)


def _shrunk(
    pixels: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Photo and mask with a longest side of ``SIDE``."""
    scale = min(1.0, SIDE / max(alpha.shape))
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    photo = Image.fromarray(np.ascontiguousarray(pixels[..., :3])).resize(size, Image.Resampling.BOX)
    mask = Image.fromarray(alpha.astype(np.float32)).resize(size, Image.Resampling.BOX)
    return np.asarray(photo), np.asarray(mask)
