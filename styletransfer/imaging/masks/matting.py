"""Soft edges: alpha at full resolution, edge pixels freed from the old background, and compositing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import linear_to_srgb, srgb_to_linear
from styletransfer.imaging.masks.base import Alpha, MaskError, Pixels, check_pixels
from styletransfer.imaging.masks.guided import guided_filter
from styletransfer.imaging.masks.outline import window_around
from styletransfer.imaging.masks.regions import disc

Floats = NDArray[np.float32]

_LINEAR_OF_BYTE = srgb_to_linear(np.arange(256) / 255).astype(np.float32)
_SURE = 0.02
_TELLABLE = 0.1  # of the range of sRGB

# Germer et al., §3.2 and their reference settings: smoothness, its growth at alpha's edges, and the sweeps.
_SMOOTHNESS = 1e-5
_EDGE_SMOOTHNESS = 1.0
_SWEEPS_SMALL, _SWEEPS_LARGE, _SMALL_SIDE = 10, 2, 32


def refine_alpha(pixels: Pixels, alpha: Alpha, band: int | None = None, epsilon: float = 1e-4) -> Alpha:
    """Alpha drawn to the photo's own edges within a band around its outline, and unchanged elsewhere.

    Inside the band, alpha is where the pixel's colour lies on the line between the product's colour and the
    background's just outside the band; a guided filter smooths it along the photo's edges. Where the two
    colours are too near to tell apart, the old alpha stays.

    Args:
        pixels: (height, width, 3 or 4) uint8.
        alpha: (height, width) float32 in [0, 1].
        band: half width of the unknown band in pixels; by default 0.6 % of the longest side, at least 2.
        epsilon: squared contrast, of a picture in [0, 1], below which the photo is taken as flat.

    Returns:
        (height, width) float32 in [0, 1].

    Raises:
        MaskError: the sizes differ.
    """
    _check_alpha(pixels, alpha)
    radius = max(2, round(0.006 * max(alpha.shape))) if band is None else band
    unknown = _unknown_band(alpha, radius)
    window = window_around(unknown, margin=2 * radius)
    if window is None:
        return alpha
    refined = alpha.copy()
    rgb = np.ascontiguousarray(pixels[..., :3][window])
    projected = _project(rgb, alpha[window], unknown[window], 2.0 * radius)
    filtered = guided_filter(rgb, projected, max(2, radius // 2), epsilon)
    refined[window] = np.where(unknown[window], filtered, alpha[window])
    return refined


def _project(rgb: Pixels, alpha: Alpha, unknown: NDArray[np.bool_], reach: float) -> Alpha:
    """Alpha by the place of each unknown colour between the known colours within ``reach`` pixels."""
    colours = rgb.astype(np.float32) / np.float32(255)
    product, product_weight = _nearby_mean(colours, ~unknown & (alpha >= 0.5), reach)
    backdrop, backdrop_weight = _nearby_mean(colours, ~unknown & (alpha < 0.5), reach)
    line = product - backdrop
    length = (line**2).sum(axis=-1)
    place = np.clip(((colours - backdrop) * line).sum(axis=-1) / np.maximum(length, 1e-6), 0, 1)
    trust = np.clip(np.sqrt(length) / _TELLABLE - 0.5, 0, 1)
    trust *= unknown & (product_weight > 1e-3) & (backdrop_weight > 1e-3)
    return np.asarray(alpha + trust * (place - alpha), np.float32)


def _nearby_mean(colours: Floats, known: NDArray[np.bool_], reach: float) -> tuple[Floats, Floats]:
    """Gaussian mean (height, width, 3) of the known pixels' colours, and how much of them is near."""
    weight = known.astype(np.float32)
    near = np.asarray(cv2.GaussianBlur(weight, (0, 0), reach), np.float32)
    total = np.asarray(cv2.GaussianBlur(colours * weight[..., None], (0, 0), reach), np.float32)
    return np.asarray(total / np.maximum(near, 1e-6)[..., None], np.float32), near


def estimate_foreground(pixels: Pixels, alpha: Alpha) -> Pixels:
    """The product's own colours: edge pixels lose what shone in from the old background.

    Germer, Uelwer, Conrad, Harmeling, "Fast multi-level foreground estimation", ICPR 2020, eqs. 4 to 7: at
    every level of a pyramid, each pixel's foreground F and background B minimise
    (alpha F + (1 - alpha) B - I)^2 plus their differences from the neighbours' F and B. Only pixels that are
    neither product nor background change.

    Args:
        pixels: (height, width, 3 or 4) uint8.
        alpha: (height, width) float32 in [0, 1].

    Returns:
        (height, width, 3) uint8 to be laid over a new background with ``composite``.

    Raises:
        MaskError: the sizes differ.
    """
    _check_alpha(pixels, alpha)
    rgb = np.ascontiguousarray(pixels[..., :3])
    unknown = alpha < 1 - _SURE
    unknown &= cv2.dilate((alpha > _SURE).astype(np.uint8), disc(2)) > 0
    window = window_around(unknown, margin=16)
    if window is None:
        return rgb
    estimated = _solve_levels(rgb[window].astype(np.float32) / np.float32(255), alpha[window])
    result = rgb.copy()
    changed = np.rint(np.clip(estimated, 0, 1) * 255).astype(np.uint8)
    result[window] = np.where(unknown[window][..., None], changed, rgb[window])
    return result


def composite(foreground: Pixels, background: Pixels, alpha: Alpha) -> Pixels:
    """Lay a foreground over a background, mixing in linear light as a lens does; (height, width, 3) uint8.

    Where alpha is 0 or 1 the pixels are those of one picture, bit for bit.

    Args:
        foreground: (height, width, 3) uint8.
        background: (height, width, 3) uint8, or one colour (3,) uint8.
        alpha: (height, width) float32 in [0, 1].

    Raises:
        MaskError: the sizes differ.
    """
    _check_alpha(foreground, alpha)
    result = np.array(np.broadcast_to(background, foreground.shape), np.uint8)
    opaque = alpha >= 1
    result[opaque] = foreground[opaque]
    mixed = (alpha > 0) & ~opaque
    weight = alpha[mixed][:, None]
    light = _LINEAR_OF_BYTE[foreground[mixed]] * weight + _LINEAR_OF_BYTE[result[mixed]] * (1 - weight)
    result[mixed] = np.rint(linear_to_srgb(light) * 255).astype(np.uint8)
    return result


def _solve_levels(picture: Floats, alpha: Alpha) -> Floats:
    """Foreground (height, width, 3) in [0, 1], from a one-pixel picture up to the full size."""
    height, width = alpha.shape
    levels = max(1, int(np.ceil(np.log2(max(height, width)))))
    foreground = _mean_colour(picture, alpha)
    background = _mean_colour(picture, 1 - alpha)
    for level in range(levels + 1):
        size = (max(1, round(width ** (level / levels))), max(1, round(height ** (level / levels))))
        small_picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
        small_alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
        foreground = _resize_nearest(foreground, size)
        background = _resize_nearest(background, size)
        sweeps = _SWEEPS_SMALL if max(size) <= _SMALL_SIDE else _SWEEPS_LARGE
        for _ in range(sweeps):
            foreground, background = _sweep(small_picture, small_alpha, foreground, background)
    return foreground


def _sweep(picture: Floats, alpha: Alpha, foreground: Floats, background: Floats) -> tuple[Floats, Floats]:
    """One Jacobi step: every pixel solves its 2 by 2 system with its neighbours held fixed."""
    padded_alpha = np.pad(alpha, 1, mode="edge")
    padded_f = np.pad(foreground, ((1, 1), (1, 1), (0, 0)), mode="edge")
    padded_b = np.pad(background, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = alpha.shape
    total = np.zeros((height, width, 1), np.float32)
    sum_f, sum_b = np.zeros_like(foreground), np.zeros_like(background)
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        near = (slice(down, down + height), slice(right, right + width))
        weight = (_SMOOTHNESS + _EDGE_SMOOTHNESS * np.abs(padded_alpha[near] - alpha))[..., None]
        total += weight
        sum_f += weight * padded_f[near]
        sum_b += weight * padded_b[near]
    a = alpha[..., None]
    rest = 1 - a
    ff, fb, bb = a * a + total, a * rest, rest * rest + total
    right_f, right_b = a * picture + sum_f, rest * picture + sum_b
    determinant = ff * bb - fb * fb
    new_f = np.clip((bb * right_f - fb * right_b) / determinant, 0, 1)
    new_b = np.clip((ff * right_b - fb * right_f) / determinant, 0, 1)
    return new_f.astype(np.float32), new_b.astype(np.float32)


def _mean_colour(picture: Floats, weight: Alpha) -> Floats:
    total = max(float(weight.sum()), 1e-6)
    mean: Floats = (picture * weight[..., None]).sum(axis=(0, 1), keepdims=True) / np.float32(total)
    return mean


def _resize_nearest(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_NEAREST), np.float32)


def _unknown_band(alpha: Alpha, radius: int) -> NDArray[np.bool_]:
    """Pixels within ``radius`` of the outline or of anything half transparent."""
    inside = (alpha >= 0.5).astype(np.uint8)
    soft = ((alpha > _SURE) & (alpha < 1 - _SURE)).astype(np.uint8)
    outline = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, disc(1))
    band: NDArray[np.bool_] = cv2.dilate(np.maximum(soft, outline), disc(radius)) > 0
    return band


def _check_alpha(pixels: Pixels, alpha: Alpha) -> None:
    check_pixels(pixels)
    if alpha.shape != pixels.shape[:2]:
        raise MaskError(f"the mask {alpha.shape} and the picture {pixels.shape[:2]} must have one size")
