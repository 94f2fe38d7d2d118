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
from styletransfer.engine.filters import box_mean
from styletransfer.engine.resampling import preview

PREVIEW_SIDE = 256  # flatness is measured at this size, so that it means the same for every photo size
WIDE_RADIUS = 13  # of the neighbourhood that must be flat, preview px; applied twice
STRONG_EDGE = 0.06  # gradients count up to here, so that one outline does not make its surroundings busy
FLAT_WIDE = (0.012, 0.022)  # root mean square gradient: flat below the first, busy above the second
FLAT_LOCAL = (0.02, 0.05)  # the same within 1 px
REACH = 96  # how far calm spreads from a widely flat place over locally flat ones, preview px
CELLS = 17  # of the grid of photo colours, along each of L, a and b
CHROMA_RANGE = 80.0  # a and b lie within this on the grid
NEAR_LIGHTNESS = 12.0  # standard deviation of the preference for painted colours of the tone's lightness


@dataclass(frozen=True)
class Calm:
    """What calming a picture needs to know about it as a whole.

    Attributes:
        flatness: (1, 1, h, w) in [0, 1] at preview size.
        tones: (1, 3, 17, 17, 17) CIELAB tone for each colour of the photo.
    """

    flatness: Tensor
    tones: Tensor


def measure_calm(photo: Tensor, painted: Tensor) -> Calm:
    """Measure flatness and tones on a photo and its painting, (1, 3, H, W) uint8 of equal size."""
    photo, painted = preview(photo, PREVIEW_SIDE), preview(painted, PREVIEW_SIDE)
    return Calm(flatness_map(photo), _tones(srgb_to_lab(photo), srgb_to_lab(painted)))


def flatness_map(picture: Tensor) -> Tensor:
    """(1, 1, h, w): 1 in widely flat areas up to their edges, 0 at edges and in textures."""
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
    """Length of the colour gradient (1, 1, h, w), per px."""
    padded = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    return (across.square() + down.square()).sum(1, keepdim=True).sqrt()


def _falling(values: Tensor, full: float, none: float) -> Tensor:
    """1 up to ``full``, 0 from ``none`` on, smooth between."""
    t = ((none - values) / (none - full)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _tones(photo_lab: Tensor, painted_lab: Tensor) -> Tensor:
    """CIELAB tone for every photo colour, (1, 3, cells, cells, cells) over b, a and L.

    Lightness is a rising function of the photo's alone. Chroma is averaged over pixels of similar photo
    colour whose painted lightness is near the tone's, in a bilateral grid (Chen 2007,
    https://doi.org/10.1145/1276377.1276506).
    """
    lightness = _lightness_curve(photo_lab[:, 0], painted_lab[:, 0])
    grid = photo_lab.new_zeros(CELLS**3, 3)
    position = _grid_position(photo_lab[0].flatten(1))
    below = position.floor().clamp(0, CELLS - 2)
    painted = painted_lab[0].flatten(1)
    for corner in itertools.product((0, 1), repeat=3):
        cell = below + torch.tensor(corner).to(below)[:, None]
        share = (1 - (position - cell).abs()).clamp_min(0).prod(0)
        distance = lightness[cell[0].long()] - painted[0]
        weight = share * torch.exp(-0.5 * (distance / NEAR_LIGHTNESS).square())
        index = ((cell[2] * CELLS + cell[1]) * CELLS + cell[0]).long()
        grid.index_add_(0, index, torch.stack((weight, weight * painted[1], weight * painted[2]), 1))
    sums = grid.T.reshape(1, 3, CELLS, CELLS, CELLS)
    # Where no photo pixel has a cell's colour, wider averages stand in: 7 cells, then all of one lightness.
    near, wide = F.avg_pool3d(sums, 3, 1, 1), F.avg_pool3d(sums, 7, 1, 3)
    all_hues = F.avg_pool3d(sums.mean((2, 3), keepdim=True), (1, 1, 7), 1, (0, 0, 3))
    total = near + 1e-3 * wide + 1e-6 * all_hues
    chroma = total[:, 1:] / total[:, :1].clamp_min(1e-12)
    return torch.cat((lightness.expand_as(chroma[:, :1]), chroma), 1)


def _lightness_curve(photo: Tensor, painted: Tensor) -> Tensor:
    """Tone lightness (cells,) for photo lightness 0 to 100: the painting's range, never steepened."""
    photo_dark, photo_light = torch.quantile(photo, torch.tensor([0.02, 0.98]).to(photo))
    dark, light = torch.quantile(painted, torch.tensor([0.05, 0.95]).to(painted))
    slope = ((light - dark) / (photo_light - photo_dark).clamp_min(1)).clamp(0, 1)
    steps = torch.linspace(0, 100, CELLS).to(photo)
    return torch.clamp(light - slope * (photo_light - steps), 0, 100)


def _grid_position(lab: Tensor) -> Tensor:
    """Grid coordinates in [0, cells - 1] of L, a and b along the first axis."""
    lightness, a, b = lab.unbind(0)
    scaled = torch.stack((lightness / 100, a / (2 * CHROMA_RANGE) + 0.5, b / (2 * CHROMA_RANGE) + 0.5))
    return scaled.clamp(0, 1) * (CELLS - 1)


def apply_calm(photo_lab: Tensor, painted_lab: Tensor, tones: Tensor, flatness: Tensor) -> Tensor:
    """Blend a painting towards its tone; (1, 3, H, W) CIELAB in and out.

    Args:
        photo_lab: the photo.
        painted_lab: its painting.
        tones: see ``Calm``.
        flatness: (1, 1, H, W), how much of the tone to show.
    """
    coordinates = _grid_position(photo_lab[0]).movedim(0, -1)[None, None] / (CELLS - 1) * 2 - 1
    tone = F.grid_sample(tones, coordinates, align_corners=True)[:, :, 0]
    return torch.lerp(painted_lab, tone, flatness)
