"""What is done to every painting, whatever painted it: detail, lightness guard, protection, scope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.colour import lab_to_rgb, rgb_to_lab
from styletransfer.imaging.masks.base import Alpha, MaskError, Pixels

SCOPES = ("whole", "subject", "background")
MAX_FEATHER = 0.05

BLOCKS_SHARE = 1 / 256  # as in engine/detail.py, so that a detail amount means the same for every engine
BLOCK_RADIUS = 2
FLAT_VARIANCE = 16.0


@dataclass(frozen=True)
class Finish:
    """What a preset asks for after painting.

    Attributes:
        scope: which part shows the painting: "whole", "subject" or "background".
        feather: width of the soft edge between painting and photo, as a share of the longer side.
        guard: in [0, 1], how far light and dark are put back in the photo's order where they were swapped.
        detail: in [0, 1], how much of the photo's fine lightness detail is returned; 0 where the engine did.
    """

    scope: str = "whole"
    feather: float = 0.002
    guard: float = 0.0
    detail: float = 0.0

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            raise ValueError(f"scope must be one of {', '.join(SCOPES)}, not {self.scope!r}")
        for name, most in (("feather", MAX_FEATHER), ("guard", 1.0), ("detail", 1.0)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie between 0 and {most}, not {getattr(self, name)!r}")


def finish_painting(
    photo: Pixels,
    painted: Pixels,
    finish: Finish,
    mask: Alpha | None = None,
    *,
    protect: Alpha | None = None,
    lettering: Alpha | None = None,
) -> Pixels:
    """The painting with all that the preset asks for; the painting itself where that is nothing.

    A scope needs a subject: where the mask is missing or empty, the whole picture stays painted.

    Args:
        photo: (height, width, 3 or 4) uint8.
        painted: the same size.
        finish: what to do.
        mask: (height, width), 1 where the product is.
        protect: (height, width), how much of the photo must remain.
        lettering: (height, width), how much of the photo's print must remain.

    Raises:
        MaskError: the sizes differ.
    """
    scope = finish.scope if mask is not None and bool((mask > 0.5).any()) else "whole"
    is_protected, has_print = (each is not None and bool(each.any()) for each in (protect, lettering))
    if scope == "whole" and not (is_protected or has_print or finish.guard or finish.detail):
        return painted
    if photo.shape[:2] != painted.shape[:2]:
        raise MaskError(f"photo {photo.shape[:2]} and painting {painted.shape[:2]} must have one size")
    from styletransfer.imaging.masks import scopes  # noqa: PLC0415 - needs OpenCV
    from styletransfer.imaging.masks.lettering import return_lettering  # noqa: PLC0415 - needs OpenCV

    if finish.detail:
        painted = return_detail(photo, painted, finish.detail)
    if finish.guard:
        painted = scopes.lightness_guard(photo, painted, finish.guard)
    if lettering is not None and has_print:
        painted = return_lettering(photo, painted, lettering)
    if protect is not None and is_protected:
        painted = scopes.apply_protection(photo, painted, protect, 1.0)
    if scope != "whole" and mask is not None:
        feather = finish.feather * max(photo.shape[:2])
        painted = scopes.apply_scope(photo, painted, mask, scope, feather)  # type: ignore[arg-type]
    return painted


def return_detail(photo: Pixels, painted: Pixels, amount: float) -> Pixels:
    """The painting with the photo's fine lightness detail returned by ``amount``.

    The same as engine/detail.py does, for engines that do not do it themselves.
    """
    import cv2  # noqa: PLC0415 - optional

    side = 2 * max(1, round((BLOCK_RADIUS + 0.5) * BLOCKS_SHARE * max(photo.shape[:2]))) + 1

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)

    guide = np.ascontiguousarray(rgb_to_lab(photo[..., :3])[..., 0])
    lab = rgb_to_lab(painted[..., :3])
    values = np.ascontiguousarray(lab[..., 0])
    mean_guide, mean_values = mean(guide), mean(values)
    variance = mean(guide * guide) - mean_guide**2
    covariance = mean(guide * values) - mean_guide * mean_values
    gain = np.maximum(covariance / (variance + FLAT_VARIANCE), np.float32(amount))
    share = mean(amount * variance / (variance + FLAT_VARIANCE))
    guided = mean(gain) * guide + mean(mean_values - gain * mean_guide)
    lab[..., 0] = np.clip(values + share * (guided - values), 0, 100)
    rgb = lab_to_rgb(lab)
    return rgb if painted.shape[2] == 3 else np.concatenate((rgb, painted[..., 3:]), axis=2)
