"""The few neighbourhood operations that the measures share, in plain numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.float32]

# ITU-R BT.601-7, §2.5.1.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(pixels: NDArray[np.uint8]) -> Grey:
    """Grey picture (height, width) in [0, 255] of sRGB pixels (height, width, 3)."""
    grey: Grey = pixels @ _LUMA
    return grey


def gaussian_kernel(sigma: float, radius: int) -> Grey:
    """(2 radius + 1,) samples of a Gaussian that sum to 1; ``sigma`` in pixels."""
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel: Grey = (weights / weights.sum()).astype(np.float32)
    return kernel


def blur(values: Grey, kernel: Grey) -> Grey:
    """Filter (..., height, width) with a symmetric kernel along both sides.

    Only where the kernel fits: each side comes back ``len(kernel) - 1`` shorter.
    """
    return _blur_rows(_blur_rows(values, kernel).swapaxes(-1, -2), kernel).swapaxes(-1, -2)


def _blur_rows(values: Grey, kernel: Grey) -> Grey:
    length = len(kernel)
    radius = length // 2
    rows = np.ascontiguousarray(values)
    count = rows.shape[-2] - length + 1
    total: Grey = rows[..., radius : radius + count, :] * kernel[radius]
    for offset in range(radius):
        mirrored = length - 1 - offset
        pair = rows[..., offset : offset + count, :] + rows[..., mirrored : mirrored + count, :]
        pair *= kernel[offset]
        total += pair
    return total


def halve(values: Grey) -> Grey:
    """Mean of every 2 by 2 block of (height, width, ...); an odd last row or column is dropped."""
    height, width = values.shape[0] // 2 * 2, values.shape[1] // 2 * 2
    even = values[:height, :width]
    total = even[0::2, 0::2] + even[1::2, 0::2] + even[0::2, 1::2] + even[1::2, 1::2]
    return total * np.float32(0.25)


def shrink(pixels: NDArray[np.uint8], longest_side: int) -> NDArray[np.uint8]:
    """RGB pixels (height, width, 3) with a longest side of ``longest_side`` at most; alpha goes on white."""
    picture = Image.fromarray(pixels)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    scale = longest_side / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.BOX)
    return np.asarray(picture)
