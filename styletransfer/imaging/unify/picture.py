"""One photo through all steps: light, straightening, background, framing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.unify.background import backdrop, compose, extend
from styletransfer.imaging.unify.colour_map import ColourMap
from styletransfer.imaging.unify.framing import (
    Framing,
    cut_sides,
    plan_framing,
    resample,
    subject_box,
)
from styletransfer.imaging.unify.light import plan_light
from styletransfer.imaging.unify.settings import UnifyOptions
from styletransfer.imaging.unify.shadow import draw_contact_shadow, find_shadow
from styletransfer.imaging.unify.tilt import estimate_tilt
from styletransfer.imaging.unify.turning import Turn

Alpha = NDArray[np.float32]

_LEAST_TILT = 0.4  # degrees; less is not worth resampling twice
_SURE = 0.5
_PLAIN_ENOUGH = 0.7
_EVERYTHING = 0.98  # a mask that covers more than this tells nothing


@dataclass(frozen=True, eq=False)
class UnifiedPicture:
    """A photo in the shop's one look.

    Attributes:
        pixels: (height, width, 3) uint8 sRGB.
        alpha: (height, width) float32, the subject in the new picture.
        colour_map: what was done to colours.
        framing: where the photo went.
        angle: degrees it was turned counter-clockwise.
        shadow: "keep", "contact" or "none": the shadow it got.
    """

    pixels: NDArray[np.uint8]
    alpha: Alpha
    colour_map: ColourMap
    framing: Framing
    angle: float
    shadow: str

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of what staff should know; see ``Framing.notes``."""
        return self.framing.notes


def unify_picture(photo: NDArray[np.uint8], alpha: Alpha, options: UnifyOptions) -> UnifiedPicture:
    """Give a photo the look that the options describe.

    Args:
        photo: (height, width, 3 or 4) uint8 sRGB, at least 16 px a side; transparency is laid on white.
        alpha: (height, width) float32 subject mask in [0, 1]. When it is 0 all over, or 1 nearly all over, no
            subject is known: the photo is then fitted whole.
        options: the look.

    Raises:
        ValueError: photo and mask differ in size, or have another type.
    """
    _check(photo, alpha)
    pixels = _on_white(photo)
    if alpha.mean() > _EVERYTHING:
        alpha = np.zeros_like(alpha)
    box = subject_box(alpha)
    colour_map = plan_light(
        pixels, alpha, options.target, options.strictness, match_tones=options.match_tones
    )
    lit = colour_map.apply(pixels)
    cut = cut_sides(alpha, box) if box else ()
    turn = Turn(_angle(pixels, alpha, options), alpha.shape[1], alpha.shape[0])
    framing = _framing(alpha, options, turn, cut)
    if options.background == "keep":
        canvas, mask = _with_own_background(lit, alpha, turn, framing)
        return UnifiedPicture(canvas, mask, colour_map, framing, turn.angle, "none")
    if box is None:
        kind, layers = "none", _whole(lit)
    else:
        kind, shade = _shadow(pixels, alpha, options)
        layers = _turned(_layers(lit, alpha, shade), turn)
    placed = resample(layers, framing)
    mask = np.clip(placed[..., 3], 0, 1)
    light = 1 - np.clip(placed[..., 4], 0, 1)
    if kind == "contact":
        light = draw_contact_shadow(mask, cut)
    light = np.where(light > 0.995, 1, 1 - (1 - light) * options.shadow_strength).astype(np.float32)
    plain = backdrop(options, framing.width, framing.height)
    return UnifiedPicture(
        compose(plain, light, placed[..., :3], mask),
        mask,
        colour_map,
        framing,
        turn.angle,
        kind,
    )


def _check(photo: NDArray[np.uint8], alpha: Alpha) -> None:
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] not in (3, 4):
        raise ValueError(f"photo must be (height, width, 3 or 4) uint8, not {photo.shape} {photo.dtype}")
    if alpha.shape != photo.shape[:2]:
        raise ValueError(f"the mask must have the photo's size {photo.shape[:2]}, not {alpha.shape}")


def _on_white(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if photo.shape[2] == 3:
        return photo
    share = photo[..., 3:].astype(np.float32) / np.float32(255)
    laid: NDArray[np.uint8] = np.rint(photo[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
    return laid


def _angle(pixels: NDArray[np.uint8], alpha: Alpha, options: UnifyOptions) -> float:
    """Degrees to turn: none when unsure, or when the tilt is so large that it must be meant."""
    if not (options.straighten and options.reframe):
        return 0.0
    tilt = estimate_tilt(pixels, alpha)
    size = abs(tilt.angle)
    if tilt.confidence < _SURE or size < _LEAST_TILT or size > 2 * options.max_tilt:
        return 0.0
    return float(np.clip(tilt.angle, -options.max_tilt, options.max_tilt))


def _framing(alpha: Alpha, options: UnifyOptions, turn: Turn, cut: tuple[str, ...]) -> Framing:
    if not options.reframe:
        return Framing(alpha.shape[1], alpha.shape[0], 1.0, 0.0, 0.0, cut)
    if turn.angle == 0:
        return plan_framing(alpha, options, cut)
    turned = turn.layers(alpha[..., None])[..., 0]
    return plan_framing(turned, options, cut, turn.limits(alpha, cut))


def _shadow(pixels: NDArray[np.uint8], alpha: Alpha, options: UnifyOptions) -> tuple[str, Alpha]:
    """The kind of shadow to use, and the photo's own as the share of light it takes away."""
    none = np.zeros(alpha.shape, np.float32)
    if options.shadow not in ("auto", "keep"):
        return options.shadow, none
    found = find_shadow(pixels, alpha)
    if options.shadow == "keep" or found.confidence >= _PLAIN_ENOUGH:
        return "keep", 1 - found.light
    return "contact", none


def _layers(lit: NDArray[np.uint8], alpha: Alpha, shade: Alpha) -> NDArray[np.float32]:
    """Premultiplied colours without the old background, alpha and shade, (height, width, 5)."""
    from styletransfer.imaging.masks.matting import estimate_foreground  # noqa: PLC0415 - needs OpenCV

    colours = estimate_foreground(lit, alpha).astype(np.float32) / np.float32(255)
    return np.dstack((colours * alpha[..., None], alpha, shade))


def _whole(lit: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The layers of a photo without a known subject: all of it goes on the new background."""
    solid = np.ones(lit.shape[:2], np.float32)
    return np.dstack((lit.astype(np.float32) / np.float32(255), solid, 1 - solid))


def _turned(layers: NDArray[np.float32], turn: Turn) -> NDArray[np.float32]:
    return layers if turn.angle == 0 else turn.layers(layers)


def _with_own_background(
    lit: NDArray[np.uint8], alpha: Alpha, turn: Turn, framing: Framing
) -> tuple[NDArray[np.uint8], Alpha]:
    """The photo with its background, continued as far as the canvas and the turn ask."""
    left, top, right, bottom = _missing(turn, framing)
    wide = extend(lit, alpha, (left, top, right, bottom)).astype(np.float32) / np.float32(255)
    mask = np.pad(alpha, ((top, bottom), (left, right)))
    grown = Turn(turn.angle, wide.shape[1], wide.shape[0])
    layers = _turned(np.dstack((wide, mask)), grown)
    # The photo's centre moved by the extension; the same photo point must land on the same canvas point.
    before, after = turn.point(0, 0), grown.point(left, top)
    moved = Framing(
        framing.width,
        framing.height,
        framing.scale,
        framing.offset_x + (before[0] - after[0]) * framing.scale,
        framing.offset_y + (before[1] - after[1]) * framing.scale,
        framing.cut,
        framing.notes,
    )
    placed = resample(layers, moved)
    pixels = np.rint(np.clip(placed[..., :3], 0, 1) * 255).astype(np.uint8)
    return pixels, np.clip(placed[..., 3], 0, 1)


def _missing(turn: Turn, framing: Framing) -> tuple[int, int, int, int]:
    """Photo pixels that the canvas shows beyond the photo's left, top, right and bottom border."""
    wide, high = turn.size
    left = framing.offset_x / framing.scale
    top = framing.offset_y / framing.scale
    right = framing.width / framing.scale - left - wide
    bottom = framing.height / framing.scale - top - high
    wedge = 0 if turn.angle == 0 else int(np.ceil(np.sin(np.radians(abs(turn.angle))) * max(wide, high))) + 2
    lacking = [max(0, int(np.ceil(each - 1e-6))) + wedge for each in (left, top, right, bottom)]
    return lacking[0], lacking[1], lacking[2], lacking[3]
