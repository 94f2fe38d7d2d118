"""Empty margins of one colour: how much of it surrounds a product must not change the product's mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from styletransfer.imaging.masks.base import Alpha, Pixels

_SAME = 2  # of 255, that a margin may stray from its colour
_MARGIN = 0.15  # of the longer side of what is left


@dataclass(frozen=True, eq=False)
class Trimmed:
    """A picture whose empty margins were brought to a fixed width.

    Attributes:
        pixels: (height, width, 3) uint8.
        margin: in pixels, on each side.
        rows: of the whole picture that were kept.
        columns: the same.
        size: (height, width) of the whole picture.
    """

    pixels: Pixels
    margin: int
    rows: slice
    columns: slice
    size: tuple[int, int]

    def put_back(self, alpha: Alpha) -> Alpha:
        """A mask of ``pixels`` as a mask of the whole picture; 0 in the margins."""
        whole = np.zeros(self.size, np.float32)
        height, width = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start
        margin = self.margin
        whole[self.rows, self.columns] = alpha[margin : margin + height, margin : margin + width]
        return whole


def trim_margins(rgb: Pixels) -> Trimmed | None:
    """The picture (height, width, 3) uint8 with margins of a fixed share; None where it has no empty ones.

    A margin counts as empty when all four borders have one colour, as with products cut out onto white.
    """
    colour = rgb[0, 0].astype(np.int16)
    content = (np.abs(rgb.astype(np.int16) - colour) > _SAME).any(axis=2)
    rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
    if not len(rows):
        return None
    kept = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    height, width = content.shape
    if kept[0].start == 0 or kept[1].start == 0 or kept[0].stop == height or kept[1].stop == width:
        return None
    inner = rgb[kept]
    margin = max(4, round(_MARGIN * max(inner.shape[:2])))
    framed = np.empty((inner.shape[0] + 2 * margin, inner.shape[1] + 2 * margin, 3), np.uint8)
    framed[:] = rgb[0, 0]
    framed[margin:-margin, margin:-margin] = inner
    return Trimmed(framed, margin, *kept, (height, width))
