"""Instance normalisation with statistics that can be collected from one picture and reused for another.

Ordinary instance norm (Ulyanov 2016, https://arxiv.org/abs/1607.08022) measures every map of every picture
anew, so the tiles of one picture disagree at their borders. Collecting the statistics once and freezing them
makes the network a local function of its input: tiles with enough overlap equal the whole picture.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor, nn

EPSILON = 1e-5


class NormMode(Enum):
    """Whose statistics an ``InstanceNorm`` uses."""

    OWN = "own"
    COLLECT = "collect"
    FROZEN = "frozen"


class InstanceNorm(nn.Module):
    """Bring every map of every picture to zero mean and unit variance, then scale and shift it.

    In mode OWN a picture's own statistics are used; COLLECT does the same and keeps them; FROZEN uses the
    ones kept, of one picture for a whole batch or of as many pictures as the batch has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mode = NormMode.OWN
        self.mean: Tensor | None = None
        self.variance: Tensor | None = None

    def forward(self, maps: Tensor, gain: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Normalise ``maps`` (B, C, H, W); ``gain`` and ``bias`` are (B, C) float32 or None.

        Statistics are computed in float32 whatever the maps' type.
        """
        if _can_fuse(maps):
            return self._fused(maps, gain, bias)
        return self._by_picture(maps, gain, bias)

    def followed(
        self,
        maps: Tensor,
        gain: Tensor | None = None,
        bias: Tensor | None = None,
        *,
        relu: bool = False,
        add: Tensor | None = None,
        doubled: bool = False,
    ) -> Tensor:
        """The same, then ReLU or the sum with ``add``, then every pixel as 2 x 2; one kernel if possible."""
        if _can_fuse(maps):
            return self._fused(maps, gain, bias, relu=relu, add=add, doubled=doubled)
        result: Tensor = self(maps, gain, bias)
        if relu:
            result = F.relu_(result)
        if add is not None:
            result = torch.add(add, result)
        return F.interpolate(result, scale_factor=2, mode="nearest") if doubled else result

    def _by_picture(self, maps: Tensor, gain: Tensor | None, bias: Tensor | None) -> Tensor:
        """One picture after the other; differentiable."""
        # Per picture, batch norm is instance norm, and torch's fused kernel takes bfloat16 maps with
        # float32 statistics and affine parameters in two passes over memory.
        pictures = range(maps.shape[0])
        # Without float32 parameters the kernel would return bfloat16 statistics.
        gain = maps.new_ones(maps.shape[:2], dtype=torch.float32) if gain is None else gain
        bias = maps.new_zeros(maps.shape[:2], dtype=torch.float32) if bias is None else bias
        if self.mode is NormMode.FROZEN:
            return _joined([self._by_frozen(maps[i : i + 1], i, gain[i], bias[i]) for i in pictures])
        results = [_by_own(maps[i : i + 1], gain[i], bias[i]) for i in pictures]
        if self.mode is NormMode.COLLECT:
            self.mean = torch.stack([mean for _, mean, _ in results])
            self.variance = torch.stack([scale.float().pow(-2) - EPSILON for _, _, scale in results])
        return _joined([normalised for normalised, _, _ in results])

    def _fused(
        self,
        maps: Tensor,
        gain: Tensor | None,
        bias: Tensor | None,
        *,
        relu: bool = False,
        add: Tensor | None = None,
        doubled: bool = False,
    ) -> Tensor:
        """The whole batch at once; not differentiable."""
        from styletransfer.engine import fused_norm  # noqa: PLC0415 - imports triton

        maps = maps.contiguous(memory_format=torch.channels_last)
        add = None if add is None else add.contiguous(memory_format=torch.channels_last)
        if self.mode is NormMode.FROZEN:
            mean, variance = self._kept()
            scale = (variance + EPSILON).rsqrt().expand(maps.shape[:2])
            scale = scale if gain is None else scale * gain
            shift = -mean * scale if bias is None else bias - mean * scale
            return fused_norm.apply(maps, scale, shift, relu=relu, add=add, doubled=doubled)
        found = fused_norm.measure(maps, gain, bias, EPSILON)
        if self.mode is NormMode.COLLECT:
            self.mean, self.variance = found.mean, found.variance
        return fused_norm.apply(maps, found.scale, found.shift, relu=relu, add=add, doubled=doubled)

    def _kept(self) -> tuple[Tensor, Tensor]:
        """Mean and variance collected last."""
        if self.mean is None or self.variance is None:
            raise RuntimeError("no statistics were collected; run the network in mode COLLECT first")
        return self.mean, self.variance

    def _by_frozen(self, maps: Tensor, index: int, gain: Tensor, bias: Tensor) -> Tensor:
        mean, variance = self._kept()
        row = index if mean.shape[0] > 1 else 0
        return F.batch_norm(maps, mean[row], variance[row], gain, bias, training=False, eps=EPSILON)


def _can_fuse(maps: Tensor) -> bool:
    """Whether ``fused_norm`` can do it: inference on a CUDA GPU, and triton is installed."""
    if not _is_fusing(maps):
        return False
    from styletransfer.engine import fused_norm  # noqa: PLC0415 - imports triton

    return fused_norm.takes(maps)


def _is_fusing(maps: Tensor) -> bool:
    return maps.is_cuda and not torch.is_grad_enabled() and _has_triton()


@cache
def _has_triton() -> bool:
    return importlib.util.find_spec("triton") is not None


def _by_own(maps: Tensor, gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Normalised maps, their mean and 1 / standard deviation (C,) of one picture (1, C, H, W)."""
    return torch.native_batch_norm(maps, gain, bias, None, None, True, 0.0, EPSILON)


def _joined(pictures: list[Tensor]) -> Tensor:
    return pictures[0] if len(pictures) == 1 else torch.cat(pictures)


@contextmanager
def norm_mode(network: nn.Module, mode: NormMode) -> Iterator[None]:
    """Run every ``InstanceNorm`` of ``network`` in ``mode``, and in mode OWN afterwards."""
    layers = [layer for layer in network.modules() if isinstance(layer, InstanceNorm)]
    for layer in layers:
        layer.mode = mode
    try:
        yield
    finally:
        for layer in layers:
            layer.mode = NormMode.OWN
