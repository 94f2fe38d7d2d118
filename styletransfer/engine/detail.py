"""Detail: returning the photo's fine lightness detail, such as lettering, to a painting."""

from __future__ import annotations

import torch
from torch import Tensor

from styletransfer.engine.filters import box_mean
from styletransfer.engine.resampling import block_means, enlarged_rows

BLOCKS_SHARE = 1 / 256  # of the longer side: the blocks on which photo and painting are compared
BLOCK_RADIUS = 2  # of a neighbourhood, in blocks
FLAT_VARIANCE = 16.0  # of CIELAB lightness, below which a neighbourhood has no detail to return


def detail_block(height: int, width: int) -> int:
    """Side in px of the blocks for a picture of this size."""
    return max(1, round(max(height, width) * BLOCKS_SHARE))


def detail_overlap(block: int) -> int:
    """Rows beyond a strip, a multiple of ``block``, on which the strip's result depends."""
    return (2 * BLOCK_RADIUS + 1) * block


def apply_detail(photo: Tensor, painted: Tensor, block: int, amount: Tensor) -> Tensor:
    """Painted lightness (B, 1, H, W) with the photos' detail, both in [0, 100]; ``amount`` is (B, 1, 1, 1).

    Around every place the painting is modelled as ``gain * photo + offset``: a fast guided filter (He & Sun
    2015, https://arxiv.org/abs/1505.00996). Where the painting lost or inverted the photo's contrast, the
    gain is raised to ``amount``. The local mean stays the painting's, so an area keeps the light that the
    style gave it.
    """
    guide, values = block_means(photo, block), block_means(painted, block)
    mean_guide, mean_values = box_mean(guide, BLOCK_RADIUS), box_mean(values, BLOCK_RADIUS)
    covariance = box_mean(block_means(photo * painted, block), BLOCK_RADIUS) - mean_guide * mean_values
    variance = box_mean(block_means(photo.square(), block), BLOCK_RADIUS) - mean_guide.square()
    gain = torch.maximum(covariance / (variance + FLAT_VARIANCE), amount)
    share = amount * variance / (variance + FLAT_VARIANCE)
    models = box_mean(torch.cat((gain, mean_values - gain * mean_guide, share), 1), BLOCK_RADIUS)
    enlarged = enlarged_rows(models, (block, block), slice(0, photo.shape[2]), photo.shape[3])
    gain, offset, share = enlarged[:, :1], enlarged[:, 1:2], enlarged[:, 2:]
    guided = gain * photo + offset
    return torch.lerp(painted, guided, share).clamp(0, 100)
