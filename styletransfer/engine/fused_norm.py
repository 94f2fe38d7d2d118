"""Instance norm of a whole batch in three kernels, for inference on CUDA GPUs.

One kernel measures every map in pieces, one merges the pieces' statistics (Chan, Golub & LeVeque 1979,
http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf) and folds the affine parameters in, one
writes the result. Maps are read twice and written once however many pictures there are, ReLU and the
residual sum included; pictures painted one after the other would fill a fraction of the GPU.
"""

# ruff: noqa: PLR0917 - kernels take pointers and sizes by position
from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

TILE = 4096  # values that one program holds at once
LARGEST_CHANNELS = 256
MOST_PIECES = 512
FEWEST_STEPS = 4  # tiles a piece, so that small maps are not cut into crumbs
MERGED_CHANNELS = 16  # that one program merges


class Statistics(NamedTuple):
    """Of every map of every picture, (B, C) float32 each: ``maps * scale + shift`` is the normalised map."""

    mean: Tensor
    variance: Tensor
    scale: Tensor
    shift: Tensor


def takes(maps: Tensor) -> bool:
    """Whether the kernels handle these maps: a power of two of channels, 16 to 256."""
    channels = maps.shape[1]
    return MERGED_CHANNELS <= channels <= LARGEST_CHANNELS and channels & (channels - 1) == 0


def measure(maps: Tensor, gain: Tensor | None, bias: Tensor | None, epsilon: float) -> Statistics:
    """Statistics of ``maps`` (B, C, H, W), channels_last; ``gain`` and ``bias`` are (B, C) float32 or None.

    How a picture's maps are cut into pieces depends on its size alone, so its mates change nothing.
    """
    batch, channels, height, width = maps.shape
    pixels, rows = height * width, TILE // channels
    # A power of two, for a kernel is compiled for every number of steps.
    steps = max(FEWEST_STEPS, triton.next_power_of_2(-(-pixels // (rows * MOST_PIECES))))
    pieces = -(-pixels // (rows * steps))
    partial = maps.new_empty((2, batch, pieces, channels), dtype=torch.float32)
    _measure[(pieces, batch)](
        maps, partial[0], partial[1], pixels, channels=channels, rows=rows, steps=steps, num_warps=8
    )  # fmt: skip
    found = maps.new_empty((4, batch, channels), dtype=torch.float32)
    has_affine = gain is not None and bias is not None
    gain, bias = (gain, bias) if has_affine else (found[0], found[0])
    assert gain is not None and bias is not None  # noqa: S101, PT018 - for the type checker
    _merge[(batch, channels // MERGED_CHANNELS)](
        partial[0], partial[1], gain, bias, gain.stride(0), bias.stride(0), *found,
        pixels, rows * steps, pieces, epsilon,
        channels=channels, width=MERGED_CHANNELS, padded_pieces=triton.next_power_of_2(pieces),
        has_affine=has_affine,
    )  # fmt: skip
    return Statistics(*found)


def apply(
    maps: Tensor,
    scale: Tensor,
    shift: Tensor,
    *,
    relu: bool = False,
    add: Tensor | None = None,
    doubled: bool = False,
) -> Tensor:
    """``maps * scale + shift`` in float32, rounded once; ReLU or ``add`` (as ``maps``) on top.

    Args:
        maps: (B, C, H, W), channels_last.
        scale: (B, C) float32.
        shift: (B, C) float32.
        relu: whether negative values become 0.
        add: maps of the same shape and memory format to add.
        doubled: whether every pixel is written as 2 x 2, (B, C, 2 H, 2 W).
    """
    batch, channels, height, width = maps.shape
    pixels, rows, factor = height * width, TILE // channels, 2 if doubled else 1
    result = maps.new_empty(batch, height * factor, width * factor, channels).permute(0, 3, 1, 2)
    _apply[(triton.cdiv(pixels, rows), batch)](
        maps, maps if add is None else add, scale.contiguous(), shift.contiguous(), result, pixels, width,
        channels=channels, rows=rows, activate=relu, sums=add is not None, doubled=doubled, num_warps=8,
    )  # fmt: skip
    return result


@triton.jit
def _measure(
    maps,
    means,
    squares,
    pixels,
    channels: tl.constexpr,
    rows: tl.constexpr,
    steps: tl.constexpr,
):
    """Mean and sum of squared deviations of one piece of one picture's maps."""
    picture = tl.program_id(1).to(tl.int64)
    start = tl.program_id(0) * rows * steps
    stop = tl.minimum(start + rows * steps, pixels)
    channel = tl.arange(0, channels)[None, :]
    base = maps + picture * pixels * channels
    row = start + tl.arange(0, rows)[:, None]
    first = tl.load(base + row.to(tl.int64) * channels + channel, mask=row < stop, other=0.0).to(tl.float32)
    # Sums of deviations from the first rows' mean: sums of the values' own squares would cancel.
    centre = (tl.sum(first, 0) / tl.minimum(stop - start, rows).to(tl.float32))[None, :]
    total = tl.where(row < stop, first - centre, 0.0)
    total_squares = total * total
    for step in range(1, steps):
        later = row + step * rows
        inside = later < stop
        values = tl.load(base + later.to(tl.int64) * channels + channel, mask=inside, other=0.0)
        deviation = tl.where(inside, values.to(tl.float32) - centre, 0.0)
        total += deviation
        total_squares += deviation * deviation
    count = (stop - start).to(tl.float32)
    mean = tl.sum(total, 0) / count
    place = (picture * tl.num_programs(0) + tl.program_id(0)) * channels + tl.arange(0, channels)
    tl.store(means + place, mean + tl.sum(centre, 0))
    tl.store(squares + place, tl.sum(total_squares, 0) - mean * mean * count)


@triton.jit
def _merge(
    means,
    squares,
    gain,
    bias,
    gain_stride,
    bias_stride,
    mean_out,
    variance_out,
    scale_out,
    shift_out,
    pixels,
    piece,
    pieces,
    epsilon,
    channels: tl.constexpr,
    padded_pieces: tl.constexpr,
    width: tl.constexpr,
    has_affine: tl.constexpr,
):
    """Statistics of some whole maps from those of their pieces."""
    picture = tl.program_id(0).to(tl.int64)
    channel = tl.program_id(1) * width + tl.arange(0, width)
    part = tl.arange(0, padded_pieces)[:, None]
    inside = part < pieces
    count = tl.where(inside, tl.minimum(pixels - part * piece, piece), 0).to(tl.float32)
    place = (picture * pieces + part) * channels + channel[None, :]
    parts = tl.load(means + place, mask=inside, other=0.0)
    mean = tl.sum(count * parts, 0) / pixels
    deviation = parts - mean[None, :]
    within = tl.sum(tl.load(squares + place, mask=inside, other=0.0), 0)
    variance = (within + tl.sum(count * deviation * deviation, 0)) / pixels
    scale = 1.0 / tl.sqrt(variance + epsilon)
    shift = -mean * scale
    if has_affine:
        factor = tl.load(gain + picture * gain_stride + channel)
        scale = scale * factor
        shift = shift * factor + tl.load(bias + picture * bias_stride + channel)
    out = picture * channels + channel
    tl.store(mean_out + out, mean)
    tl.store(variance_out + out, variance)
    tl.store(scale_out + out, scale)
    tl.store(shift_out + out, shift)


@triton.jit
def _apply(
    maps,
    add,
    scale,
    shift,
    result,
    pixels,
    width,
    channels: tl.constexpr,
    rows: tl.constexpr,
    activate: tl.constexpr,
    sums: tl.constexpr,
    doubled: tl.constexpr,
):
    """Scale, shift, activate, add and enlarge some rows of one picture's maps."""
    picture = tl.program_id(1).to(tl.int64)
    row = tl.program_id(0) * rows + tl.arange(0, rows)[:, None]
    channel = tl.arange(0, channels)[None, :]
    place = picture * pixels * channels + row.to(tl.int64) * channels + channel
    inside = row < pixels
    values = tl.load(maps + place, mask=inside, other=0.0).to(tl.float32)
    factor = tl.load(scale + picture * channels + channel)
    values = values * factor + tl.load(shift + picture * channels + channel)
    if activate:
        values = tl.maximum(values, 0.0)
    if sums:
        values += tl.load(add + place, mask=inside, other=0.0).to(tl.float32)
    values = values.to(result.dtype.element_ty)
    if doubled:
        corner = (row // width) * 4 * width + (row % width) * 2
        place = picture * pixels * 4 * channels + corner.to(tl.int64) * channels + channel
        tl.store(result + place, values, mask=inside)
        tl.store(result + place + channels, values, mask=inside)
        tl.store(result + place + 2 * width * channels, values, mask=inside)
        tl.store(result + place + (2 * width + 1) * channels, values, mask=inside)
    else:
        tl.store(result + place, values, mask=inside)
