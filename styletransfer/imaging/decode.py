"""The only door for bytes: from an untrusted file to upright sRGB pixels, or a refusal that says why.

Every limit is checked before the work it bounds: bytes before parsing, pixels before decoding. Nothing here
touches Pillow's process-wide settings, so any number of threads may decode at once.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from styletransfer.imaging.conversion import (
    exif_orientation,
    swaps_sides,
    to_array,
    to_eight_bit,
    to_srgb,
    turn_upright,
)
from styletransfer.imaging.signatures import detect_format

# Opening by class skips Image.open, whose pixel cap is a process-wide setting and first only a warning.
# JpegImageFile also takes the main picture of a phone's multi-picture JPEG and leaves its previews.
_READERS: dict[str, Callable[[BinaryIO], ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "AVIF": AvifImageFile,
    "GIF": GifImageFile,
}

# What Pillow's readers raise on damaged files. Warning: a host may have turned Pillow's into errors.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    Image.DecompressionBombError,
    struct.error,
    zlib.error,
)


class ImageRefusedError(Exception):
    """A file that is not accepted as a photo. The text names the reason and what to do; staff read it.

    Attributes:
        code: the reason as a slug: "empty", "too-many-bytes", "svg", "wrong-format", "unknown-format",
            "animated", "too-small", "too-narrow", "too-many-pixels" or "damaged".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    def __reduce__(self) -> tuple[type[ImageRefusedError], tuple[str, str]]:
        return type(self), (self.code, str(self))


@dataclass(frozen=True)
class DecodeLimits:
    """What is accepted as a photo.

    Attributes:
        max_bytes: largest file, in bytes.
        max_pixels: largest width times height.
        min_side: smallest width and height, in pixels.
        max_aspect: longest side over shortest side.
        formats: Pillow's names of accepted formats. TIFF is left out: no browser shows it, and its
            decoder has by far the most ways in.
    """

    max_bytes: int = 20 * 2**20
    max_pixels: int = 40_000_000
    min_side: int = 16
    max_aspect: float = 20.0
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")

    def __post_init__(self) -> None:
        unreadable = sorted(set(self.formats) - set(_READERS))
        if unreadable:
            raise ValueError(f"no reader for {', '.join(unreadable)}; there is one for {', '.join(_READERS)}")


@dataclass(frozen=True)
class Header:
    """What a file says of itself before any pixel is decoded.

    Attributes:
        format: Pillow's name, such as "JPEG".
        width: in pixels, upright (EXIF orientation applied).
        height: in pixels, upright.
        frames: always 1 in an accepted file.
        has_alpha: whether the file has a transparency channel or colour; it may still be opaque all over.
    """

    format: str
    width: int
    height: int
    frames: int
    has_alpha: bool


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded picture.

    Attributes:
        pixels: (height, width, 3) or, where some of it is transparent, (height, width, 4); uint8, sRGB,
            upright, alpha not premultiplied.
        format: Pillow's name of the file's format.
    """

    pixels: NDArray[np.uint8]
    format: str

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])


DEFAULT_LIMITS = DecodeLimits()


def read_header(data: bytes | BinaryIO, limits: DecodeLimits = DEFAULT_LIMITS) -> Header:
    """Check a file as ``decode`` does, without decoding its pixels; a millisecond or so.

    Raises:
        ImageRefusedError: the file is not accepted.
    """
    image, name = _open(_read(data, limits), limits)
    with image:
        width, height = _upright_size(image)
        return Header(name, width, height, frames=1, has_alpha=image.has_transparency_data)


def decode(
    data: bytes | BinaryIO,
    limits: DecodeLimits = DEFAULT_LIMITS,
    *,
    max_size: tuple[int, int] | None = None,
) -> Photo:
    """Decode a file to upright sRGB pixels.

    Args:
        data: the whole file, or a binary stream at its start (read to the byte limit, left open).
        limits: what to accept.
        max_size: (width, height) to shrink the upright picture into, keeping its shape; never enlarges.

    Raises:
        ImageRefusedError: the file is not accepted; ``code`` and the text name the reason.
    """
    image, name = _open(_read(data, limits), limits)
    with image:
        try:
            return Photo(_pixels(image, max_size), name)
        except (*_DAMAGE, MemoryError) as error:
            raise _damaged(name) from error


def _read(data: bytes | BinaryIO, limits: DecodeLimits) -> bytes:
    if not isinstance(data, bytes | bytearray | memoryview):
        data = data.read(limits.max_bytes + 1)
    if len(data) > limits.max_bytes:
        raise ImageRefusedError(
            "too-many-bytes",
            f"The file is larger than {limits.max_bytes / 2**20:,.4g} MiB. Save it with fewer pixels or "
            "stronger compression, or raise MAX_BYTES.",
        )
    if not data:
        raise ImageRefusedError("empty", "The file is empty (0 bytes). Upload the picture again.")
    return bytes(data)


def _open(data: bytes, limits: DecodeLimits) -> tuple[ImageFile, str]:
    """Parse the header and apply every limit that it can be held to."""
    name = _accepted_format(data, limits)
    try:
        image = _READERS[name](io.BytesIO(data))
        frames = getattr(image, "n_frames", 1)
    except _DAMAGE as error:
        raise _damaged(name) from error
    if frames > 1:
        raise ImageRefusedError(
            "animated",
            f"This {name} is animated ({frames} frames). Save one frame as a still picture and upload that.",
        )
    _check_size(image.size, limits)
    return image, name


def _accepted_format(data: bytes, limits: DecodeLimits) -> str:
    name = detect_format(data)
    wanted = f"Save the picture as {_listed(limits.formats)} and upload that."
    if name == "SVG":
        raise ImageRefusedError(
            "svg", f"This is an SVG, a drawing that can carry scripts, whatever its name says. {wanted}"
        )
    if name is None:
        raise ImageRefusedError("unknown-format", f"This is no picture in a format known here. {wanted}")
    if name not in limits.formats or (name == "AVIF" and not features.check("avif")):
        raise ImageRefusedError("wrong-format", f"{name} files are not accepted as photos. {wanted}")
    return name


def _check_size(size: tuple[int, int], limits: DecodeLimits) -> None:
    width, height = size
    described = f"The picture has {width:,} by {height:,} pixels"
    if min(size) < limits.min_side:
        raise ImageRefusedError(
            "too-small", f"{described}; at least {limits.min_side} a side are needed. Use a larger photo."
        )
    if width * height > limits.max_pixels:
        raise ImageRefusedError(
            "too-many-pixels",
            f"{described}, more than {limits.max_pixels / 1e6:,.4g} million in all. Scale it down or raise "
            "MAX_PIXELS.",
        )
    if max(size) > limits.max_aspect * min(size):
        raise ImageRefusedError(
            "too-narrow",
            f"{described}: one side is more than {limits.max_aspect:,.4g} times the other. Crop it.",
        )


def _pixels(image: ImageFile, max_size: tuple[int, int] | None) -> NDArray[np.uint8]:
    orientation = exif_orientation(image)
    target = _fitted(_upright_size(image), max_size)
    if swaps_sides(orientation):
        target = target[::-1]
    # A JPEG can be decoded at 1/2, 1/4 or 1/8; twice the target leaves the fine filter enough to work on.
    image.draft(None, (2 * target[0], 2 * target[1]))
    profile = image.info.get("icc_profile")
    image.load()
    picture = to_eight_bit(image)
    if picture.size != target:
        picture = picture.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return to_array(turn_upright(to_srgb(picture, profile), orientation))


def _upright_size(image: ImageFile) -> tuple[int, int]:
    return image.size[::-1] if swaps_sides(exif_orientation(image)) else image.size


def _fitted(size: tuple[int, int], limit: tuple[int, int] | None) -> tuple[int, int]:
    """The largest size of the same shape within ``limit``, at most ``size`` itself."""
    if limit is None:
        return size
    scale = min(limit[0] / size[0], limit[1] / size[1], 1.0)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _damaged(name: str) -> ImageRefusedError:
    return ImageRefusedError(
        "damaged",
        f"The {name} file is damaged, cut short or of a rare kind that cannot be read. "
        "Open it in an image editor, save it anew and upload that.",
    )


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
