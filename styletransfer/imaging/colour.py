"""sRGB, CIE XYZ (D65) and CIELAB, and the CIEDE2000 colour difference; float32 unless given float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

# IEC 61966-2-1:1999, linear sRGB to CIE XYZ.
_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_XYZ_TO_RGB = np.linalg.inv(_RGB_TO_XYZ)

WHITE_D65 = _RGB_TO_XYZ.sum(axis=1)
"""(3,) XYZ of sRGB white, so that white is exactly L* = 100, a* = b* = 0."""

# CIE 15:2004, §8.2.1.1: below EPSILON the cube root gives way to a line.
_EPSILON = (6 / 29) ** 3
_SLOPE = (29 / 6) ** 2 / 3

_STRIP_PIXELS = 2**17


def srgb_to_linear(srgb: Floats) -> Floats:
    """Undo the sRGB transfer curve (IEC 61966-2-1); values in [0, 1], any shape."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0.0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: Floats) -> Floats:
    """Apply the sRGB transfer curve (IEC 61966-2-1); values in [0, 1], any shape."""
    curved = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, curved)


def linear_to_xyz(linear: Floats) -> Floats:
    """Linear sRGB (..., 3) in [0, 1] to XYZ (..., 3) with Y of white = 1."""
    return _transform(linear, _RGB_TO_XYZ)


def xyz_to_linear(xyz: Floats) -> Floats:
    """XYZ (..., 3) with Y of white = 1 to linear sRGB (..., 3); outside [0, 1] where sRGB cannot show it."""
    return _transform(xyz, _XYZ_TO_RGB)


def _transform(values: Floats, matrix: NDArray[np.float64]) -> Floats:
    # A matrix product would wake BLAS threads, which on busy cores wait longer than this takes.
    transformed: Floats = np.einsum("...i,ji->...j", values, matrix.astype(values.dtype))
    return transformed


def xyz_to_lab(xyz: Floats) -> Floats:
    """XYZ (..., 3) to CIELAB (..., 3) under D65 (CIE 15:2004, §8.2.1.1); L* in [0, 100]."""
    ratio = xyz / WHITE_D65.astype(xyz.dtype)
    root = np.where(ratio > _EPSILON, np.cbrt(ratio), _SLOPE * ratio + 4 / 29)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def lab_to_xyz(lab: Floats) -> Floats:
    """CIELAB (..., 3) to XYZ (..., 3); the inverse of ``xyz_to_lab``."""
    y = (lab[..., 0] + 16) / 116
    root = np.stack((y + lab[..., 1] / 500, y, y - lab[..., 2] / 200), axis=-1)
    ratio = np.where(root > 6 / 29, root**3, (root - 4 / 29) / _SLOPE)
    xyz: Floats = ratio * WHITE_D65.astype(lab.dtype)
    return xyz


# Every 8-bit value's linear light, so that pictures need no powers.
_LINEAR_OF_BYTE = srgb_to_linear(np.arange(256) / 255).astype(np.float32)


def rgb_to_lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIELAB (..., 3) float32 of sRGB pixels (..., 3) uint8, in strips so that memory stays bounded."""
    flat = pixels.reshape(-1, 3)
    lab: NDArray[np.float32] = _by_strips(flat, _strip_to_lab, np.float32).reshape(pixels.shape)
    return lab


def lab_to_rgb(lab: Floats) -> NDArray[np.uint8]:
    """Give sRGB pixels (..., 3) uint8 of CIELAB (..., 3); colours out of reach are clipped by channel."""
    flat: NDArray[np.uint8] = _by_strips(lab.reshape(-1, 3), _strip_to_rgb, np.uint8)
    return flat.reshape(lab.shape)


def _strip_to_lab(pixels: NDArray[np.uint8]) -> Floats:
    return xyz_to_lab(linear_to_xyz(_LINEAR_OF_BYTE[pixels]))


def _strip_to_rgb(lab: Floats) -> NDArray[np.uint8]:
    srgb = linear_to_srgb(xyz_to_linear(lab_to_xyz(lab)))
    return np.rint(np.clip(srgb, 0, 1) * 255).astype(np.uint8)


def _by_strips(values: Any, convert: Callable[[Any], Any], dtype: type) -> Any:
    converted = np.empty(values.shape, dtype)
    for start in range(0, len(values), _STRIP_PIXELS):
        strip = slice(start, start + _STRIP_PIXELS)
        converted[strip] = convert(values[strip])
    return converted


def delta_e_2000(first: Floats, second: Floats) -> Floats:
    """CIEDE2000 difference (...) of two CIELAB arrays (..., 3); 1 is about the least one can see.

    Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary test
    data, and mathematical observations", Color Research and Application 30(1), 2005, eqs. 2-22, with
    k_L = k_C = k_H = 1.
    """
    lightness_1, a_1, b_1 = first[..., 0], first[..., 1], first[..., 2]
    lightness_2, a_2, b_2 = second[..., 0], second[..., 1], second[..., 2]

    mean_chroma = (np.hypot(a_1, b_1) + np.hypot(a_2, b_2)) / 2
    grey_shift = 1.5 - 0.5 * np.sqrt(_chroma_ratio(mean_chroma))
    a_1, a_2 = a_1 * grey_shift, a_2 * grey_shift
    chroma_1, chroma_2 = np.hypot(a_1, b_1), np.hypot(a_2, b_2)
    hue_1, hue_2 = np.arctan2(b_1, a_1), np.arctan2(b_2, a_2)
    coloured = chroma_1 * chroma_2 > 0

    # The shorter way round the hue circle, and the mean hue on that way.
    turn = hue_2 - hue_1
    turn = np.where(coloured, turn - 2 * np.pi * np.rint(turn / (2 * np.pi)), 0)
    hue = np.where(coloured, hue_1 + turn / 2, hue_1 + hue_2)

    lightness = (lightness_1 + lightness_2) / 2
    chroma = (chroma_1 + chroma_2) / 2
    weight_lightness = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    weight_chroma = 1 + 0.045 * chroma
    weight_hue = 1 + 0.015 * chroma * _hue_weight(hue)

    step_lightness = (lightness_2 - lightness_1) / weight_lightness
    step_chroma = (chroma_2 - chroma_1) / weight_chroma
    step_hue = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(turn / 2) / weight_hue
    cross = _blue_rotation(hue, chroma) * step_chroma * step_hue
    squared: Floats = step_lightness**2 + step_chroma**2 + step_hue**2 + cross
    return np.sqrt(np.maximum(squared, 0))


def _chroma_ratio(chroma: Floats) -> Floats:
    """C^7 / (C^7 + 25^7), written so that float32 does not overflow."""
    power = (chroma / 25) ** 7
    ratio: Floats = power / (power + 1)
    return ratio


def _hue_weight(hue: Floats) -> Floats:
    """T of eq. 15; ``hue`` in radians."""
    weight: Floats = (
        1
        - 0.17 * np.cos(hue - math.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + math.radians(6))
        - 0.20 * np.cos(4 * hue - math.radians(63))
    )
    return weight


def _blue_rotation(hue: Floats, chroma: Floats) -> Floats:
    """R_T of eqs. 16, 17 and 21: chroma and hue differences interact in the blues around 275 degrees."""
    from_blue = np.mod(hue, 2 * np.pi) - math.radians(275)
    angle = math.radians(30) * np.exp(-((from_blue / math.radians(25)) ** 2))
    rotation: Floats = -2 * np.sqrt(_chroma_ratio(chroma)) * np.sin(2 * angle)
    return rotation
