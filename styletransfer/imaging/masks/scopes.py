"""Painting through masks: subject only, background only, protected areas, and the lightness guard.

Photo and painting have one size. A fourth channel is the photo's alpha and always stays the photo's.
"""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import lab_to_rgb, rgb_to_lab
from styletransfer.imaging.masks.base import Alpha, MaskError, Pixels, SubjectMask, check_pixels
from styletransfer.imaging.masks.guided import guided_filter
from styletransfer.imaging.masks.matting import composite

Scope = Literal["whole", "subject", "background"]

_GUARD_SIDE = 256
_GUARD_TOLERANCE = 6.0  # L* that a painting may leave the photo's order of light and dark
_TONES = 64
_STEEPEST = 1.5


def apply_scope(
    photo: Pixels, painted: Pixels, mask: SubjectMask | Alpha, scope: Scope, feather: float = 2.0
) -> Pixels:
    """The painting where the scope says, the photo elsewhere.

    Args:
        photo: (height, width, 3 or 4) uint8.
        painted: (height, width, 3 or 4) uint8.
        mask: of the subject; (height, width).
        scope: "whole", "subject" or "background".
        feather: width in pixels over which one passes into the other; 0 keeps the mask's own edge.

    Returns:
        (height, width, channels of the photo) uint8.

    Raises:
        MaskError: the sizes differ, or the scope is unknown.
    """
    if scope not in get_args(Scope):
        raise MaskError(f"scope must be one of {', '.join(get_args(Scope))}, not {scope!r}")
    _check_pair(photo, painted)
    if scope == "whole":
        return _with_alpha_of(photo, painted[..., :3])
    alpha = mask.alpha if isinstance(mask, SubjectMask) else mask
    weight = feathered(alpha, feather)
    weight = weight if scope == "subject" else 1 - weight
    return _with_alpha_of(photo, composite(_rgb(painted), _rgb(photo), weight))


def apply_protection(photo: Pixels, painted: Pixels, areas: Alpha, amount: float) -> Pixels:
    """The painting, with the photo returned inside protected areas.

    The rim of each area follows the photo's edges, so that a protected label ends where the label ends.

    Args:
        photo: (height, width, 3 or 4) uint8.
        painted: (height, width, 3 or 4) uint8.
        areas: (height, width) float32 in [0, 1]; 1 is fully protected.
        amount: in [0, 1]; 0 returns the painting, 1 the photo's own pixels where ``areas`` is 1.

    Raises:
        MaskError: the sizes differ, or the amount is out of range.
    """
    _check_pair(photo, painted)
    _check_amount(amount)
    if areas.shape != photo.shape[:2]:
        raise MaskError(f"the areas {areas.shape} and the photo {photo.shape[:2]} must have one size")
    if amount == 0 or not areas.any():
        return _with_alpha_of(photo, painted[..., :3])
    radius = max(2, round(0.008 * max(areas.shape)))
    rim = guided_filter(_rgb(photo), areas, radius, epsilon=1e-2)
    weight = np.maximum(rim, areas) * np.float32(amount)
    weight[weight < 1 / 255] = 0
    return _with_alpha_of(photo, composite(_rgb(photo), _rgb(painted), weight))


def lightness_guard(photo: Pixels, painted: Pixels, amount: float) -> Pixels:
    """The painting, with light and dark put back in the photo's order where they were swapped.

    Works on broad lightness alone (edge-aware, on a small copy): the painting's own distribution of tones is
    dealt out again in the order of the photo's (the monotone rearrangement, which is histogram matching), and
    the painting is moved towards that by what exceeds 6 L*. Colour and brush marks stay.

    Args:
        photo: (height, width, 3 or 4) uint8.
        painted: (height, width, 3 or 4) uint8.
        amount: in [0, 1].

    Raises:
        MaskError: the sizes differ, or the amount is out of range.
    """
    _check_pair(photo, painted)
    _check_amount(amount)
    if amount == 0:
        return _with_alpha_of(photo, painted[..., :3])
    shift = _order_shift(_small(_rgb(photo)), _small(_rgb(painted)))
    height, width = photo.shape[:2]
    shift = np.asarray(cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    lab = rgb_to_lab(_rgb(painted))
    lab[..., 0] = np.clip(lab[..., 0] + np.float32(amount) * shift, 0, 100)
    changed = np.where((np.abs(shift) > 0)[..., None], lab_to_rgb(lab), painted[..., :3])
    return _with_alpha_of(photo, changed)


def feathered(alpha: Alpha, feather: float) -> Alpha:
    """Alpha with its edge widened by about ``feather`` pixels, centred on the old edge."""
    if feather <= 0:
        return alpha
    blurred = cv2.GaussianBlur(alpha, (0, 0), feather / 2, borderType=cv2.BORDER_REPLICATE)
    clipped = np.clip(blurred, 0, 1).astype(np.float32)
    clipped[clipped < 1 / 255] = 0
    clipped[clipped > 254 / 255] = 1
    return clipped


def _order_shift(photo: Pixels, painted: Pixels) -> NDArray[np.float32]:
    """What to add to the painting's L*, (height, width), to restore the photo's order of broad tones."""
    radius = max(2, round(0.03 * max(photo.shape[:2])))
    wanted_order = _broad_lightness(photo, photo, radius)
    tones = _broad_lightness(photo, painted, radius)
    shares = np.linspace(0, 100, _TONES)
    rank_of = np.percentile(wanted_order, shares)
    # Bounded slope: tones that are almost equal in the photo must not be torn apart.
    rises = np.minimum(np.diff(np.percentile(tones, shares)), _STEEPEST * np.diff(rank_of))
    curve = np.concatenate([[0.0], np.cumsum(rises)])
    wanted = np.interp(wanted_order, rank_of, curve)
    wanted += np.median(tones) - np.median(wanted)
    difference = wanted - tones
    excess = np.sign(difference) * np.maximum(np.abs(difference) - _GUARD_TOLERANCE, 0)
    return np.asarray(excess, np.float32)


def _broad_lightness(guide: Pixels, pixels: Pixels, radius: int) -> NDArray[np.float32]:
    lightness = rgb_to_lab(pixels)[..., 0] / np.float32(100)
    return guided_filter(guide, np.ascontiguousarray(lightness), radius, epsilon=4e-3) * np.float32(100)


def _small(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    factor = min(1.0, _GUARD_SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _rgb(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[..., :3])


def _with_alpha_of(photo: Pixels, rgb: Pixels) -> Pixels:
    if photo.shape[2] == 3:
        return np.ascontiguousarray(rgb)
    return np.concatenate([rgb, photo[..., 3:]], axis=2)


def _check_pair(photo: Pixels, painted: Pixels) -> None:
    check_pixels(photo)
    check_pixels(painted)
    if photo.shape[:2] != painted.shape[:2]:
        raise MaskError(f"photo {photo.shape[:2]} and painting {painted.shape[:2]} must have one size")


def _check_amount(amount: float) -> None:
    if not 0.0 <= amount <= 1.0:
        raise MaskError(f"amount must lie between 0 and 1, not {amount!r}")
