"""Pictures for the fixed sizes of ad slots: the product whole and undistorted, the rest cropped or filled."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]

# Space around the product, as a share of its longer side.
MARGIN = 0.06
_UNLIKE = 22.0
_BEST_QUALITY, _LEAST_QUALITY = 92, 40


@dataclass(frozen=True)
class Advert:
    """A composed picture.

    Attributes:
        pixels: (height, width, 3).
        scale: pixels of the advert per pixel of the picture; above 1 it was enlarged.
        cropped: share of the picture's area that was cut away.
        filled: share of the advert's area that is background of our own making.
    """

    pixels: Pixels
    scale: float
    cropped: float
    filled: float

    @property
    def is_enlarged(self) -> bool:
        """Whether the picture had fewer pixels than the slot needs."""
        return self.scale > 1.001


def compose(pixels: Pixels, width: int, height: int, *, enlarge: bool = False) -> Advert:
    """Fit a picture into a slot without distorting it or cutting into its product.

    The picture is cropped to the slot's shape as far as the product allows; what is missing then is filled
    with the picture's own border, fading into its background colour. A picture that is too small keeps its
    pixels and gets more background, unless ``enlarge`` is asked for.

    Args:
        pixels: (height, width, 3) uint8.
        width: of the slot, in pixels.
        height: of the slot, in pixels.
        enlarge: whether a small picture may be scaled up; ``Advert.scale`` tells.
    """
    rows, columns = pixels.shape[:2]
    window = _window(_with_margin(subject_box(pixels), columns, rows), columns, rows, width / height)
    left, top, right, bottom = window
    scale = min(width / (right - left), height / (bottom - top))
    if scale > 1 and not enlarge:
        window = _grown(window, columns, rows, width, height)
        left, top, right, bottom = window
        scale = min(1.0, width / (right - left), height / (bottom - top))
    size = (
        min(width, max(1, round((right - left) * scale))),
        min(height, max(1, round((bottom - top) * scale))),
    )
    part = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
    scaled = np.asarray(part.resize(size, Image.Resampling.LANCZOS))
    filled = _fill(scaled, width, height, background_of(pixels))
    return Advert(
        filled,
        scale,
        1 - (right - left) * (bottom - top) / (columns * rows),
        1 - size[0] * size[1] / (width * height),
    )


def background_of(pixels: Pixels) -> NDArray[np.float64]:
    """The median colour of the picture's outermost pixels, (3,)."""
    return np.asarray(np.median(_border(pixels), axis=0), dtype=np.float64)


def subject_box(pixels: Pixels) -> Box:
    """(left, top, right, bottom) of what is unlike the border; the whole picture where nothing stands out."""
    rows, columns = pixels.shape[:2]
    border = _border(pixels).astype(np.float64)
    noise = np.median(np.abs(border - np.median(border, axis=0)), axis=0).mean()
    blurred = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(max(1.0, min(rows, columns) / 150)))
    distance = np.linalg.norm(np.asarray(blurred, dtype=np.float64) - background_of(pixels), axis=2)
    unlike = distance > max(_UNLIKE, 5 * noise)
    # A row or column counts when enough of it is unlike, so that single specks do not.
    across = np.flatnonzero(unlike.mean(axis=0) > 0.015)
    down = np.flatnonzero(unlike.mean(axis=1) > 0.015)
    if not len(across) or not len(down):
        return 0, 0, columns, rows
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def encode_advert(pixels: Pixels, most_bytes: int | None = None) -> bytes:
    """JPEG in the best quality that stays within ``most_bytes``, or the least if none does."""
    picture = Image.fromarray(pixels)
    data = b""
    for quality in range(_BEST_QUALITY, _LEAST_QUALITY - 1, -4):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        data = buffer.getvalue()
        if most_bytes is None or len(data) <= most_bytes:
            break
    return data


def _border(pixels: Pixels) -> Pixels:
    wide = max(1, min(pixels.shape[:2]) // 50)
    edges = (pixels[:wide], pixels[-wide:], pixels[:, :wide], pixels[:, -wide:])
    return np.concatenate([edge.reshape(-1, 3) for edge in edges])


def _with_margin(box: Box, columns: int, rows: int) -> Box:
    left, top, right, bottom = box
    space = round(MARGIN * max(right - left, bottom - top))
    return max(0, left - space), max(0, top - space), min(columns, right + space), min(rows, bottom + space)


def _window(box: Box, columns: int, rows: int, shape: float) -> Box:
    """The largest window of the wanted shape (width / height) inside the picture that holds the box.

    Where there is none, it holds the box in the one direction and all of the picture in the other.
    """
    left, top, right, bottom = box
    if columns / rows > shape:
        wide, high = max(round(rows * shape), right - left), rows
    else:
        wide, high = columns, max(round(columns / shape), bottom - top)
    wide, high = min(wide, columns), min(high, rows)
    x = min(max(0, (left + right - wide) // 2), columns - wide)
    y = min(max(0, (top + bottom - high) // 2), rows - high)
    return x, y, x + wide, y + high


def _grown(window: Box, columns: int, rows: int, width: int, height: int) -> Box:
    """The window with as much more of the picture as the slot has room for at full size."""
    left, top, right, bottom = window
    wide, high = min(columns, max(right - left, width)), min(rows, max(bottom - top, height))
    x = min(max(0, (left + right - wide) // 2), columns - wide)
    y = min(max(0, (top + bottom - high) // 2), rows - high)
    return x, y, x + wide, y + high


def _fill(picture: Pixels, width: int, height: int, colour: NDArray[np.float64]) -> Pixels:
    """The picture in the middle of the slot, its border going on outwards and fading into the colour."""
    rows, columns = picture.shape[:2]
    if (columns, rows) == (width, height):
        return picture
    x, y = (width - columns) // 2, (height - rows) // 2
    pads = ((y, height - rows - y), (x, width - columns - x), (0, 0))
    extended = np.pad(picture, pads, mode="edge")
    soft = Image.fromarray(extended).filter(ImageFilter.GaussianBlur(max(2.0, min(width, height) / 10)))
    down = _distance(height, y, rows)[:, None]
    across = _distance(width, x, columns)[None, :]
    far = np.minimum(1.0, np.hypot(down, across))[..., None]
    # Sharp at the seam, soft a little further, the plain colour far out.
    near = np.clip(far * 8, 0, 1)
    border = extended * (1 - near) + np.asarray(soft, dtype=np.float64) * near
    filled: Pixels = np.rint(border * (1 - far) + colour * far).astype(np.uint8)
    filled[y : y + rows, x : x + columns] = picture
    return filled


def _distance(length: int, start: int, size: int) -> NDArray[np.float64]:
    """0 inside the picture, rising to 1 at the slot's edge; (length,)."""
    places = np.arange(length, dtype=np.float64)
    before = np.clip((start - places) / max(start, 1), 0, 1)
    after = np.clip((places - (start + size - 1)) / max(length - start - size, 1), 0, 1)
    return np.maximum(before, after)
