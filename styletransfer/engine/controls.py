"""What is done to a painting after the network: calm, keep_colours, detail and weak strengths.

Everything runs in strips of rows, so that memory stays bounded for any picture.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor

from styletransfer.engine.base import PaintOptions
from styletransfer.engine.calm import Calm, apply_calm, measure_calm
from styletransfer.engine.colour import lab_to_srgb, srgb_to_lab
from styletransfer.engine.detail import apply_detail, detail_radius

STRIP_PIXELS = 1 << 20
# The network does not quite reproduce a photo in its own style; below this strength the photo shows through.
FADE_BELOW = 0.15


def apply_controls(photo: Tensor, painted: Tensor, options: PaintOptions) -> Tensor:
    """Apply ``options`` to a painting, both pictures (1, 3, H, W) uint8; returns the same shape and type."""
    needs_lab = options.calm > 0 or options.keep_colours > 0 or options.detail > 0
    if not needs_lab and options.strength >= FADE_BELOW:
        return painted
    height, width = photo.shape[2:]
    calm = measure_calm(photo, painted) if options.calm > 0 else None
    radius = detail_radius(height, width)
    overlap = 2 * radius if options.detail > 0 else 0
    rows = max(64, STRIP_PIXELS // width)
    result = torch.empty_like(painted)
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        read = slice(max(0, start - overlap), min(height, stop + overlap))
        strip = _strip(photo, painted, read, options, calm, radius)
        result[:, :, start:stop] = strip[:, :, start - read.start : stop - read.start]
    return result


def _strip(
    photo: Tensor, painted: Tensor, rows: slice, options: PaintOptions, calm: Calm | None, radius: int
) -> Tensor:
    """The rows asked for with all controls applied, (1, 3, rows, W) uint8."""
    source = photo[:, :, rows].float() / 255
    result = painted[:, :, rows].float() / 255
    if options.calm > 0 or options.keep_colours > 0 or options.detail > 0:
        photo_lab, lab = srgb_to_lab(source), srgb_to_lab(result)
        if calm is not None:
            flatness = _rows_of(calm.flatness, photo.shape[2], photo.shape[3], rows)
            lab = apply_calm(calm, photo_lab, lab, flatness, options.calm)
        lightness, chroma = lab[:, :1], lab[:, 1:]
        if options.keep_colours > 0:
            chroma = torch.lerp(chroma, photo_lab[:, 1:], options.keep_colours)
        if options.detail > 0:
            lightness = apply_detail(photo_lab[:, :1], lightness, radius, options.detail)
        result = lab_to_srgb(torch.cat((lightness, chroma), 1))
    if options.strength < FADE_BELOW:
        result = torch.lerp(source, result, options.strength / FADE_BELOW)
    return to_bytes(result)


def _rows_of(preview: Tensor, height: int, width: int, rows: slice) -> Tensor:
    """Rows of a (1, 1, h, w) map enlarged to (height, width), without making the whole."""
    device = preview.device
    y = (torch.arange(rows.start, rows.stop, device=device) + 0.5) / height * 2 - 1
    x = (torch.arange(width, device=device) + 0.5) / width * 2 - 1
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[None]
    return F.grid_sample(preview, grid, padding_mode="border", align_corners=False)


def to_bytes(picture: Tensor) -> Tensor:
    """[0, 1] to uint8, rounded."""
    return picture.mul(255).round_().clamp_(0, 255).to(torch.uint8)
