"""From any of Pillow's modes and colour profiles to upright 8-bit sRGB arrays."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_ORIENTATION_TAG = 0x0112

# EXIF 2.32, §4.6.5: the value says how the stored rows and columns lie; this undoes it.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_SIXTEEN_BIT_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def exif_orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 when there is none or the EXIF block is broken.

    Only a block that stands before the pixels counts, so that reading it never decodes them.
    """
    block = image.info.get("exif")
    if not block:
        return 1
    exif = Image.Exif()
    try:
        exif.load(block)
        orientation = exif.get(_ORIENTATION_TAG, 1)
    except (SyntaxError, ValueError, TypeError, LookupError, OSError, ArithmeticError, Warning):
        return 1
    return orientation if isinstance(orientation, int) and orientation in _UPRIGHT else 1


def swaps_sides(orientation: int) -> bool:
    """Whether an EXIF orientation turns width into height."""
    return orientation >= 5


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as the photographer saw it, given its EXIF orientation 1 to 8."""
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def to_eight_bit(image: Image.Image) -> Image.Image:
    """The same picture in one of the modes L, LA, RGB, RGBA or CMYK, 8 bits a channel.

    16-bit greys are scaled, where Pillow's own conversion would clip everything above 255.
    """
    if image.mode in _SIXTEEN_BIT_MODES:
        return _scale_sixteen_bit_grey(image)
    if image.mode in ("L", "RGB", "1") and "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _scale_sixteen_bit_grey(image: Image.Image) -> Image.Image:
    wide = np.asarray(image)
    grey = Image.fromarray(np.rint(np.clip(wide, 0, 65535) / np.float32(257)).astype(np.uint8))
    grey.info = dict(image.info)
    transparent = grey.info.pop("transparency", None)
    if isinstance(transparent, int):
        grey.putalpha(Image.fromarray(np.where(wide == transparent, 0, 255).astype(np.uint8)))
    return grey


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA in the sRGB colour space from an 8-bit picture (see ``to_eight_bit``).

    Args:
        image: mode L, LA, RGB, RGBA or CMYK.
        profile: the file's ICC profile; a broken one, or one for other channels, is ignored, because a
            picture with slightly wrong colours is worth more than none.
    """
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colours = image.convert({"LA": "L", "RGBA": "RGB"}[image.mode]) if alpha else image
    converted = (_apply_profile(colours, profile) if profile else None) or colours.convert("RGB")
    if alpha:
        converted.putalpha(alpha)
    return converted


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        # A fresh sRGB profile each time: lcms profiles cache tags and are not shared between threads.
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def to_array(image: Image.Image) -> NDArray[np.uint8]:
    """(height, width, 3) of an RGB picture; (height, width, 4) of an RGBA one that is not opaque all over."""
    pixels = np.array(image)
    if pixels.shape[2] == 4 and pixels[..., 3].min() == 255:
        pixels = np.ascontiguousarray(pixels[..., :3])
    return pixels
