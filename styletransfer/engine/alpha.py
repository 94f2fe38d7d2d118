"""What the painter sees where a picture is transparent."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812 - torch's customary name
from torch import Tensor

from styletransfer.engine.filters import box_mean

FILL_SIDE = 512  # colours are continued at this size: they need no detail
RADII = (64, 16, 4)  # neighbourhoods that colours come from, px at that size, widest first
ENOUGH = 0.05  # share of opacity from which a neighbourhood's colour is trusted


def fill_transparent(photo: Tensor, alpha: Tensor) -> Tensor:
    """Opaque photo (1, 3, H, W) that continues edge colours into transparent areas.

    A fringe of some background colour would otherwise be painted into half-transparent edges. The colour
    is the opacity-weighted mean of the nearest neighbourhood with opaque pixels, white where there is none.

    Args:
        photo: (1, 3, H, W) in [0, 1]; colours under full transparency are ignored.
        alpha: (1, 1, H, W) in [0, 1].
    """
    size = photo.shape[2:]
    scale = min(1.0, FILL_SIDE / max(size))
    small = [max(1, round(side * scale)) for side in size]
    weighted, opacity = (F.interpolate(maps, small, mode="area") for maps in (photo * alpha, alpha))
    filled = photo.new_ones(1, 3, *small)
    for radius in RADII:
        weight = box_mean(opacity, radius)
        colour = box_mean(weighted, radius) / weight.clamp_min(1e-6)
        filled = filled + (weight / ENOUGH).clamp(0, 1) * (colour - filled)
    surroundings = F.interpolate(filled, size, mode="bilinear")
    return surroundings + alpha * (photo - surroundings)
