"""Small copies of large pictures, and parts of large copies of small maps, in little memory."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor


def preview(picture: Tensor, side: int) -> Tensor:
    """Averaged copy of (B, C, H, W) uint8 pictures, in [0, 1], whose longer side is at most ``side`` px."""
    height, width = picture.shape[2:]
    # Whole blocks first: a float copy of the full picture would cost four times its memory.
    block = max(1, max(height, width) // (2 * side))
    rows = range(0, height, 64 * block)
    coarse = torch.cat([block_means(picture[:, :, i : i + 64 * block].float(), block) for i in rows], 2)
    scale = min(1.0, side / max(coarse.shape[2:]))
    size = [max(1, round(length * scale)) for length in coarse.shape[2:]]
    return F.interpolate(coarse, size, mode="area") / 255


def limited(pictures: Tensor, side: int) -> Tensor:
    """(B, C, H, W) pictures scaled down to a longer side of at most ``side`` px, in their own type."""
    scale = side / max(pictures.shape[2:])
    if scale >= 1:
        return pictures
    size = [max(1, round(length * scale)) for length in pictures.shape[2:]]
    if pictures.is_cuda and pictures.dtype == torch.uint8:
        # CUDA has no such resampling of bytes.
        small = F.interpolate(pictures.float(), size, mode="bilinear", antialias=True)
        return small.round_().clamp_(0, 255).to(torch.uint8)
    return F.interpolate(pictures, size, mode="bilinear", antialias=True)


def block_means(maps: Tensor, block: int) -> Tensor:
    """Means (B, C, ceil(H / block), ceil(W / block)) of square blocks; those at the border may be smaller."""
    if block == 1:
        return maps
    return F.avg_pool2d(maps, block, ceil_mode=True, count_include_pad=False)


def enlarged_rows(maps: Tensor, scale: tuple[float, float], rows: slice, width: int) -> Tensor:
    """Some rows of (B, C, h, w) maps enlarged bilinearly by ``scale`` (down, across), (B, C, rows, width)."""
    height, columns = maps.shape[2:]
    y = (torch.arange(rows.start, rows.stop, device=maps.device) + 0.5) / (height * scale[0]) * 2 - 1
    x = (torch.arange(width, device=maps.device) + 0.5) / (columns * scale[1]) * 2 - 1
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
    return F.grid_sample(
        maps, grid.expand(maps.shape[0], -1, -1, -1), padding_mode="border", align_corners=False
    )
