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


def guided_coefficients(
    guide: Tensor, values: Tensor, radius: int, smoothness: float
) -> tuple[Tensor, Tensor]:
    """Local linear models ``values = gain * guide + offset`` (He 2010, https://doi.org/10.1109/TPAMI.2012.213).

    Args:
        guide: (B, 1, H, W), whose edges the result keeps.
        values: (B, 1, H, W), what is modelled.
        radius: of the square each model is fitted on, px.
        smoothness: the guide's variance below which a neighbourhood counts as flat.

    Returns:
        Gain and offset (B, 1, H, W), averaged over the models that cover a pixel.
    """
    mean_guide, mean_values = box_mean(guide, radius), box_mean(values, radius)
    covariance = box_mean(guide * values, radius) - mean_guide * mean_values
    variance = box_mean(guide * guide, radius) - mean_guide * mean_guide
    gain = covariance / (variance + smoothness)
    return box_mean(gain, radius), box_mean(mean_values - gain * mean_guide, radius)
