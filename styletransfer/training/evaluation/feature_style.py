"""How near a painting's look is to its style's, by the statistics of a perceptual network's maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from styletransfer.training.evaluation.features import SIMILARITY_LAYER, STYLE_LAYERS

SIMILARITY_SIDE = 64  # positions along the longer side: what a picture of 256 px has at relu3_1
TEMPERATURE = 0.1


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """A picture's look by layer: means and standard deviations (C,), and Gram matrix (C, C)."""

    mean: dict[str, Tensor]
    deviation: dict[str, Tensor]
    gram: dict[str, Tensor]


def feature_statistics(features: Mapping[str, Tensor]) -> list[FeatureStatistics]:
    """Statistics of each picture of a batch of feature maps (B, C, h, w)."""
    count = features[STYLE_LAYERS[0]].shape[0]
    found = [FeatureStatistics({}, {}, {}) for _ in range(count)]
    for layer in STYLE_LAYERS:
        for maps, statistics in zip(features[layer].flatten(2), found, strict=True):
            variance, mean = torch.var_mean(maps, 1, correction=0)
            statistics.mean[layer], statistics.deviation[layer] = mean, variance.sqrt()
            statistics.gram[layer] = maps @ maps.T / maps.shape[1]
    return found


def balanced_style_loss(first: FeatureStatistics, second: FeatureStatistics) -> float:
    """Mean over layers of the relative squared difference of means and deviations, in [0, 1].

    (|m1 - m2|^2 + |s1 - s2|^2) / (|m1|^2 + |m2|^2 + |s1|^2 + |s2|^2): each layer is bounded by 1 because the
    statistics of rectified maps are not negative. Cheng et al. 2021 (https://arxiv.org/abs/2104.10064) divide
    by the same supremum; they use Gram matrices where this uses moments.
    """
    total = 0.0
    for layer in STYLE_LAYERS:
        a = torch.cat((first.mean[layer], first.deviation[layer]))
        b = torch.cat((second.mean[layer], second.deviation[layer]))
        total += float((a - b).square().sum() / (a.square().sum() + b.square().sum()))
    return total / len(STYLE_LAYERS)


def gram_distance(first: FeatureStatistics, second: FeatureStatistics) -> float:
    """Mean over layers of |G1 - G2| / sqrt(|G1|^2 + |G2|^2) (Frobenius norms), in [0, 1].

    Gatys, Ecker, Bethge 2016 (https://arxiv.org/abs/1508.06576), balanced as in ``balanced_style_loss``.
    """
    total = 0.0
    for layer in STYLE_LAYERS:
        a, b = first.gram[layer], second.gram[layer]
        total += float(((a - b).square().sum() / (a.square().sum() + b.square().sum())).sqrt())
    return total / len(STYLE_LAYERS)


def self_similarity(features: Mapping[str, Tensor]) -> list[Tensor]:
    """Log-probabilities (positions / 4, positions) that each place of a picture looks like each other place.

    Maps of relu3_1 are averaged down to 64 positions on the longer side, centred and scaled to unit length;
    rows are every second place of every second row.
    """
    maps = features[SIMILARITY_LAYER]
    scale = SIMILARITY_SIDE / max(maps.shape[2:])
    size = [max(1, round(side * scale)) for side in maps.shape[2:]]
    small = torch.nn.functional.interpolate(maps, size, mode="area")
    unit = torch.nn.functional.normalize(small - small.mean((2, 3), keepdim=True), dim=1)
    rows = unit[:, :, ::2, ::2].flatten(2).transpose(1, 2)
    return list(torch.log_softmax(rows @ unit.flatten(2) / TEMPERATURE, 2))


def self_similarity_distance(photo: Tensor, painted: Tensor) -> float:
    """Content feature structural distance, 0 or more: mean KL divergence of two self-similarities' rows.

    After CFSD of Chung, Hyun, Heo 2024 (StyleID, https://arxiv.org/abs/2312.09008). Cosine similarity with a
    temperature replaces their dot product over the number of channels, so that the figure does not depend
    on the scale of the network's maps; it is not comparable with theirs.
    """
    return float((photo.exp() * (photo - painted)).sum(1).mean())
