"""From painted pixels to files: renditions for browsers, a placeholder, and the lossless master."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DEFAULT_FORMATS = ("avif", "webp", "jpeg")
DEFAULT_QUALITY: Mapping[str, int] = MappingProxyType({"avif": 63, "webp": 80, "jpeg": 82})

_PLACEHOLDER_SIDE = 16

# For painted textures zlib's run-length strategy is a tenth faster and smaller than plain level 1.
_RUN_LENGTH = zlib.Z_RLE

# Measured on painted pictures of 1024 px (benchmarks/encode.py). AVIF, which nearly every browser takes:
# speed 8 needs 2.5 to 4 times less time than Pillow's default 6 for 0 to 10 % more bytes. WebP, for the
# few others: method 2 needs half the time of the default 4 for 3 to 7 % more bytes.
_OPTIONS: dict[str, dict[str, Any]] = {
    "avif": {"speed": 8, "subsampling": "4:2:0", "max_threads": 1},
    "webp": {"method": 2},
    "jpeg": {"optimize": True, "progressive": True, "subsampling": "4:2:0"},
}


@dataclass(frozen=True)
class Rendition:
    """One encoded file of a picture.

    Attributes:
        width: in pixels.
        height: in pixels.
        format: "avif", "webp" or "jpeg".
        data: the file.
    """

    width: int
    height: int
    format: str
    data: bytes


def encode_renditions(
    pixels: NDArray[np.uint8],
    widths: Iterable[int],
    formats: Iterable[str] = DEFAULT_FORMATS,
    quality: Mapping[str, int] = DEFAULT_QUALITY,
) -> list[Rendition]:
    """Encode a picture at several widths and formats; same input, same bytes.

    Each width is scaled down from the full picture (Lanczos, alpha premultiplied). Widths beyond the
    picture's own become its own, so nothing is enlarged and nothing is made twice. JPEG has no
    transparency: there the picture is laid on white.

    Args:
        pixels: (height, width, 3) RGB or (height, width, 4) RGBA, uint8, sRGB.
        widths: wanted widths in pixels, 1 or more.
        formats: any of "avif", "webp", "jpeg".
        quality: 1 to 100 by format; formats left out use ``DEFAULT_QUALITY``.

    Returns:
        Renditions by rising width, formats in the given order.

    Raises:
        ValueError: an unknown format or a width below 1.
    """
    picture = Image.fromarray(pixels)
    formats = tuple(formats)
    unknown = sorted(set(formats) - set(_OPTIONS))
    if unknown:
        raise ValueError(f"cannot encode {', '.join(unknown)}; known formats are {', '.join(_OPTIONS)}")
    qualities = {**DEFAULT_QUALITY, **quality}
    renditions = []
    for width in _possible_widths(widths, picture.width):
        scaled = _scaled_to_width(picture, width)
        renditions += [
            Rendition(scaled.width, scaled.height, name, _encoded(scaled, name, qualities[name]))
            for name in formats
        ]
    return renditions


def placeholder(pixels: NDArray[np.uint8]) -> str:
    """A 16 px WebP of the picture as a ``data:`` URI, to show blurred until the picture itself has loaded."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((_PLACEHOLDER_SIDE, _PLACEHOLDER_SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=40, method=6, alpha_quality=20)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def encode_master(pixels: NDArray[np.uint8]) -> bytes:
    """The picture as a lossless file without metadata: what renditions are made from, today and later."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1, compress_type=_RUN_LENGTH)
    return buffer.getvalue()


def _possible_widths(widths: Iterable[int], own: int) -> list[int]:
    wanted = set(widths)
    if any(width < 1 for width in wanted):
        raise ValueError(f"widths must be 1 or more, not {sorted(wanted)}")
    return sorted({min(width, own) for width in wanted})


def _scaled_to_width(picture: Image.Image, width: int) -> Image.Image:
    if width == picture.width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    # Pillow premultiplies RGBA itself, so colours hidden under full transparency do not bleed into edges.
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(picture: Image.Image, name: str, quality: int) -> bytes:
    if name == "jpeg" and picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, name, quality=quality, **_OPTIONS[name])
    return buffer.getvalue()
