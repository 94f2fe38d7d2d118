"""What is done to a painting after the network: calm, keep_colours, detail and weak strengths.

Everything runs in strips of rows, so that memory stays bounded for any picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from styletransfer.engine.base import PaintOptions
from styletransfer.engine.calm import Calm, apply_calm, measure_calm
from styletransfer.engine.colour import lab_to_srgb, srgb_to_lab
from styletransfer.engine.control_settings import FADE_BELOW
from styletransfer.engine.detail import apply_detail, detail_block, detail_overlap
from styletransfer.engine.resampling import enlarged_rows

STRIP_PIXELS = 1 << 20  # of every picture


class Uses(NamedTuple):
    """Which controls any picture of a batch asks for."""

    fade: bool
    keep_colours: bool
    calm: bool
    detail: bool

    @property
    def lab(self) -> bool:
        """Whether any works on lightness and chroma."""
        return self.keep_colours or self.calm or self.detail


@dataclass(frozen=True)
class Amounts:
    """The controls of a batch.

    Attributes:
        values: (4, B, 1, 1, 1) float32: strength, keep_colours, calm, detail.
        uses: what has to be computed at all.
    """

    values: Tensor
    uses: Uses

    @classmethod
    def of(cls, options: Sequence[PaintOptions], device: torch.device | None = None) -> Amounts:
        """The amounts of one ``PaintOptions`` a picture."""
        rows = [(each.strength, each.keep_colours, each.calm, each.detail) for each in options]
        values = torch.tensor(rows, dtype=torch.float32).T[..., None, None, None]
        strengths, *rest = zip(*rows, strict=True)
        uses = Uses(min(strengths) < FADE_BELOW, *(max(each) > 0 for each in rest))
        return cls(values.to(device) if device else values, uses)

    def one(self, index: int) -> Amounts:
        """Those of one picture."""
        return replace(self, values=self.values[:, index : index + 1])


@dataclass(frozen=True)
class Measured:
    """What the controls need to know about whole pictures."""

    calm: Calm | None
    block: int


def apply_controls(photos: Tensor, painted: Tensor, amounts: Amounts) -> Tensor:
    """Apply ``amounts`` to paintings; both pictures (B, 3, H, W) uint8, and so is what is returned."""
    uses = amounts.uses
    if not uses.lab and not uses.fade:
        return painted
    height, width = photos.shape[2:]
    measured = Measured(measure_calm(photos, painted) if uses.calm else None, detail_block(height, width))
    overlap = detail_overlap(measured.block) if uses.detail else 0
    rows = max(1, STRIP_PIXELS // width // measured.block) * measured.block
    result = torch.empty_like(painted)
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        read = slice(max(0, start - overlap), min(height, stop + overlap))
        strip = _controlled_rows(photos, painted, read, amounts, measured)
        result[:, :, start:stop] = strip[:, :, start - read.start : stop - read.start]
    return result


def _controlled_rows(
    photos: Tensor, painted: Tensor, rows: slice, amounts: Amounts, measured: Measured
) -> Tensor:
    """These rows of the paintings with all controls applied, (B, 3, rows, W) uint8."""
    source, result = photos[:, :, rows].float() / 255, painted[:, :, rows].float() / 255
    strength, keep_colours, calm, detail = amounts.values
    if amounts.uses.lab:
        photo_lab, lab = srgb_to_lab(source), srgb_to_lab(result)
        if measured.calm is not None:
            small, (height, width) = measured.calm.flatness, photos.shape[2:]
            scale = height / small.shape[2], width / small.shape[3]
            flatness = calm * enlarged_rows(small, scale, rows, width)
            lab = apply_calm(photo_lab, lab, measured.calm.tones, flatness)
        lightness, chroma = lab[:, :1], lab[:, 1:]
        if amounts.uses.keep_colours:
            chroma = torch.lerp(chroma, photo_lab[:, 1:], keep_colours)
        if amounts.uses.detail:
            lightness = apply_detail(photo_lab[:, :1], lightness, measured.block, detail)
        controlled = lab_to_srgb(torch.cat((lightness, chroma), 1))
        # A mate without controls does not go through CIELAB.
        result = torch.where(amounts.values[1:].amax(0) > 0, controlled, result)
    if amounts.uses.fade:
        result = torch.lerp(source, result, (strength / FADE_BELOW).clamp_max(1))
    return to_bytes(result)


def to_bytes(picture: Tensor) -> Tensor:
    """[0, 1] to uint8, rounded."""
    return picture.mul(255).round_().clamp_(0, 255).to(torch.uint8)
