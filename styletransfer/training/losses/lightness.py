"""What keeps light and dark, flat areas and edges of the photo: cures of blotches, halos and grey looks."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor

CELL = 4  # px; strokes finer than this are left to the style
WINDOW = 7  # cells
NEIGHBOURHOOD_VARIANCE = 1e-4  # of the photo's lightness, below which a window counts as flat
FLAT_GRADIENT = 0.02  # lightness a cell
LEAST_RANGE = 0.04  # standard deviation of the flat cells' lightness for which an order can be asked
CONTRAST_SHARE = 0.8
PATCH = 7  # px
STRUCTURE_C = 0.03**2  # as in SSIM, for lightness in [0, 1]


def luma(pictures: Tensor) -> Tensor:
    """(B, 1, H, W) lightness of pictures (B, 3, H, W) (ITU-R BT.601)."""
    red, green, blue = pictures.float().chunk(3, 1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def contrast_floor(painted: Tensor, photo: Tensor, style: Tensor) -> Tensor:
    """How far a painting's contrast falls below four fifths of the photo's and the style's, in [0, 0.4].

    relu(0.8 * min(sd(photo), sd(style)) - sd(painted)) of lightness, averaged over (B, 3, H, W) pictures: a
    normalised content loss does not notice a painting that turns grey.
    """
    deviations = [luma(pictures).flatten(1).std(1, correction=0) for pictures in (painted, photo, style)]
    return F.relu(CONTRAST_SHARE * torch.minimum(deviations[1], deviations[2]) - deviations[0]).mean()


def local_affine_loss(painted: Tensor, photo: Tensor) -> Tensor:
    """How badly the painting's colours follow the photo's lightness within small windows, in [0, 0.25].

    In each window of 7 x 7 cells of 4 px the painting is fitted by a * lightness + b; the loss is the mean
    squared residual, var(p) - cov(p, l)^2 / (var(l) + e), over channels (the locally affine model of He,
    "Guided image filtering", 2013, https://doi.org/10.1109/TPAMI.2012.213, eq. 5; used as a loss by Luan
    2017, https://arxiv.org/abs/1703.07511). In a flat window any blotch is a residual, beside an edge any
    halo is; strokes finer than a cell cost nothing, and neither does any change of colour or contrast.
    Residuals count by how plain the photo is there: a textured window may be painted freely.
    """
    light = F.avg_pool2d(luma(photo), CELL)
    colour = F.avg_pool2d(painted.float(), CELL)
    mean_light, mean_colour = _windows(light), _windows(colour)
    variance = (_windows(light.square()) - mean_light.square()).clamp_min(0)
    covariance = _windows(light * colour) - mean_light * mean_colour
    residual = _windows(colour.square()) - mean_colour.square()
    residual = residual - covariance.square() / (variance + NEIGHBOURHOOD_VARIANCE)
    return (residual.clamp_min(0) * _plainness(photo)).mean()


def flat_lightness_loss(painted: Tensor, photo: Tensor) -> Tensor:
    """1 - correlation of the photo's and the painting's lightness over flat cells, in [0, 2].

    Only pictures whose flat cells differ in lightness count; the mean is over those, 0 if there are none. A
    painting that swaps a light and a dark flat area has a negative correlation.
    """
    light, other = F.avg_pool2d(luma(photo), CELL).flatten(1), F.avg_pool2d(luma(painted), CELL).flatten(1)
    weight = flat_cells(photo).flatten(1)
    weight = weight / weight.sum(1, keepdim=True).clamp_min(1e-6)
    light = light - (weight * light).sum(1, keepdim=True)
    other = other - (weight * other).sum(1, keepdim=True)
    variance, other_variance = (weight * light.square()).sum(1), (weight * other.square()).sum(1)
    correlation = (weight * light * other).sum(1) / (variance * other_variance + 1e-8).sqrt()
    counts = (variance.sqrt() > LEAST_RANGE).float()
    return ((1 - correlation) * counts).sum() / counts.sum().clamp_min(1)


def structure_loss(painted: Tensor, photo: Tensor) -> Tensor:
    """1 - the contrast and structure part of SSIM between painting and photo, in [0, 2]; 0 when equal.

    (2 cov + c) / (var + var' + c) of lightness in windows of 7 x 7 px (Wang, Bovik, Sheikh, Simoncelli,
    "Image quality assessment", 2004, https://doi.org/10.1109/TIP.2003.819861, eq. 6, contrast and structure
    taken together). The part that compares brightness is left out: a style may be darker than the photo.
    """
    light, other = luma(photo), luma(painted)
    mean_light, mean_other = _patches(light), _patches(other)
    covariance = _patches(light * other) - mean_light * mean_other
    variances = _patches(light.square() + other.square()) - mean_light.square() - mean_other.square()
    return 1 - ((2 * covariance + STRUCTURE_C) / (variances.clamp_min(0) + STRUCTURE_C)).mean()


def flat_cells(photo: Tensor) -> Tensor:
    """(B, 1, H / 4, W / 4): 1 where the photo's lightness hardly changes over 3 x 3 cells, else 0."""
    light = F.avg_pool2d(luma(photo), CELL)
    highest = F.max_pool2d(light, 3, 1, 1)
    lowest = -F.max_pool2d(-light, 3, 1, 1)
    return (highest - lowest < 2 * FLAT_GRADIENT).float()


def _plainness(photo: Tensor) -> Tensor:
    """(B, 1, H / 4, W / 4) in [0, 1]: 1 where nothing finer than an outline is near.

    The photo's fine detail is what is left of its lightness within cells: outlines have some, textures much.
    """
    light = luma(photo)
    cell_mean = F.avg_pool2d(light, CELL)
    detail = (F.avg_pool2d(light.square(), CELL) - cell_mean.square()).clamp_min(0)
    busy = (_windows(detail).sqrt() - 0.02).clamp_min(0) / 0.06
    return 1 - busy.clamp_max(1)


def _windows(maps: Tensor) -> Tensor:
    """Means over windows of 7 x 7 cells; fewer at the border."""
    return F.avg_pool2d(maps, WINDOW, 1, WINDOW // 2, count_include_pad=False)


def _patches(maps: Tensor) -> Tensor:
    """Means over windows of 7 x 7 px that lie inside the picture."""
    return F.avg_pool2d(maps, PATCH, 1)
