"""Instance normalisation as training needs it: a whole batch at once, forward and backward in few passes.

Most of a training step is spent on normalisation and other elementwise work, not in convolutions. Statistics
are float32, maps may be bfloat16, and no full-size float copy of a map is kept for the way back.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor, nn

from styletransfer.engine.normalisation import EPSILON, InstanceNorm, NormMode


class BatchedInstanceNorm(InstanceNorm):
    """``InstanceNorm`` that measures its own statistics for a whole batch at once, for training."""

    def forward(self, maps: Tensor, gain: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Normalise ``maps`` (B, C, H, W); ``gain`` and ``bias`` are (B, C) or None."""
        if self.mode is not NormMode.OWN or not torch.is_grad_enabled():
            return super().forward(maps, gain, bias)
        return instance_norm(maps, gain, bias)

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
        """The same, then ReLU or the sum with ``add``, then every pixel as 2 x 2."""
        if self.mode is not NormMode.OWN or not torch.is_grad_enabled():
            return super().followed(maps, gain, bias, relu=relu, add=add, doubled=doubled)
        normalised = instance_norm(maps, gain, bias, relu=relu, add=add)
        return F.interpolate(normalised, scale_factor=2, mode="nearest") if doubled else normalised


def instance_norm(
    maps: Tensor,
    gain: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    relu: bool = False,
    add: Tensor | None = None,
) -> Tensor:
    """``maps`` (B, C, H, W) normalised, scaled and shifted by (B, C) gain and bias; then ReLU or a sum."""
    gain = maps.new_ones(maps.shape[:2], dtype=torch.float32) if gain is None else gain.float()
    bias = maps.new_zeros(maps.shape[:2], dtype=torch.float32) if bias is None else bias.float()
    function = FusedNormalise if _can_fuse(maps) else _Normalise
    normalised: Tensor = function.apply(maps, gain, bias, add, relu)  # type: ignore[no-untyped-call]
    return normalised


def use_batched_norm(network: nn.Module) -> None:
    """Replace every ``InstanceNorm`` of ``network``; they have no weights, so its state stays the same."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if type(child) is InstanceNorm:
                setattr(module, name, BatchedInstanceNorm())


class UnbiasedConvolution(nn.Conv2d):
    """A convolution whose bias is left out, which the norm behind it would take away again."""

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve ``maps`` (B, C, H, W)."""
        convolved: Tensor = self._conv_forward(maps, self.weight, None)
        return convolved


def leave_out_biases(convolutions: Iterable[nn.Conv2d]) -> None:
    """Neither add nor train the biases of convolutions that a norm follows; their values stay as they are."""
    for convolution in convolutions:
        convolution.__class__ = UnbiasedConvolution
        if convolution.bias is not None:
            convolution.bias.requires_grad_(False)


def _forward(
    maps: Tensor, gain: Tensor, bias: Tensor, add: Tensor | None, relu: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalised maps, mean and 1 / standard deviation (B, C)."""
    variance, mean = torch.var_mean(maps.float(), (2, 3), correction=0)
    scale = (variance + EPSILON).rsqrt()
    slope = scale * gain
    shift = bias - mean * slope
    normalised = maps.float() * slope[:, :, None, None] + shift[:, :, None, None]
    if relu:
        normalised = normalised.clamp_min(0)
    if add is not None:
        normalised = normalised + add
    return normalised.to(maps.dtype), mean, scale


def _backward(  # noqa: PLR0917 - all of them are tensors of the formula
    gradient: Tensor, maps: Tensor, gain: Tensor, bias: Tensor, mean: Tensor, scale: Tensor, relu: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients by maps, gain, bias (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167, section 3)."""
    incoming = gradient.float()
    unit = (maps.float() - mean[:, :, None, None]) * scale[:, :, None, None]
    if relu:
        # Computed anew: keeping the output for its signs would cost a full-size map.
        incoming = incoming * (unit * gain[:, :, None, None] + bias[:, :, None, None] > 0)
    by_bias = incoming.sum((2, 3))
    by_gain = (incoming * unit).sum((2, 3))
    count = maps.shape[2] * maps.shape[3]
    centred = incoming - (by_bias / count)[:, :, None, None] - unit * (by_gain / count)[:, :, None, None]
    return (centred * (gain * scale)[:, :, None, None]).to(maps.dtype), by_gain, by_bias


def _can_fuse(maps: Tensor) -> bool:
    """Whether ``fused_norm`` can do it: a CUDA GPU, triton, and as many channels as the kernels take."""
    if not maps.is_cuda or importlib.util.find_spec("triton") is None:
        return False
    from styletransfer.engine import fused_norm  # noqa: PLC0415 - imports triton

    return fused_norm.takes(maps)


class _Normalise(torch.autograd.Function):
    """Plain torch operations."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes by position
        ctx: Any, maps: Tensor, gain: Tensor, bias: Tensor, add: Tensor | None, relu: bool
    ) -> Tensor:
        normalised, mean, scale = _forward(maps, gain, bias, add, relu)
        ctx.save_for_backward(maps, gain, bias, mean, scale)
        ctx.relu, ctx.added = relu, add is not None
        return normalised

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        maps, gain, bias, mean, scale = ctx.saved_tensors
        by_maps, by_gain, by_bias = _backward(gradients[0], maps, gain, bias, mean, scale, ctx.relu)
        return by_maps, by_gain, by_bias, gradients[0] if ctx.added else None, None


class FusedNormalise(torch.autograd.Function):
    """The same in fused kernels; maps are (B, C, H, W), channels_last."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes by position
        ctx: Any, maps: Tensor, gain: Tensor, bias: Tensor, add: Tensor | None, relu: bool
    ) -> Tensor:
        """Normalise; what the way back needs is kept."""
        from styletransfer.engine import fused_norm  # noqa: PLC0415 - imports triton

        maps = maps.contiguous(memory_format=torch.channels_last)
        add = None if add is None else add.contiguous(memory_format=torch.channels_last)
        found = fused_norm.measure(maps, gain, bias, EPSILON)
        ctx.save_for_backward(maps, *found)
        ctx.relu, ctx.added = relu, add is not None
        return fused_norm.apply(maps, found.scale, found.shift, relu=relu, add=add)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by maps, gain, bias and what was added."""
        from styletransfer.engine.fused_norm import Statistics  # noqa: PLC0415 - imports triton
        from styletransfer.training import fused_norm  # noqa: PLC0415

        maps, *found = ctx.saved_tensors
        statistics = Statistics(*found)
        gradient = gradients[0].to(maps.dtype).contiguous(memory_format=torch.channels_last)
        inverse = (statistics.variance + EPSILON).rsqrt()
        by_maps, by_gain, by_bias = fused_norm.backward(gradient, maps, statistics, inverse, relu=ctx.relu)
        return by_maps, by_gain, by_bias, gradient if ctx.added else None, None
