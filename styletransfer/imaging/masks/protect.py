"""Where lettering and logos are, so that painting can spare them.

Two finders share one door. OpenCV's looks for what print looks like: many narrow strokes of sharp contrast
side by side in a line, level or tilted. Where the ``tesseract`` program is installed, the words that
it can read are added.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.masks.base import Alpha, Pixels, check_pixels

Grey = NDArray[np.uint8]

_WORK_SIDE = 1024
_PADDING = 0.35  # of a line's height, so that whole letters and their outlines are inside
_LEAST_WORD_CONFIDENCE = 80.0
_MOST_LETTERS = 2500
_TILTS = (0.0, -20.0, 20.0)
_FEWEST_LEVEL = 3
_FEWEST_TILTED = 5
_LEAST_CONTRAST = 40.0  # of 255


@dataclass(frozen=True)
class TextBox:
    """A line or word of lettering.

    Attributes:
        centre: x and y in pixels of the picture.
        size: width (along the writing) and height in pixels.
        angle: of the writing, in degrees clockwise from level.
        text: what tesseract read; empty when found by shape alone.
    """

    centre: tuple[float, float]
    size: tuple[float, float]
    angle: float = 0.0
    text: str = ""


def protected_areas(
    pixels: Pixels,
    subject: Alpha | None = None,
    drawn: NDArray[np.uint8] | None = None,
    use_tesseract: bool = True,
    feather: float = 2.0,
) -> Alpha:
    """Areas to spare, (height, width) float32 in [0, 1]: lettering that is found, and what was drawn by hand.

    Args:
        pixels: (height, width, 3 or 4) uint8.
        subject: mask of the product; lettering elsewhere (tiles, wood grain) is then left out.
        drawn: (any height, any width) uint8, 255 where someone marked an area; always kept.
        use_tesseract: ask the ``tesseract`` program too, where it is installed.
        feather: softness of the rim in pixels.
    """
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    boxes = find_text(pixels)
    if use_tesseract:
        boxes += read_text(pixels)
    areas = boxes_to_areas(boxes, height, width)
    if subject is not None:
        areas = areas * (subject > 0.25)
    if drawn is not None:
        resized = Image.fromarray(drawn).resize((width, height), Image.Resampling.BILINEAR)
        areas = np.maximum(areas, np.asarray(resized, np.float32) / np.float32(255))
    if feather > 0:
        # Widened by as much as the blur takes away, so that the letters themselves stay fully inside.
        side = 2 * max(1, round(feather)) + 1
        grown = cv2.dilate(areas.astype(np.float32), np.ones((side, side), np.uint8))
        areas = np.maximum(cv2.GaussianBlur(grown, (0, 0), feather / 2), areas)
    return np.clip(areas, 0, 1).astype(np.float32)


def boxes_to_areas(boxes: Iterable[TextBox], height: int, width: int) -> Alpha:
    """1 inside every box and a little around it, 0 elsewhere; (height, width) float32."""
    areas = np.zeros((height, width), np.float32)
    for box in boxes:
        pad = 2 * (_PADDING * min(box.size) + 1)
        corners = cv2.boxPoints((box.centre, (box.size[0] + pad, box.size[1] + pad), box.angle))
        cv2.fillConvexPoly(areas, np.rint(corners).astype(np.int32), 1.0)
    return areas


def find_text(pixels: Pixels) -> list[TextBox]:
    """Lines of lettering by their shape alone, level and tilted by up to about 30 degrees, largest first."""
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    scale = min(2.0, _WORK_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    found = [box for angle in _TILTS for box in _find_tilted(np.asarray(grey, np.uint8), angle, scale)]
    return sorted(found, key=lambda box: -box.size[0] * box.size[1])


def _find_tilted(grey: Grey, angle: float, scale: float) -> Iterable[TextBox]:
    """Lines at one angle (degrees clockwise) of a picture that was enlarged by ``scale``."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    if angle:
        turned = cv2.warpAffine(grey, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        grey = np.asarray(turned, np.uint8)
    back = cv2.invertAffineTransform(turn)
    fewest = _FEWEST_TILTED if angle else _FEWEST_LEVEL
    for dark in (False, True):
        for left, top, wide, high in _lines_of(_strokes(grey, dark), grey, fewest):
            x, y = back @ np.array([left + wide / 2, top + high / 2, 1.0])
            yield TextBox((float(x / scale), float(y / scale)), (wide / scale, high / scale), angle)


def read_text(pixels: Pixels, timeout: float = 20.0, language: str = "eng") -> list[TextBox]:
    """Words that the ``tesseract`` program reads; empty where it is missing, fails, or takes too long.

    Args:
        pixels: (height, width, 3 or 4) uint8.
        timeout: in seconds.
        language: one of tesseract's language data files.
    """
    program = shutil.which("tesseract")
    if program is None:
        return []
    scale = 2 if max(pixels.shape[:2]) <= _WORK_SIDE else 1
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3])).convert("L")
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    command = [program, "-", "-", "-l", language, "--psm", "11", "tsv"]
    try:
        # A fixed command without a shell; the picture goes in as bytes.
        done = subprocess.run(  # noqa: S603
            command, input=buffer.getvalue(), capture_output=True, timeout=timeout, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return list(_parse_words(done.stdout.decode("utf-8", "replace"), scale))


def _parse_words(table: str, scale: int) -> Iterable[TextBox]:
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        if sum(letter.isalnum() for letter in text) < 3 or float(row["conf"]) < _LEAST_WORD_CONFIDENCE:
            continue
        left, top, width, height = (int(row[key]) / scale for key in ("left", "top", "width", "height"))
        yield TextBox((left + width / 2, top + height / 2), (width, height), 0.0, text)


def _strokes(grey: Grey, dark: bool) -> Grey:
    """Narrow strokes, lighter (or darker) than both sides, 0 or 255: the top-hat transform, thresholded."""
    operation = cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT
    width = max(5, round(0.012 * max(grey.shape))) | 1
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    thin = np.asarray(cv2.morphologyEx(cv2.GaussianBlur(grey, (0, 0), 0.7), operation, element), np.uint8)
    # A share of the local contrast and a floor: print is the sharpest thing near it.
    local = cv2.blur(cv2.dilate(thin, element).astype(np.float32), (6 * width, 6 * width))
    return ((thin > 0.5 * local) & (thin > 18)).astype(np.uint8) * np.uint8(255)


def _lines_of(strokes: Grey, grey: Grey, fewest: int) -> Iterable[tuple[int, int, int, int]]:
    """Left, top, width and height of the groups of at least ``fewest`` letter-like strokes side by side."""
    for group in _side_by_side(_letters(strokes)):
        if len(group) < fewest or not _is_even(group):
            continue
        left, top = int(group[:, 0].min()), int(group[:, 1].min())
        right, bottom = int((group[:, 0] + group[:, 2]).max()), int((group[:, 1] + group[:, 3]).max())
        window = grey[top:bottom, left:right]
        if float(np.percentile(window, 98)) - float(np.percentile(window, 2)) > _LEAST_CONTRAST:
            yield left, top, right - left, bottom - top


def _letters(strokes: Grey) -> NDArray[np.int32]:
    """Boxes (n, 4) left, top, width, height of the strokes that are about as tall and full as letters."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    boxes = np.asarray(statistics[1:], np.int32)
    side = max(strokes.shape)
    width, height, area = boxes[:, 2], boxes[:, 3], boxes[:, 4]
    fullness = area / np.maximum(width * height, 1)
    fits = (height >= max(5, 0.006 * side)) & (height < 0.1 * side) & (width < 2.5 * height) & (width >= 1)
    fits &= (fullness > 0.2) & (fullness < 0.95) & (area >= 8) & (height < 8 * np.maximum(width, 1))
    kept: NDArray[np.int32] = boxes[fits, :4]
    return kept[np.argsort(kept[:, 0], kind="stable")]


def _side_by_side(letters: NDArray[np.int32]) -> Iterable[NDArray[np.int32]]:
    """Chains of letters: each next one starts within 1.5 heights, at about the same level, about as tall."""
    letters = letters[:_MOST_LETTERS]
    left, top, width, height = (letters[:, column].astype(np.float32) for column in range(4))
    middle = top + height / 2
    taller = np.maximum(height[:, None], height[None])
    shorter = np.minimum(height[:, None], height[None])
    gap = left[None] - (left + width)[:, None]
    near = (gap <= 1.2 * taller) & (left[None] >= left[:, None])
    near &= (np.abs(middle[:, None] - middle[None]) < 0.45 * taller) & (taller < 1.7 * shorter)
    # The column of the farthest-left member that each letter reaches, until nothing changes.
    linked = near | near.T
    group = np.arange(len(letters))
    while len(letters):
        lowest = np.where(linked, group[None], len(letters)).min(axis=1)
        lowest = np.minimum(group, lowest)
        if (lowest == group).all():
            break
        group = lowest
    for value in np.unique(group):
        yield letters[group == value]


def _is_even(group: NDArray[np.int32]) -> bool:
    """Whether the letters of a chain are of like height and evenly set, as print is and wood grain is not."""
    order = group[np.argsort(group[:, 0], kind="stable")]
    height = order[:, 3].astype(np.float64)
    gaps = order[1:, 0] - (order[:-1, 0] + order[:-1, 2])
    tall = float(np.median(height))
    drift = np.abs(np.diff(order[:, 1] + height / 2))
    return bool(
        height.std() < 0.3 * tall and gaps.std() < 0.6 * tall and float(np.median(drift)) < 0.25 * tall
    )
