"""The guided filter: a mask that follows the edges of the photo, at any resolution.

He, Sun, Tang, "Guided image filtering", IEEE Trans. PAMI 35(6), 2013, with a colour guide (eqs. 19 to 21),
and He, Sun, "Fast guided filter", arXiv 1505.00996, 2015: the filter's linear coefficients are found on a
small picture and applied to the large one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.masks.base import Alpha, Pixels

Floats = NDArray[np.float32]

# Upper triangle of the symmetric 3 by 3 covariance.
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def guided_filter(pixels: Pixels, alpha: Alpha, radius: int, epsilon: float = 1e-4) -> Alpha:
    """Alpha (height, width) in [0, 1] drawn to the edges of RGB pixels of the same size.

    Args:
        pixels: (height, width, 3) uint8.
        alpha: (height, width) float32.
        radius: of the window, in pixels.
        epsilon: squared contrast, of a picture in [0, 1], below which the guide is taken as flat.
    """
    guide = pixels.astype(np.float32) / np.float32(255)
    return _apply(guide, *_coefficients(guide, alpha, radius, epsilon))


def upsample_alpha(
    pixels: Pixels, small_pixels: Pixels, small_alpha: Alpha, radius: int, epsilon: float = 1e-4
) -> Alpha:
    """Alpha of a small picture, brought to the full picture's size along the full picture's edges.

    Args:
        pixels: (height, width, 3) uint8.
        small_pixels: the same picture, (small height, small width, 3) uint8.
        small_alpha: (small height, small width) float32.
        radius: in pixels of the small picture.
        epsilon: as for ``guided_filter``.
    """
    height, width = pixels.shape[:2]
    small_guide = small_pixels.astype(np.float32) / np.float32(255)
    slope, offset = _coefficients(small_guide, small_alpha, radius, epsilon)
    slope = np.asarray(cv2.resize(slope, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    offset = np.asarray(cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return _apply(pixels.astype(np.float32) / np.float32(255), slope, offset)


def _apply(guide: Floats, slope: Floats, offset: Floats) -> Alpha:
    return np.asarray(np.clip(np.einsum("ijk,ijk->ij", guide, slope) + offset, 0, 1), np.float32)


def _coefficients(guide: Floats, alpha: Alpha, radius: int, epsilon: float) -> tuple[Floats, Floats]:
    """Slope (height, width, 3) and offset (height, width) of alpha as a linear function of colour."""
    mean_guide, mean_alpha = _box(guide, radius), _box(alpha, radius)
    covariance = np.stack([_box(guide[..., i] * guide[..., j], radius) for i, j in _PAIRS], axis=-1)
    covariance -= np.stack([mean_guide[..., i] * mean_guide[..., j] for i, j in _PAIRS], axis=-1)
    with_alpha = _box(guide * alpha[..., None], radius) - mean_guide * mean_alpha[..., None]
    slope = _solve_symmetric(covariance, epsilon, with_alpha)
    offset = mean_alpha - np.einsum("ijk,ijk->ij", slope, mean_guide)
    return _box(slope, radius), _box(offset, radius)


def _solve_symmetric(covariance: Floats, epsilon: float, right: Floats) -> Floats:
    """(covariance + epsilon I)^-1 right at every pixel, by the adjugate."""
    a, b, c, d, e, f = (covariance[..., index] for index in range(6))
    a, d, f = a + epsilon, d + epsilon, f + epsilon
    ca, cb, cc = d * f - e * e, c * e - b * f, b * e - c * d
    cd, ce, cf = a * f - c * c, b * c - a * e, a * d - b * b
    determinant = a * ca + b * cb + c * cc
    x, y, z = right[..., 0], right[..., 1], right[..., 2]
    solution = np.stack(
        (ca * x + cb * y + cc * z, cb * x + cd * y + ce * z, cc * x + ce * y + cf * z), axis=-1
    )
    return (solution / determinant[..., None]).astype(np.float32)


def _box(values: Floats, radius: int) -> Floats:
    side = 2 * radius + 1
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
