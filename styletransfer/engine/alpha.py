"""What the painter sees where a picture is transparent."""

from __future__ import annotations

from torch import Tensor

from styletransfer.engine.filters import box_mean

# Neighbourhoods from which transparent pixels take their colour, as shares of the longer side.
REACHES = (1 / 128, 1 / 32, 1 / 8)
FAINT = 1e-3


def fill_transparent(photo: Tensor, alpha: Tensor) -> Tensor:
    """Opaque photo (1, 3, H, W) in [0, 255], continuing edge colours into transparent areas.

    A fringe of the background's colour would otherwise be painted into the half-transparent edge. The
    colour is the opacity-weighted mean of the nearest neighbourhood with opaque pixels, white where none is.

    Args:
        photo: (1, 3, H, W) uint8 or float in [0, 255]; colours under full transparency are ignored.
        alpha: (1, 1, H, W) in [0, 1].
    """
    colours = photo.float()
    filled = colours.new_full(colours.shape, 255.0)
    for share in reversed(REACHES):
        radius = max(1, round(max(photo.shape[2:]) * share))
        opacity = box_mean(alpha, radius)
        mean = box_mean(colours * alpha, radius) / opacity.clamp_min(FAINT)
        trust = (opacity / 0.05).clamp(0, 1)
        filled = filled + trust * (mean - filled)
    return colours * alpha + filled * (1 - alpha)
