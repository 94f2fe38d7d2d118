"""The way back through instance normalisation in two kernels, for training on CUDA GPUs.

Forward, ``engine/fused_norm.py`` does the work. Backward, one kernel sums what the gradients of scale and
shift need and one writes the gradient of the maps; ReLU's mask is computed anew from the maps.
"""

# ruff: noqa: PLR0917 - kernels take pointers and sizes by position
from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from styletransfer.engine.fused_norm import TILE, Statistics

MOST_PIECES = 256
FEWEST_STEPS = 4  # tiles a piece


def backward(
    gradient: Tensor, maps: Tensor, found: Statistics, inverse: Tensor, *, relu: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients by maps, gain and bias (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167, section 3).

    Args:
        gradient: (B, C, H, W) by the result, channels_last.
        maps: (B, C, H, W) that were normalised, channels_last.
        found: their statistics, with gain and bias folded into scale and shift.
        inverse: (B, C) 1 / standard deviation.
        relu: whether ReLU followed.
    """
    batch, channels, height, width = maps.shape
    pixels, rows = height * width, TILE // channels
    steps = max(FEWEST_STEPS, triton.next_power_of_2(-(-pixels // (rows * MOST_PIECES))))
    pieces = -(-pixels // (rows * steps))
    partial = maps.new_empty((2, batch, pieces, channels), dtype=torch.float32)
    _sum_gradients[(pieces, batch)](
        gradient, maps, found.mean, found.scale, found.shift, partial[0], partial[1], pixels,
        channels=channels, rows=rows, steps=steps, relu=relu, num_warps=8,
    )  # fmt: skip
    by_bias, deviations = partial.sum(2)
    by_gain = deviations * inverse
    # The gradient by the maps is linear in gradient and maps: gradient * scale + maps * slope + offset.
    slope = -inverse * found.scale * by_gain / pixels
    offset = -found.scale * by_bias / pixels - found.mean * slope
    by_maps = torch.empty_like(maps)
    _gradient_by_maps[(triton.cdiv(pixels, rows), batch)](
        gradient, maps, found.scale, found.shift, slope, offset, by_maps, pixels,
        channels=channels, rows=rows, relu=relu, num_warps=8,
    )  # fmt: skip
    return by_maps, by_gain, by_bias


@triton.jit
def _sum_gradients(
    gradient,
    maps,
    mean,
    scale,
    shift,
    sums,
    deviations,
    pixels,
    channels: tl.constexpr,
    rows: tl.constexpr,
    steps: tl.constexpr,
    relu: tl.constexpr,
):
    """Sums of the gradient and of its product with the maps' deviation, over one piece of one picture."""
    picture = tl.program_id(1).to(tl.int64)
    start = tl.program_id(0) * rows * steps
    stop = tl.minimum(start + rows * steps, pixels)
    channel = tl.arange(0, channels)[None, :]
    base = picture * pixels * channels
    centre = tl.load(mean + picture * channels + channel)
    factor = tl.load(scale + picture * channels + channel)
    addend = tl.load(shift + picture * channels + channel)
    total = tl.zeros((rows, channels), dtype=tl.float32)
    total_deviations = tl.zeros((rows, channels), dtype=tl.float32)
    for step in range(steps):
        row = start + step * rows + tl.arange(0, rows)[:, None]
        inside = row < stop
        place = base + row.to(tl.int64) * channels + channel
        incoming = tl.load(gradient + place, mask=inside, other=0.0).to(tl.float32)
        values = tl.load(maps + place, mask=inside, other=0.0).to(tl.float32)
        if relu:
            incoming = tl.where(values * factor + addend > 0.0, incoming, 0.0)
        total += incoming
        total_deviations += incoming * (values - centre)
    out = (picture * tl.num_programs(0) + tl.program_id(0)) * channels + tl.arange(0, channels)
    tl.store(sums + out, tl.sum(total, 0))
    tl.store(deviations + out, tl.sum(total_deviations, 0))


@triton.jit
def _gradient_by_maps(
    gradient,
    maps,
    scale,
    shift,
    slope,
    offset,
    result,
    pixels,
    channels: tl.constexpr,
    rows: tl.constexpr,
    relu: tl.constexpr,
):
    """Write gradient * scale + maps * slope + offset for some rows of one picture's maps."""
    picture = tl.program_id(1).to(tl.int64)
    row = tl.program_id(0) * rows + tl.arange(0, rows)[:, None]
    channel = tl.arange(0, channels)[None, :]
    place = picture * pixels * channels + row.to(tl.int64) * channels + channel
    inside = row < pixels
    statistic = picture * channels + channel
    incoming = tl.load(gradient + place, mask=inside, other=0.0).to(tl.float32)
    values = tl.load(maps + place, mask=inside, other=0.0).to(tl.float32)
    factor = tl.load(scale + statistic)
    if relu:
        incoming = tl.where(values * factor + tl.load(shift + statistic) > 0.0, incoming, 0.0)
    outgoing = incoming * factor + values * tl.load(slope + statistic) + tl.load(offset + statistic)
    tl.store(result + place, outgoing.to(result.dtype.element_ty), mask=inside)
