"""Cutting a picture into windows that overlap enough for their seams to vanish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

# The painter sees 68 px to each side of a pixel: 56 by fourteen 3 x 3 convolutions at a quarter of the
# size, the rest by the outer layers. Rounded up to a multiple of the stride, 4.
RECEPTIVE_RADIUS = 72
STRIDE = 4


@dataclass(frozen=True)
class Span:
    """One tile along one axis: it paints ``start`` to ``stop`` and reads ``read_start`` to ``read_stop``."""

    start: int
    stop: int
    read_start: int
    read_stop: int


@dataclass(frozen=True)
class Tile:
    """A tile's rows and columns."""

    rows: Span
    columns: Span


def tiles(height: int, width: int, side: int, margin: int) -> Iterator[Tile]:
    """Tiles of at most ``side`` px that cover a picture, from the top left, row by row.

    ``margin`` is the border of the padded picture: what tiles may read beyond the picture itself.
    """
    for rows in spans(height, side, margin):
        for columns in spans(width, side, margin):
            yield Tile(rows, columns)


def spans(size: int, side: int, margin: int) -> list[Span]:
    """Equal spans of at most ``side`` px, starts on the network's stride, overlapping by its receptive field.

    Raises:
        ValueError: ``side`` is no positive multiple of 4.
    """
    if side < STRIDE or side % STRIDE:
        raise ValueError(f"the side of a tile must be a positive multiple of {STRIDE}, not {side}")
    count = -(-size // side)
    step = round_up(-(-size // count))
    end = round_up(size) + margin
    return [
        Span(
            start,
            min(start + step, size),
            max(start - RECEPTIVE_RADIUS, -margin),
            min(start + step + RECEPTIVE_RADIUS, end),
        )
        for start in range(0, size, step)
    ]


def round_up(size: int) -> int:
    """``size`` or the next multiple of the network's stride."""
    return -(-size // STRIDE) * STRIDE


def reflected(start: int, stop: int, size: int, device: torch.device | None = None) -> torch.Tensor:
    """Indices ``start`` to ``stop`` reflected into [0, size) as often as needed, the border not repeated."""
    positions = torch.arange(start, stop, device=device)
    if size == 1:
        return torch.zeros_like(positions)
    period = 2 * (size - 1)
    folded = positions.remainder(period)
    return torch.where(folded < size, folded, period - folded)
