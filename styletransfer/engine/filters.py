"""Smoothing filters on (B, C, H, W) tensors; borders are averaged over what lies inside."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor


def box_mean(maps: Tensor, radius: int) -> Tensor:
    """Mean over the square of ``2 * radius + 1`` px around each pixel, in time independent of the radius."""
    return _running_mean(_running_mean(maps, radius).transpose(2, 3), radius).transpose(2, 3)


def _running_mean(maps: Tensor, radius: int) -> Tensor:
    """Mean along the rows axis."""
    size = maps.shape[2]
    total = F.pad(maps.cumsum(2, dtype=torch.float64), (0, 0, 1, 0))
    stop = (torch.arange(size, device=maps.device) + radius + 1).clamp_max(size)
    start = (torch.arange(size, device=maps.device) - radius).clamp_min(0)
    return ((total[:, :, stop] - total[:, :, start]) / (stop - start)[:, None]).to(maps.dtype)
