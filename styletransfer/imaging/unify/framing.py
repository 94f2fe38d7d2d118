"""Where the subject goes on the canvas: centred, one size, one margin; and the resampling to get it there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.unify.settings import UnifyOptions

SIDES = ("left", "top", "right", "bottom")

_SOLID = 0.5
_CUT_SHARE = 0.02  # of the subject's box side that must touch the photo's border to count as cut off


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Framing:
    """How a photo lies on its canvas: canvas point = photo point x scale + offset.

    Attributes:
        width: of the canvas, in pixels.
        height: of the canvas, in pixels.
        scale: canvas pixels a photo pixel; above 1 the photo is enlarged.
        offset_x: where the photo's left border falls, in canvas pixels.
        offset_y: where the photo's top border falls.
        cut: sides at which the photo's border cuts the subject; these stay at the canvas's border.
        notes: codes of what staff should know: "upscaled", "cut_off", "floating" (cut off on a side that
            cannot reach the canvas's border), "no_subject".
    """

    width: int
    height: int
    scale: float
    offset_x: float
    offset_y: float
    cut: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def subject_box(alpha: NDArray[np.float32]) -> Box | None:
    """Smallest box round the solid part of a mask (height, width); None when there is none."""
    rows = np.nonzero(alpha.max(axis=1) > _SOLID)[0]
    columns = np.nonzero(alpha.max(axis=0) > _SOLID)[0]
    if not len(rows) or not len(columns):
        return None
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def cut_sides(alpha: NDArray[np.float32], box: Box) -> tuple[str, ...]:
    """The photo's borders, of "left", "top", "right" and "bottom", that cut the subject off."""
    contact = {
        "left": (alpha[:, 0] > _SOLID).sum() / box.height,
        "top": (alpha[0] > _SOLID).sum() / box.width,
        "right": (alpha[:, -1] > _SOLID).sum() / box.height,
        "bottom": (alpha[-1] > _SOLID).sum() / box.width,
    }
    return tuple(side for side in SIDES if contact[side] > _CUT_SHARE)


def plan_framing(
    alpha: NDArray[np.float32],
    options: UnifyOptions,
    cut: tuple[str, ...] | None = None,
    limits: Box | None = None,
) -> Framing:
    """Place the subject of a mask (height, width) on the canvas that the options ask for.

    Args:
        alpha: subject mask in [0, 1].
        options: margin, aspect and size.
        cut: sides at which the subject is cut off, where known better than the mask shows.
        limits: the part of the photo that may be shown, when turning it left empty wedges at cut sides.
    """
    height, width = alpha.shape
    canvas = canvas_size(options)
    box = subject_box(alpha)
    if box is None:
        fitted = min(canvas[0] / width, canvas[1] / height)
        return _placed(Box(0, 0, width, height), fitted, canvas, (), ("no_subject",))
    sides = cut_sides(alpha, box) if cut is None else cut
    shown = box if limits is None else _intersection(box, limits)
    return _placed(shown, _scale(shown, sides, canvas, options.margin), canvas, sides, ())


def canvas_size(options: UnifyOptions) -> tuple[int, int]:
    """(width, height) of the canvas in pixels."""
    if options.aspect >= 1:
        return options.size, max(1, round(options.size / options.aspect))
    return max(1, round(options.size * options.aspect)), options.size


def _scale(box: Box, cut: tuple[str, ...], canvas: tuple[int, int], margin: float) -> float:
    """The largest scale at which the box keeps its margin on every side that is not cut."""
    across = canvas[0] * (1 - margin * (("left" not in cut) + ("right" not in cut)))
    down = canvas[1] * (1 - margin * (("top" not in cut) + ("bottom" not in cut)))
    return min(across / box.width, down / box.height)


def _placed(
    box: Box, scale: float, canvas: tuple[int, int], cut: tuple[str, ...], notes: tuple[str, ...]
) -> Framing:
    offset_x, floats_x = _offset(box.left, box.right, scale, canvas[0], ("left" in cut, "right" in cut))
    offset_y, floats_y = _offset(box.top, box.bottom, scale, canvas[1], ("top" in cut, "bottom" in cut))
    said = list(notes)
    if scale > 1:
        said.append("upscaled")
    if cut:
        said.append("cut_off")
    if floats_x or floats_y:
        said.append("floating")
    return Framing(canvas[0], canvas[1], scale, offset_x, offset_y, cut, tuple(said))


def _offset(
    first: float, last: float, scale: float, length: int, cut: tuple[bool, bool]
) -> tuple[float, bool]:
    """Offset along one side, and whether a cut end is left hanging inside the canvas."""
    at_start, at_end = -first * scale, length - last * scale
    fills = (last - first) * scale >= length - 0.5
    if cut == (True, False):
        return at_start, False
    if cut == (False, True):
        return at_end, False
    return (at_start + at_end) / 2, cut == (True, True) and not fills


def _intersection(first: Box, second: Box) -> Box:
    return Box(
        max(first.left, second.left),
        max(first.top, second.top),
        min(first.right, second.right),
        min(first.bottom, second.bottom),
    )


def resample(layers: NDArray[np.float32], framing: Framing) -> NDArray[np.float32]:
    """Put layers (height, width, channels) on the canvas with a Lanczos filter; 0 where the photo ends.

    Colour layers must be multiplied by alpha beforehand. Returns (canvas height, canvas width, channels).
    """
    height, width, channels = layers.shape
    columns, across = _span(framing.offset_x, framing.scale, width, framing.width)
    rows, down = _span(framing.offset_y, framing.scale, height, framing.height)
    canvas = np.zeros((framing.height, framing.width, channels), np.float32)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    if min(size) <= 0:
        return canvas
    for channel in range(channels):
        layer = Image.fromarray(np.ascontiguousarray(layers[..., channel]))
        scaled = layer.resize(size, Image.Resampling.LANCZOS, box=(across[0], down[0], across[1], down[1]))
        canvas[rows, columns, channel] = np.asarray(scaled)
    return canvas


def _span(offset: float, scale: float, length: int, canvas: int) -> tuple[slice, tuple[float, float]]:
    """Canvas pixels that lie wholly on the photo along one side, and the photo interval behind them."""
    slack = 1e-6
    first = max(0, int(np.ceil(offset - slack)))
    last = min(canvas, int(np.floor(offset + length * scale + slack)))
    interval = (max(0.0, (first - offset) / scale), min(float(length), (last - offset) / scale))
    return slice(first, max(first, last)), interval
