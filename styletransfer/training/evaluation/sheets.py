"""Contact sheets: photos down, styles across."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from styletransfer.engine.base import Pixels
from styletransfer.training.evaluation.pictures import EvaluationSet

CELL = 192
GAP = 4


def contact_sheet(
    pictures: EvaluationSet, cells: Mapping[tuple[int, int], Pixels], rows: int = 20
) -> Image.Image:
    """Paintings by (photo, style) indices, the styles above and the first ``rows`` photos at the left."""
    count = min(rows, len(pictures.photos))
    size = ((len(pictures.styles) + 1) * (CELL + GAP), (count + 1) * (CELL + GAP))
    sheet = Image.new("RGB", size, "white")
    for column, style in enumerate(pictures.styles, 1):
        _place(sheet, style.pixels, 0, column)
    for row, photo in enumerate(pictures.photos[:count], 1):
        _place(sheet, photo.pixels, row, 0)
    for (photo_index, style_index), pixels in cells.items():
        if photo_index < count:
            _place(sheet, pixels, photo_index + 1, style_index + 1)
    return sheet


def _place(sheet: Image.Image, pixels: Pixels, row: int, column: int) -> None:
    picture = Image.fromarray(pixels)
    picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    left, top = column * (CELL + GAP), row * (CELL + GAP)
    sheet.paste(picture, (left + (CELL - picture.width) // 2, top + (CELL - picture.height) // 2))
