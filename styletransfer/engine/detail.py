"""Detail: returning the photo's fine lightness detail, such as lettering, to a painting."""

from __future__ import annotations

from torch import Tensor

from styletransfer.engine.filters import box_mean, guided_coefficients

# Lettering that stays readable is at least this share of the picture's longer side apart, line to line.
RADIUS_SHARE = 1 / 128
FLAT_VARIANCE = 16.0  # of CIELAB lightness, below which a neighbourhood has no detail to return


def detail_radius(height: int, width: int) -> int:
    """Radius in px of the neighbourhoods compared, for a picture of this size."""
    return max(2, round(max(height, width) * RADIUS_SHARE))


def apply_detail(photo_lightness: Tensor, painted_lightness: Tensor, radius: int, amount: float) -> Tensor:
    """Painted lightness (1, 1, H, W) with the photo's detail; both in [0, 100].

    In every neighbourhood the painting is modelled as ``gain * photo + offset`` (a guided filter). Where the
    painting lost or inverted the photo's contrast, the gain is raised to ``amount``. The local mean stays the
    painting's, so the light that the style gave an area is kept and edges get no halos.
    """
    gain, offset = guided_coefficients(photo_lightness, painted_lightness, radius, FLAT_VARIANCE)
    mean_photo = box_mean(box_mean(photo_lightness, radius), radius)
    mean_painted = gain * mean_photo + offset
    variance = box_mean(photo_lightness.square(), radius) - box_mean(photo_lightness, radius).square()
    guided = mean_painted + gain.clamp_min(amount) * (photo_lightness - mean_photo)
    share = amount * variance / (variance + FLAT_VARIANCE)
    return (painted_lightness + share * (guided - painted_lightness)).clamp(0, 100)
