"""How much of the photo a painting keeps, pixel by pixel and neighbourhood by neighbourhood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import delta_e_2000, rgb_to_lab
from styletransfer.imaging.filters import Grey, blur, gaussian_kernel, luma

_WINDOW = gaussian_kernel(sigma=1.5, radius=5)
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB of two pictures of the same shape; infinite when they are equal."""
    _require_same_shape(first, second)
    squared_error = float(np.mean((first.astype(np.float32) - second) ** 2, dtype=np.float64))
    return float("inf") if squared_error == 0 else 10 * float(np.log10(255**2 / squared_error))


def ssim(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Mean structural similarity of two RGB pictures' luma: 1 when equal, near 0 when unrelated.

    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", IEEE Trans. Image Processing 13(4), 2004, eq. 13, with its Gaussian window of 11 by 11 px
    and sigma 1.5, where the window fits.

    Raises:
        ValueError: the shapes differ, or a side is shorter than the window's 11 px.
    """
    _require_same_shape(first, second)
    if min(first.shape[:2]) < len(_WINDOW):
        raise ValueError(f"SSIM needs at least {len(_WINDOW)} px a side, not {first.shape[:2]}")
    return grey_ssim(luma(first), luma(second))


def grey_ssim(x: Grey, y: Grey) -> float:
    """``ssim`` of two grey pictures (height, width) in [0, 255]."""
    mean_x, mean_y, mean_squares, mean_product = blur(np.stack((x, y, x * x + y * y, x * y)), _WINDOW)
    product = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    covariance = mean_product - product
    variances = mean_squares - squares
    similarity = (2 * product + _C1) * (2 * covariance + _C2) / ((squares + _C1) * (variances + _C2))
    return float(similarity.mean(dtype=np.float64))


def colour_difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[float, float]:
    """(mean, median) CIEDE2000 difference of two RGB pictures of the same shape."""
    _require_same_shape(first, second)
    differences = delta_e_2000(rgb_to_lab(first), rgb_to_lab(second))
    return float(differences.mean(dtype=np.float64)), float(np.median(differences))


def _require_same_shape(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> None:
    if first.shape != second.shape:
        raise ValueError(f"pictures of one size are needed, not {first.shape} and {second.shape}")
