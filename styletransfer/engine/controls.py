"""What is done to a painting after the network: calm, keep_colours, detail and weak strengths.

Everything runs in strips of rows, so that memory stays bounded for any picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from styletransfer.engine.base import PaintOptions
from styletransfer.engine.calm import Calm, apply_calm, measure_calm
from styletransfer.engine.colour import lab_to_srgb, srgb_to_lab
from styletransfer.engine.detail import apply_detail, detail_block, detail_overlap
from styletransfer.engine.resampling import enlarged_rows

STRIP_PIXELS = 1 << 20
# The network does not quite reproduce a photo in its own style; below this strength the photo shows through.
FADE_BELOW = 0.15


@dataclass(frozen=True)
class Controls:
    """The amounts to apply and what was measured on the whole picture for them."""

    options: PaintOptions
    calm: Calm | None
    block: int

    @property
    def needs_lab(self) -> bool:
        """Whether any amount works on lightness and chroma."""
        return max(self.options.calm, self.options.keep_colours, self.options.detail) > 0


def apply_controls(photo: Tensor, painted: Tensor, options: PaintOptions) -> Tensor:
    """Apply ``options`` to a painting, both pictures (1, 3, H, W) uint8; returns the same shape and type."""
    height, width = photo.shape[2:]
    calm = measure_calm(photo, painted) if options.calm > 0 else None
    controls = Controls(options, calm, detail_block(height, width))
    if not controls.needs_lab and options.strength >= FADE_BELOW:
        return painted
    overlap = detail_overlap(controls.block) if options.detail > 0 else 0
    rows = max(1, STRIP_PIXELS // width // controls.block) * controls.block
    result = torch.empty_like(painted)
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        read = slice(max(0, start - overlap), min(height, stop + overlap))
        strip = _controlled_rows(photo, painted, read, controls)
        result[:, :, start:stop] = strip[:, :, start - read.start : stop - read.start]
    return result


def _controlled_rows(photo: Tensor, painted: Tensor, rows: slice, controls: Controls) -> Tensor:
    """These rows of the painting with all controls applied, (1, 3, rows, W) uint8."""
    options = controls.options
    source, result = photo[:, :, rows].float() / 255, painted[:, :, rows].float() / 255
    if controls.needs_lab:
        photo_lab, lab = srgb_to_lab(source), srgb_to_lab(result)
        if controls.calm is not None:
            small, (height, width) = controls.calm.flatness, photo.shape[2:]
            scale = height / small.shape[2], width / small.shape[3]
            flatness = options.calm * enlarged_rows(small, scale, rows, width)
            lab = apply_calm(photo_lab, lab, controls.calm.tones, flatness)
        lightness, chroma = lab[:, :1], lab[:, 1:]
        if options.keep_colours > 0:
            chroma = torch.lerp(chroma, photo_lab[:, 1:], options.keep_colours)
        if options.detail > 0:
            lightness = apply_detail(photo_lab[:, :1], lightness, controls.block, options.detail)
        result = lab_to_srgb(torch.cat((lightness, chroma), 1))
    if options.strength < FADE_BELOW:
        result = torch.lerp(source, result, options.strength / FADE_BELOW)
    return to_bytes(result)


def to_bytes(picture: Tensor) -> Tensor:
    """[0, 1] to uint8, rounded."""
    return picture.mul(255).round_().clamp_(0, 255).to(torch.uint8)
