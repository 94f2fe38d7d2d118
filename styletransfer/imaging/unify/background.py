"""The new background, and the product laid on it in linear light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from styletransfer.imaging.colour import Floats, linear_to_srgb, srgb_to_linear
from styletransfer.imaging.filters import blur, gaussian_kernel
from styletransfer.imaging.unify.settings import UnifyOptions

Grey = NDArray[np.float32]


def backdrop(options: UnifyOptions, width: int, height: int) -> NDArray[np.float32]:
    """The empty background (height, width, 3) in sRGB [0, 1]; gradients run down the picture.

    Raises:
        ValueError: the options keep the photo's own background.
    """
    if options.background == "keep":
        raise ValueError("a kept background is not drawn; use extend")
    if options.background == "white":
        return np.ones((height, width, 3), np.float32)
    top = colour_of(options.colour)
    bottom = colour_of(options.colour_to) if options.background == "gradient" else top
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    return np.broadcast_to(top + share * (bottom - top), (height, width, 3)).astype(np.float32)


def colour_of(text: str) -> NDArray[np.float32]:
    """(3,) sRGB in [0, 1] of "#rrggbb"."""
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / np.float32(255)


def compose(
    background: NDArray[np.float32], shadow: Grey, colours: NDArray[np.float32], alpha: Grey
) -> NDArray[np.uint8]:
    """Lay a product and its shadow on a background.

    Args:
        background: (height, width, 3) sRGB in [0, 1].
        shadow: (height, width) factor of light, 1 without shadow.
        colours: (height, width, 3) sRGB in [0, 1] of the product, multiplied by alpha.
        alpha: (height, width) of the product.

    Returns:
        (height, width, 3) uint8. Where there is neither product nor shadow it is the background exactly, and
        where the product is solid it is the product.
    """
    picture = background.copy()
    shaded = (shadow < 1) & (alpha < 1)
    picture[shaded] = linear_to_srgb(srgb_to_linear(background[shaded]) * shadow[shaded, None])
    soft, solid = (alpha > 0) & (alpha < 1), alpha >= 1
    picture[solid] = colours[solid]
    share = alpha[soft, None]
    own = np.clip(colours[soft] / np.maximum(share, 1e-3), 0, 1)
    mixed = share * srgb_to_linear(own) + (1 - share) * srgb_to_linear(picture[soft])
    picture[soft] = linear_to_srgb(mixed)
    return _to_bytes(picture * 255)


def _to_bytes(values: Floats) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = np.rint(values).clip(0, 255).astype(np.uint8)
    return pixels


def extend(pixels: NDArray[np.uint8], alpha: Grey, edges: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Continue a photo's background beyond its left, top, right and bottom border, by pixels each.

    The background is mirrored without the product, whose place is filled from around it first, and gets
    softer with distance so that a mirrored pattern does not catch the eye. The photo itself comes back
    unchanged in the middle.
    """
    left, top, right, bottom = edges
    if max(edges) <= 0:
        return pixels[..., :3].copy()
    empty = _without_subject(pixels[..., :3], alpha)
    outside = np.pad(empty, ((top, bottom), (left, right), (0, 0)), mode="symmetric")
    # Without a known subject the mirror would show the product twice; then nothing in it may be sharp.
    reach = 0.08 if alpha.any() else 0.01
    outside = _soften_outwards(outside, edges, reach * max(outside.shape))
    height, width = alpha.shape
    outside[top : top + height, left : left + width] = pixels[..., :3]
    return outside


def _without_subject(pixels: NDArray[np.uint8], alpha: Grey) -> NDArray[np.uint8]:
    """The photo with its subject painted over, from coarse to fine, by the background around it."""
    # Keep clear of the edge, where the product's light spills over.
    spill = max(2, round(0.01 * max(alpha.shape)))
    covered = Image.fromarray(np.where(alpha > 0.02, 255, 0).astype(np.uint8)).filter(
        ImageFilter.BoxBlur(spill)
    )
    outside = (np.asarray(covered) == 0).astype(np.float32)
    filled = _pull_push(pixels.astype(np.float32) * outside[..., None], outside)
    return np.where(outside[..., None] > 0, pixels, _to_bytes(filled))


def _pull_push(weighted: NDArray[np.float32], weight: Grey) -> NDArray[np.float32]:
    """Fill pixels of weight 0 from ever coarser averages (Gortler et al., "The Lumigraph", SIGGRAPH 1996)."""
    own = weighted / np.maximum(weight, 1e-6)[..., None]
    height, width = weight.shape
    if min(height, width) <= 2 or weight.min() > 0:
        mean = weighted.sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where(weight[..., None] > 0, own, mean).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    smaller = np.stack(
        [_resized(weighted[..., each], half, Image.Resampling.BOX) for each in range(3)], axis=-1
    )
    coarse = _pull_push(smaller, _resized(weight, half, Image.Resampling.BOX))
    back = [_resized(coarse[..., each], (width, height), Image.Resampling.BILINEAR) for each in range(3)]
    return np.where(weight[..., None] > 0, own, np.stack(back, axis=-1)).astype(np.float32)


def _resized(values: Grey, size: tuple[int, int], method: Image.Resampling) -> Grey:
    return np.asarray(Image.fromarray(np.ascontiguousarray(values)).resize(size, method))


def _soften_outwards(
    pixels: NDArray[np.uint8], edges: tuple[int, int, int, int], reach: float
) -> NDArray[np.uint8]:
    """Blend into a blurred copy over ``reach`` pixels outwards from the photo's borders."""
    left, top, right, bottom = edges
    height, width = pixels.shape[:2]
    across = np.maximum(left - np.arange(width), np.arange(width) - (width - right - 1)).clip(0)
    down = np.maximum(top - np.arange(height), np.arange(height) - (height - bottom - 1)).clip(0)
    share = np.clip(np.hypot(down[:, None], across[None]) / reach, 0, 1).astype(np.float32)[..., None]
    return _to_bytes(pixels * (1 - share) + _blurred(pixels, 0.03 * max(height, width)) * share)


def _blurred(pixels: NDArray[np.uint8], sigma: float) -> Floats:
    """Gaussian blur at a quarter of the size, which no eye can tell at these widths."""
    height, width = pixels.shape[:2]
    small = (max(2, width // 4), max(2, height // 4))
    values = np.asarray(Image.fromarray(pixels).resize(small, Image.Resampling.BOX), np.float32).transpose(
        2, 0, 1
    )
    radius = max(1, round(3 * sigma / 4))
    kernel = gaussian_kernel(max(sigma / 4, 0.5), radius)
    padded = np.pad(values, ((0, 0), (radius, radius), (radius, radius)), mode="edge")
    soft = _to_bytes(blur(padded, kernel).transpose(1, 2, 0))
    return np.asarray(Image.fromarray(soft).resize((width, height), Image.Resampling.BILINEAR), np.float32)
