"""The moving average of a network's weights, which is what is shown and shipped."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class MovingAverage(Generic[Network]):
    """Exponential moving average of a network's weights and running statistics (Polyak averaging).

    The decay starts low and rises to ``decay``, (1 + n) / (``slack`` + n) after n updates, so that early
    weights are forgotten. What is no floating-point number, such as a count, is copied.
    """

    def __init__(self, network: Network, decay: float, slack: int = 10) -> None:
        self.network: Network = copy.deepcopy(network)
        self.network.eval().requires_grad_(False)
        self.decay = decay
        self.slack = slack
        self.updates = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move a little towards the weights of ``network``."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (self.slack + self.updates))
        averages: list[Tensor] = list(self.network.parameters())
        current: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(averages, current, 1 - decay)
        for slow, fast in zip(self.network.buffers(), network.buffers(), strict=True):
            if slow.is_floating_point():
                slow.lerp_(fast, 1 - decay)
            else:
                slow.copy_(fast)
