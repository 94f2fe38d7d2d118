"""What sellers' photos suffer from, put onto good ones by program, to train and to test robustness.

Pictures are (height, width, 3) uint8 sRGB. Every defect draws from the generator it is given, so that a seed
decides the result, and keeps the picture's size.
"""

from __future__ import annotations

import io
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from styletransfer.engine.base import Pixels
from styletransfer.imaging.colour import linear_to_srgb, srgb_to_linear

EXPOSURE_STOPS = 1.0  # largest, either way
WHITE_BALANCE_STOPS = 0.35  # largest of a channel, either way
JPEG_QUALITY = (20, 75)
PADDING_SHARE = (0.1, 0.6)  # of the picture's sides
PLAIN_BORDER = 0.9  # share of the border that must belong to the backdrop
SPECK_SHARE = 0.01  # of the picture: smaller islands in the backdrop belong to it
LABEL_SHARE = (0.25, 0.6)  # of the picture's width

Defect = Callable[[Pixels, np.random.Generator], Pixels]


@dataclass(frozen=True)
class Chances:
    """How likely each defect is, in [0, 1]; they are applied in this order."""

    background: float = 0.35
    padding: float = 0.35
    label: float = 0.2
    white_balance: float = 0.3
    exposure: float = 0.3
    jpeg: float = 0.3


def spoiled(pixels: Pixels, rng: np.random.Generator, chances: Chances | None = None) -> Pixels:
    """A copy of a photo with some defects, each by its chance."""
    chances = chances or Chances()
    for name, defect in DEFECTS.items():
        if rng.random() < getattr(chances, name):
            pixels = defect(pixels, rng)
    return pixels.copy()


def studio_colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """(3,) colour of a backdrop in [0, 255]: white, a grey, or a pale or strong colour."""
    kind = rng.random()
    if kind < 0.45:
        return np.full(3, rng.uniform(238, 255), np.float32)
    if kind < 0.65:
        return np.full(3, rng.uniform(20, 235), np.float32)
    pale = rng.uniform(0, 1) < 0.6
    return rng.uniform(170 if pale else 20, 250 if pale else 235, 3).astype(np.float32)


def with_background(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture's plain border region, where it has one, becomes a studio backdrop with a faint gradient.

    The region is what hangs together with the corners within a colour tolerance, and specks inside it; a
    picture whose border does not belong to it nearly all round keeps its own.
    """
    height, width = pixels.shape[:2]
    mask = np.zeros((height + 2, width + 2), np.uint8)
    soft = np.ascontiguousarray(cv2.GaussianBlur(pixels, (0, 0), 1.5))
    flags = 4 | (255 << 8) | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
    for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        cv2.floodFill(soft, mask, (x, y), (0, 0, 0), (22,) * 3, (22,) * 3, flags)
    region = mask[1:-1, 1:-1] > 0
    border = np.concatenate((region[0], region[-1], region[:, 0], region[:, -1]))
    if border.mean() < PLAIN_BORDER:
        return pixels
    _, parts, sizes, _ = cv2.connectedComponentsWithStats((~region).astype(np.uint8))
    region |= sizes[parts, cv2.CC_STAT_AREA] < SPECK_SHARE * region.size
    cover = cv2.GaussianBlur(region.astype(np.float32), (0, 0), 1.2)[..., None]
    slope = rng.normal(0, 8, 2)
    y_ramp, x_ramp = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    backdrop = studio_colour(rng) + (slope[0] * y_ramp + slope[1] * x_ramp)[..., None]
    return _bytes(pixels * (1 - cover) + backdrop * cover)


def with_padding(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture smaller, somewhere inside a plain frame of its old size."""
    height, width = pixels.shape[:2]
    scale = 1 - rng.uniform(*PADDING_SHARE)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    framed = np.empty_like(pixels)
    framed[:] = _bytes(studio_colour(rng))
    left, top = (
        int(rng.integers(0, whole - part + 1)) for whole, part in zip((width, height), size, strict=True)
    )
    framed[top : top + size[1], left : left + size[0]] = small
    return framed


def with_exposure(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Too dark or too light by up to one stop, in linear light; highlights clip as in a camera."""
    return _gained(pixels, np.full(3, rng.uniform(-EXPOSURE_STOPS, EXPOSURE_STOPS)))


def with_white_balance(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A colour cast: gains of red and blue against green, in linear light."""
    red, blue = rng.uniform(-WHITE_BALANCE_STOPS, WHITE_BALANCE_STOPS, 2)
    return _gained(pixels, np.array([red, 0.0, blue]))


def with_jpeg(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Saved once too often: JPEG of low quality."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(*JPEG_QUALITY)))
    return np.array(Image.open(file).convert("RGB"))


def with_label(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A price tag, sale badge or watermark pasted on, slightly tilted."""
    height, width = pixels.shape[:2]
    size = max(24, round(width * rng.uniform(*LABEL_SHARE)))
    badge = label(label_text(rng), size, rng, watermark=bool(rng.random() < 0.25))
    tag = badge.rotate(rng.uniform(-20, 20), Image.Resampling.BICUBIC, expand=True)
    picture = Image.fromarray(pixels)
    place = (
        int(rng.integers(0, max(1, width - tag.width))),
        int(rng.integers(0, max(1, height - tag.height))),
    )
    picture.paste(tag, place, tag)
    return np.array(picture)


def label_text(rng: np.random.Generator) -> str:
    """A price, a discount, or a made-up word."""
    kind = rng.integers(3)
    if kind == 0:
        return f"{rng.integers(1, 300)}.{rng.choice(['00', '50', '95', '99'])}"
    if kind == 1:
        return f"-{rng.integers(1, 10) * 5}%"
    return "".join(rng.choice(list(string.ascii_uppercase), int(rng.integers(4, 9))))


def label(text: str, width: int, rng: np.random.Generator, *, watermark: bool = False) -> Image.Image:
    """RGBA label ``width`` px wide with readable text in colours drawn; a watermark has no ground."""
    size = max(8, round(width / max(3, len(text)) * 1.3))
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    scale = 0.84 * width / max(1, right - left)
    font = ImageFont.load_default(size * scale)
    left, top, right, bottom = font.getbbox(text)
    height = round((bottom - top) * 1.7)
    ground = rng.uniform(0, 255, 3)
    light = ground.mean() > 127
    ink = rng.uniform(0, 45, 3) if light else rng.uniform(215, 255, 3)
    alpha = 0 if watermark else 255
    badge = Image.new("RGBA", (width, height), (*ground.astype(int).tolist(), alpha))
    at = ((width - (right - left)) / 2 - left, (height - (bottom - top)) / 2 - top)
    fill = (*ink.astype(int).tolist(), 150 if watermark else 255)
    ImageDraw.Draw(badge).text(at, text, font=font, fill=fill)
    return badge


DEFECTS: Mapping[str, Defect] = {
    "background": with_background,
    "padding": with_padding,
    "label": with_label,
    "white_balance": with_white_balance,
    "exposure": with_exposure,
    "jpeg": with_jpeg,
}


def _gained(pixels: Pixels, stops: NDArray[np.float64] | Sequence[float]) -> Pixels:
    """Linear light of each channel times 2 to the power of its stops, by a table of 256 values."""
    values = srgb_to_linear(np.arange(256)[:, None] / 255) * 2 ** np.asarray(stops)
    table = _bytes(linear_to_srgb(np.clip(values, 0, 1)) * 255)
    return np.stack([table[pixels[..., i], i] for i in range(3)], -1)


def _bytes(values: NDArray[np.floating]) -> Pixels:
    rounded: Pixels = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return rounded
