"""What brings the artwork's style: balanced statistics of perceptual features.

Plain style losses differ more than a thousandfold between styles, so that some are hardly learnt and others
swamp everything. Dividing by what the loss could be at most makes styles equal (Cheng, "Style-aware
normalized loss for improving arbitrary style transfer", CVPR 2021, https://arxiv.org/abs/2104.10064).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from styletransfer.training.losses.content import sum_of

EPSILON = 1e-6


@dataclass(frozen=True)
class StyleStatistics:
    """Of one layer's features: mean and deviation (B, C), Gram matrix (B, C, C) or None; float32."""

    mean: Tensor
    deviation: Tensor
    gram: Tensor | None


def style_statistics(
    features: Mapping[str, Tensor], layers: Sequence[str], gram: bool = True
) -> dict[str, StyleStatistics]:
    """Statistics of features (B, C, H, W) by layer."""
    return {layer: _statistics(features[layer], gram) for layer in layers}


def statistics_loss(painted: Mapping[str, StyleStatistics], style: Mapping[str, StyleStatistics]) -> Tensor:
    """Balanced difference of means and deviations, in [0, 2], mean of pictures and layers; 0 when equal.

    Of one layer: (|m - m'|^2 + |s - s'|^2) / (|m|^2 + |m'|^2 + |s|^2 + |s'|^2), the denominator held
    constant. Means and deviations as in Huang & Belongie 2017, https://arxiv.org/abs/1703.06868, eq. 13.
    """
    terms = []
    for layer, statistics in painted.items():
        other = style[layer]
        difference = _squares(statistics.mean - other.mean) + _squares(statistics.deviation - other.deviation)
        bound = sum_of([_squares(t) for s in (statistics, other) for t in (s.mean, s.deviation)])
        terms.append((difference / (bound.detach() + EPSILON)).mean())
    return sum_of(terms) / len(terms)


def gram_loss(painted: Mapping[str, StyleStatistics], style: Mapping[str, StyleStatistics]) -> Tensor:
    """Balanced difference of Gram matrices, in [0, 1], averaged over pictures and layers; 0 when equal.

    Of one layer: |G - G'|^2 / (|G|^2 + |G'|^2), the denominator held constant (Gatys 2016 in Cheng's bound).
    Gram matrices have no negative entries after ReLU, hence the bound of 1.
    """
    terms = []
    for layer, statistics in painted.items():
        one, two = statistics.gram, style[layer].gram
        if one is None or two is None:
            raise ValueError("these statistics were computed without Gram matrices")
        bound = (_squares(one) + _squares(two)).detach() + EPSILON
        terms.append((_squares(one - two) / bound).mean())
    return sum_of(terms) / len(terms)


def _statistics(maps: Tensor, gram: bool) -> StyleStatistics:
    mean, mean_square, product = _Moments.apply(maps, gram)  # type: ignore[no-untyped-call]
    # Rounded squares may fall below the squared mean.
    deviation = ((mean_square - mean.square()).clamp_min(0) + EPSILON).sqrt()
    return StyleStatistics(mean, deviation, product if gram else None)


class _Moments(torch.autograd.Function):
    """Mean, mean square (B, C) and mean products (B, C, C) of maps (B, C, H, W) over pixels, in float32.

    Left to autograd, each would send a full-size gradient back; together they need one matrix product.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, gram: bool) -> tuple[Tensor, Tensor, Tensor]:
        pixels = maps.permute(0, 2, 3, 1).flatten(1, 2)
        count = pixels.shape[1]
        # Sums in float32 without a float copy of the maps; half-precision statistics overflow.
        mean = pixels.mean(1, dtype=torch.float32)
        mean_square = torch.linalg.vector_norm(pixels, dim=1, dtype=torch.float32).square() / count
        product = torch.bmm(pixels.transpose(1, 2), pixels).float() / count if gram else mean.new_empty(0)
        ctx.save_for_backward(pixels)
        ctx.shape, ctx.gram = maps.shape, gram
        return mean, mean_square, product

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        by_mean, by_square, by_product = gradients
        (pixels,) = ctx.saved_tensors
        batch, channels, height, width = ctx.shape
        mixing = torch.diag_embed(2 * by_square)
        if ctx.gram:
            mixing = mixing + by_product + by_product.transpose(1, 2)
        mixing, constant = (t.div(height * width).to(pixels.dtype) for t in (mixing, by_mean[:, None]))
        by_pixels = torch.baddbmm(constant, pixels, mixing)
        return by_pixels.view(batch, height, width, channels).permute(0, 3, 1, 2), None


def _squares(values: Tensor) -> Tensor:
    """Sum of squares of each picture (B,)."""
    return values.flatten(1).square().sum(1)
