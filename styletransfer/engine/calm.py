"""Calm: keeping a painting flat where its photo is flat.

Instance norm stretches whatever contrast a map has, so the faint gradient of a studio background comes out
as heavy blotches whose lightness has little to do with the photo's. In areas that are flat over a wide
neighbourhood the painting gives way to a smooth tone: the photo's lightness, brought into the painting's
range without steepening it, in the colours that the painting has at that lightness.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor

from styletransfer.engine.colour import srgb_to_lab
from styletransfer.engine.control_settings import (
    CELLS,
    CHROMA_RANGE,
    FLAT_LOCAL,
    FLAT_WIDE,
    NEAR_LIGHTNESS,
    PREVIEW_SIDE,
    REACH,
    STRONG_EDGE,
    WIDE_RADIUS,
)
from styletransfer.engine.filters import box_mean
from styletransfer.engine.resampling import preview


@dataclass(frozen=True)
class Calm:
    """What calming pictures needs to know about each as a whole.

    Attributes:
        flatness: (B, 1, h, w) in [0, 1] at preview size.
        tones: (B, 3, 17, 17, 17) CIELAB tone for each colour of a photo.
    """

    flatness: Tensor
    tones: Tensor


def measure_calm(photo: Tensor, painted: Tensor) -> Calm:
    """Measure flatness and tones on photos and their paintings, (B, 3, H, W) uint8 of equal size."""
    photo, painted = preview(photo, PREVIEW_SIDE), preview(painted, PREVIEW_SIDE)
    return Calm(flatness_map(photo), _tones(srgb_to_lab(photo), srgb_to_lab(painted)))


def flatness_map(picture: Tensor) -> Tensor:
    """(B, 1, h, w): 1 in widely flat areas up to their edges, 0 at edges and in textures."""
    gradient = _gradient(picture)
    energy = gradient.clamp_max(STRONG_EDGE).square()
    wide = _falling(box_mean(box_mean(energy, WIDE_RADIUS), WIDE_RADIUS).sqrt(), *FLAT_WIDE)
    local = _falling(box_mean(gradient.square(), 1).sqrt(), *FLAT_LOCAL)
    # Morphological reconstruction by dilation: the wide window goes blind near the product, and
    # spreading over locally flat pixels takes calm right up to the outline but not across it.
    reached = torch.minimum(wide, local)
    for _ in range(REACH):
        reached = torch.minimum(F.max_pool2d(reached, 3, 1, 1), local)
    return box_mean(reached, 1)


def _gradient(picture: Tensor) -> Tensor:
    """Length of the colour gradient (B, 1, h, w), per px."""
    padded = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    return (across.square() + down.square()).sum(1, keepdim=True).sqrt()


def _falling(values: Tensor, full: float, none: float) -> Tensor:
    """1 up to ``full``, 0 from ``none`` on, smooth between."""
    t = ((none - values) / (none - full)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _tones(photo_lab: Tensor, painted_lab: Tensor) -> Tensor:
    """CIELAB tone for every photo colour, (B, 3, cells, cells, cells) over b, a and L.

    Lightness is a rising function of the photo's alone. Chroma is averaged over pixels of similar photo
    colour whose painted lightness is near the tone's, in a bilateral grid (Chen 2007,
    https://doi.org/10.1145/1276377.1276506).
    """
    pictures = photo_lab.shape[0]
    lightness = _lightness_curve(photo_lab[:, 0].flatten(1), painted_lab[:, 0].flatten(1))
    grid = photo_lab.new_zeros(pictures * CELLS**3, 3)
    first_cell = torch.arange(pictures, device=photo_lab.device)[:, None] * CELLS**3
    position = _grid_position(photo_lab.flatten(2))
    below = position.floor().clamp(0, CELLS - 2)
    painted = painted_lab.flatten(2)
    for corner in itertools.product((0, 1), repeat=3):
        cell = torch.stack([axis + step for axis, step in zip(below.unbind(1), corner, strict=True)], 1)
        share = (1 - (position - cell).abs()).clamp_min(0).prod(1)
        light, a, b = cell.long().unbind(1)
        distance = lightness.gather(1, light) - painted[:, 0]
        weight = share * torch.exp(-0.5 * (distance / NEAR_LIGHTNESS).square())
        index = first_cell + (b * CELLS + a) * CELLS + light
        values = torch.stack((weight, weight * painted[:, 1], weight * painted[:, 2]), 2)
        grid.index_add_(0, index.flatten(), values.flatten(0, 1))
    sums = grid.view(pictures, CELLS**3, 3).transpose(1, 2).reshape(pictures, 3, CELLS, CELLS, CELLS)
    # Where no photo pixel has a cell's colour, wider averages stand in: 7 cells, then all of one lightness.
    near, wide = F.avg_pool3d(sums, 3, 1, 1), F.avg_pool3d(sums, 7, 1, 3)
    all_hues = F.avg_pool3d(sums.mean((2, 3), keepdim=True), (1, 1, 7), 1, (0, 0, 3))
    total = near + 1e-3 * wide + 1e-6 * all_hues
    chroma = total[:, 1:] / total[:, :1].clamp_min(1e-12)
    return torch.cat((lightness[:, None, None, None].expand_as(chroma[:, :1]), chroma), 1)


def _lightness_curve(photo: Tensor, painted: Tensor) -> Tensor:
    """Tone lightness (B, cells) for photo lightness 0 to 100: the painting's range, never steepened.

    Both are lightness (B, pixels).
    """
    photo_dark, photo_light = _quantiles(photo, 0.02, 0.98)
    dark, light = _quantiles(painted, 0.05, 0.95)
    slope = ((light - dark) / (photo_light - photo_dark).clamp_min(1)).clamp(0, 1)
    steps = torch.linspace(0, 100, CELLS, device=photo.device)
    return torch.clamp(light - slope * (photo_light - steps), 0, 100)


def _quantiles(values: Tensor, low: float, high: float) -> Tensor:
    """Two quantiles of every row, (2, B, 1)."""
    # Not ``torch.tensor``: copying numbers from the host is not allowed while a CUDA graph is captured.
    return torch.quantile(values, torch.linspace(low, high, 2, device=values.device), 1, keepdim=True)


def _grid_position(lab: Tensor) -> Tensor:
    """Grid coordinates in [0, cells - 1] of L, a and b along the second axis."""
    lightness, a, b = lab.unbind(1)
    scaled = torch.stack((lightness / 100, a / (2 * CHROMA_RANGE) + 0.5, b / (2 * CHROMA_RANGE) + 0.5), 1)
    return scaled.clamp(0, 1) * (CELLS - 1)


def apply_calm(photo_lab: Tensor, painted_lab: Tensor, tones: Tensor, flatness: Tensor) -> Tensor:
    """Blend paintings towards their tones; (B, 3, H, W) CIELAB in and out.

    Args:
        photo_lab: the photos.
        painted_lab: their paintings.
        tones: see ``Calm``.
        flatness: (B, 1, H, W), how much of the tone to show.
    """
    coordinates = _grid_position(photo_lab).movedim(1, -1)[:, None] / (CELLS - 1) * 2 - 1
    tone = F.grid_sample(tones, coordinates, align_corners=True)[:, :, 0]
    return torch.lerp(painted_lab, tone, flatness)
