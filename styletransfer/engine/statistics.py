"""Norm statistics as one vector: kept with a preset, pooled over a collection, given back to the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from styletransfer.engine.base import EngineError, NormStatistics
from styletransfer.engine.normalisation import InstanceNorm


def read_statistics(network: nn.Module) -> NormStatistics:
    """What the norm layers collected last of one picture: all their means, then all their variances."""
    layers = _layers(network)
    if any(layer.mean is None or layer.variance is None for layer in layers):
        raise RuntimeError("no statistics were collected; run the network in mode COLLECT first")
    values = [layer.mean for layer in layers] + [layer.variance for layer in layers]
    joined = torch.cat([value[0].float().cpu() for value in values if value is not None])
    return np.asarray(joined.numpy(), np.float32)


def write_statistics(network: nn.Module, statistics: NormStatistics, device: torch.device) -> None:
    """Make the norm layers use these statistics in mode FROZEN.

    Raises:
        EngineError: they are of another network.
    """
    layers = _layers(network)
    widths = [_width(layer) for layer in layers]
    if statistics.shape != (2 * sum(widths),):
        raise EngineError(
            f"The collection's statistics have {statistics.size} numbers, these weights need "
            f"{2 * sum(widths)}; collect them again."
        )
    parts = torch.split(torch.from_numpy(np.array(statistics, np.float32)).to(device), widths * 2)
    for layer, mean, variance in zip(layers, parts, parts[len(layers) :], strict=False):
        layer.mean, layer.variance = mean[None], variance[None]


def pooled(statistics: Sequence[NormStatistics]) -> NormStatistics:
    """The statistics of all pictures taken together, each with the same weight.

    The pooled variance is the mean variance within the pictures plus the variance between their means.
    """
    means, variances = np.split(np.stack(statistics).astype(np.float64), 2, axis=1)
    both = np.concatenate((means.mean(0), variances.mean(0) + means.var(0)))
    return both.astype(np.float32)


def _layers(network: nn.Module) -> list[InstanceNorm]:
    return [layer for layer in network.modules() if isinstance(layer, InstanceNorm)]


def _width(layer: InstanceNorm) -> int:
    if layer.mean is None:
        raise RuntimeError("paint once in mode COLLECT, so that the layers know their width")
    return layer.mean.shape[1]
