"""Small made-up product photos whose light, shape and place are known exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from styletransfer.imaging.colour import linear_to_srgb, srgb_to_linear

PATCHES = np.array(
    [
        [0.8, 0.8, 0.8],
        [0.45, 0.45, 0.45],
        [0.7, 0.3, 0.25],
        [0.25, 0.45, 0.7],
        [0.3, 0.55, 0.3],
        [0.2, 0.2, 0.2],
    ]
)


def box_mask(height: int, width: int, *box: int) -> NDArray[np.float32]:
    """A solid rectangle: left, top, right, bottom."""
    left, top, right, bottom = box
    mask = np.zeros((height, width), np.float32)
    mask[top:bottom, left:right] = 1
    return mask


def product_photo(mask: NDArray[np.float32], backdrop: float = 0.92) -> NDArray[np.uint8]:
    """Six colour patches in the subject's box on a neutral backdrop of that sRGB value."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    picture = np.full((height, width, 3), backdrop)
    stripe = np.minimum((np.arange(width) - columns[0]) * 6 // (columns[-1] + 1 - columns[0]), 5).clip(0)
    subject = np.broadcast_to(PATCHES[stripe], picture.shape) * np.linspace(1, 0.8, height)[:, None, None]
    picture = np.where(mask[..., None] > 0.5, subject, picture)
    noise = np.random.default_rng(len(rows)).normal(0, 0.004, (height, width, 1))
    return to_bytes(picture + noise)


def relit(photo: NDArray[np.uint8], gains: tuple[float, float, float]) -> NDArray[np.uint8]:
    """The photo as a light ``gains`` times the original one would have made it."""
    return to_bytes(linear_to_srgb(np.clip(srgb_to_linear(photo / 255) * gains, 0, 1)))


def to_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def bottle_mask(angle: float, side: int = 240) -> NDArray[np.float32]:
    """A bottle's silhouette, turned clockwise by ``angle`` degrees."""
    large = Image.new("L", (side * 4, side * 4))
    draw = ImageDraw.Draw(large)
    for left, top, right, bottom in ((0.36, 0.4, 0.64, 0.88), (0.45, 0.12, 0.55, 0.45)):
        draw.rectangle([round(each * side * 4) for each in (left, top, right, bottom)], fill=255)
    draw.ellipse([round(each * side * 4) for each in (0.36, 0.3, 0.64, 0.5)], fill=255)
    turned = large.rotate(-angle, Image.Resampling.BICUBIC).resize((side, side), Image.Resampling.BOX)
    return np.asarray(turned, np.float32) / np.float32(255)
