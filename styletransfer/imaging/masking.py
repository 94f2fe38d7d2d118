"""Masks as they are kept: found once on a copy of fixed size, stored as grey PNG, fitted to any size."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.masks.base import Alpha, Masker, MaskerUnavailableError, Pixels, SubjectMask

Grey = NDArray[np.uint8]

MASK_SIDE = 1024
"""Longest side in pixels of the copy of a photo on which masks are found, and of masks that are kept."""

MASK_VERSION = "3"
"""Raise when the same photo gives another mask or other areas of lettering; they are then found anew."""

LETTERING_VERSION = "2"
"""Raise when print is returned to a painting in another way; what it was returned to is then painted anew."""

_NEEDS_OPENCV = (
    "Finding subjects and lettering needs OpenCV. Install it: pip install 'django-styletransfer[masks]'"
)


class MaskFileError(ValueError):
    """A file is no mask that can be kept; the text says why."""


def method_key(name: str, options: Mapping[str, object] | None = None) -> str:
    """Digest of a method, its options and the code's version: what a found mask depends on."""
    described = {"version": MASK_VERSION, "method": name, "options": dict(options or {})}
    return hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()


def find_mask(pixels: Pixels, masker: Masker) -> SubjectMask:
    """The subject of a photo (height, width, 3 or 4), on a copy of ``MASK_SIDE`` at most.

    Raises:
        MaskerUnavailableError: a package or a model file is missing.
    """
    try:
        return masker.mask(shrunk(pixels))
    except ImportError as error:
        raise MaskerUnavailableError(f"{_NEEDS_OPENCV} ({error})") from error


def find_lettering(pixels: Pixels) -> Alpha:
    """Where text and logos are, (height, width) of a copy of ``MASK_SIDE`` at most, in [0, 1].

    Raises:
        MaskerUnavailableError: OpenCV is missing.
    """
    try:
        from styletransfer.imaging.masks.protect import protected_areas  # noqa: PLC0415 - needs OpenCV
    except ImportError as error:
        raise MaskerUnavailableError(f"{_NEEDS_OPENCV} ({error})") from error
    return protected_areas(shrunk(pixels))


def shrunk(pixels: Pixels) -> Pixels:
    """The picture at a longest side of ``MASK_SIDE`` at most."""
    height, width = pixels.shape[:2]
    scale = MASK_SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def to_png(alpha: Alpha | Grey) -> bytes:
    """(height, width) in [0, 1] float32, or 0 to 255 uint8, as a grey PNG."""
    grey = alpha if alpha.dtype == np.uint8 else np.rint(np.clip(alpha, 0, 1) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def from_png(data: bytes) -> Grey:
    """(height, width) uint8 of a grey PNG that was kept.

    Raises:
        MaskFileError: the file is no PNG, or damaged.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return np.asarray(image.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MaskFileError(f"This is no whole PNG file: {error}") from error


def drawn_png(data: bytes, most_bytes: int, most_side: int = 2 * MASK_SIDE) -> bytes:
    """What somebody drew, checked and made small: a grey PNG of ``MASK_SIDE`` at most.

    A drawing may come as grey, or as strokes on a transparent ground: its opacity counts then.

    Args:
        data: an uploaded PNG.
        most_bytes: that it may have.
        most_side: longest side in pixels that it may have.

    Raises:
        MaskFileError: it is too large, no PNG, or empty; the text says so.
    """
    if len(data) > most_bytes:
        raise MaskFileError(f"The drawing has {len(data)} bytes; at most {most_bytes} are taken.")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if max(image.size) > most_side or min(image.size) < 2:
                raise MaskFileError(
                    f"The drawing is {image.width} x {image.height} px; each side may have 2 to {most_side}."
                )
            has_alpha = image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info
            grey = image.convert("RGBA").getchannel("A") if has_alpha else image.convert("L")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise MaskFileError(f"The drawing is no whole PNG file: {error}") from error
    grey.thumbnail((MASK_SIDE, MASK_SIDE), Image.Resampling.BOX)
    return to_png(np.asarray(grey))


def fitted(mask: Grey, pixels: Pixels) -> Alpha:
    """A kept mask as (height, width) float32 in [0, 1] of a picture of any size.

    Where it has to be enlarged it follows the picture's own edges.
    """
    height, width = pixels.shape[:2]
    alpha = mask.astype(np.float32) / np.float32(255)
    if mask.shape == (height, width):
        return alpha
    if height <= mask.shape[0] and width <= mask.shape[1]:
        smaller = Image.fromarray(mask).resize((width, height), Image.Resampling.BOX)
        return np.asarray(smaller, np.float32) / np.float32(255)
    from styletransfer.imaging.masks.guided import upsample_alpha  # noqa: PLC0415 - needs OpenCV

    rgb = np.ascontiguousarray(pixels[..., :3])
    size = (mask.shape[1], mask.shape[0])
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))
    return upsample_alpha(rgb, small, alpha, radius=2)
