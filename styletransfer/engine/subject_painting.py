"""Painting a product as if it were alone: what surrounds it, and how much of that, does not change it.

Three things depend on framing otherwise. The norm statistics: they are collected on a tight crop of the
subject, or given, and frozen. The network's stride: its grid starts at the subject. What the controls measure
(flatness, tones, block sizes): they run once more on the subject's frame, a box of fixed proportion around
it, and that result is laid into the whole picture's. Where the frame, or what the network sees around the
subject, reaches beyond the photo, the photo's border is continued.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from styletransfer.engine.base import Alpha, NormStatistics
from styletransfer.engine.controls import Amounts, apply_controls, to_bytes
from styletransfer.engine.painter import Painter
from styletransfer.engine.statistics import write_statistics
from styletransfer.engine.tiling import RECEPTIVE_RADIUS

INSIDE = 0.5  # of alpha, from which a pixel counts as the product
TIGHT = 0.04  # of the subject's longer side, around it: what the statistics are collected on
FRAME = 0.3  # the same: what the controls are measured on
LEAST_SIDE = 16  # px; a subject smaller than this is no subject


@dataclass(frozen=True)
class Box:
    """Rows ``top`` to ``bottom`` and columns ``left`` to ``right`` of a picture, the ends left out."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def longer_side(self) -> int:
        """In pixels."""
        return max(self.bottom - self.top, self.right - self.left)

    def grown(self, by: int, fixed: tuple[bool, bool, bool, bool] = (False,) * 4) -> Box:
        """With ``by`` more pixels on each side, but not where ``fixed`` (top, bottom, left, right)."""
        top, bottom, left, right = (0 if each else by for each in fixed)
        return Box(self.top - top, self.bottom + bottom, self.left - left, self.right + right)

    def moved(self, down: int, along: int) -> Box:
        """Moved by so many rows and columns."""
        return Box(self.top + down, self.bottom + down, self.left + along, self.right + along)

    def of(self, picture: Tensor) -> Tensor:
        """What lies in the box, (B, C, H, W); beyond the picture its border is continued."""
        height, width = picture.shape[2:]
        rows = torch.arange(self.top, self.bottom, device=picture.device).clamp_(0, height - 1)
        columns = torch.arange(self.left, self.right, device=picture.device).clamp_(0, width - 1)
        return picture[:, :, rows[:, None], columns]


def find_box(mask: Alpha | None) -> Box | None:
    """The box of the subject; None without a mask, or where it shows none worth the name."""
    if mask is None:
        return None
    inside = mask > INSIDE
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows) or min(rows[-1] - rows[0], columns[-1] - columns[0]) < LEAST_SIDE:
        return None
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def subject_crop(photo: Tensor, box: Box | None) -> Tensor:
    """What statistics and the photo's own code come from, (1, 3, h, w); all of the photo without a box."""
    if box is None:
        return photo
    return box.grown(round(TIGHT * box.longer_side)).of(photo)


def paint_by_subject(
    painter: Painter,
    photo: Tensor,
    code: Tensor,
    box: Box | None,
    *,
    amounts: Amounts,
    norms: NormStatistics | None,
    paint_large: Callable[[Tensor, Tensor], Tensor],
    whole_pixels: int,
) -> Tensor:
    """Paint one photo (1, 3, H, W) uint8 with its subject's statistics, or with given ones.

    Args:
        painter: the network.
        photo: the picture.
        code: (1, 128).
        box: of the subject; None takes the whole picture for it.
        amounts: what the controls apply.
        norms: statistics to paint with instead.
        paint_large: paints a photo whole or in tiles with the statistics collected last, uint8.
        whole_pixels: how many may be painted at once.
    """
    painter.collect_statistics(subject_crop(photo, box), code)
    if norms is not None:
        write_statistics(painter, norms, code.device)
    height, width = photo.shape[2:]
    if box is None:
        painted = paint_large(photo, code)
        return apply_controls(photo, painted, amounts)
    cut = (box.top <= 1, box.bottom >= height - 1, box.left <= 1, box.right >= width - 1)
    frame = box.grown(max(RECEPTIVE_RADIUS, round(FRAME * box.longer_side)), cut)
    down, along = max(0, -frame.top), max(0, -frame.left)
    wide = Box(-down, max(height, frame.bottom), -along, max(width, frame.right)).of(photo)
    if wide[0, 0].numel() <= whole_pixels:
        place = box.moved(down, along)
        painted = to_bytes(painter.paint_frozen(wide, code, (place.top, place.left)))
    else:
        painted = paint_large(wide, code)
    inner = frame.moved(down, along)
    result = apply_controls(wide, painted, amounts)
    framed = apply_controls(inner.of(wide), inner.of(painted), amounts)
    share = _ramp(box, frame, cut).to(painted.device)
    outer = inner.of(result).float()
    result[:, :, inner.top : inner.bottom, inner.left : inner.right] = (
        torch.lerp(outer, framed.float(), share).round_().to(torch.uint8)
    )
    return result[:, :, down : down + height, along : along + width]


def _ramp(box: Box, frame: Box, cut: tuple[bool, bool, bool, bool]) -> Tensor:
    """(1, 1, frame height, frame width): 1 on the box, falling to 0 at the frame's edge."""
    top, bottom, left, right = cut
    down = _rise((frame.top, box.top), (box.bottom, frame.bottom), (top, bottom))
    along = _rise((frame.left, box.left), (box.right, frame.right), (left, right))
    return (down[:, None] * along[None])[None, None]


def _rise(rise: tuple[int, int], fall: tuple[int, int], is_cut: tuple[bool, bool]) -> Tensor:
    (start, first), (last, stop), (starts_full, ends_full) = rise, fall, is_cut
    position = torch.arange(start, stop, dtype=torch.float32) + 0.5
    rising = torch.ones_like(position) if starts_full else (position - start) / max(first - start, 1)
    falling = torch.ones_like(position) if ends_full else (stop - position) / max(stop - last, 1)
    return torch.minimum(rising, falling).clamp(0, 1)
