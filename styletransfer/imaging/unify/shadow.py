"""The soft shadow under a product: the photo's own, told from the smooth background, or a drawn one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.colour import srgb_to_linear
from styletransfer.imaging.filters import blur, gaussian_kernel
from styletransfer.imaging.unify.framing import Box, subject_box
from styletransfer.imaging.unify.illuminant import LUMINANCE

Grey = NDArray[np.float32]

_SIDE = 320  # shadows are soft: they are found and drawn at this size
_PLAIN = 0.05  # log luminance: a background that strays less from its plate is plain
_DEEPEST = 0.3
_NOISE = 0.02
_EVERY = 5  # of the background's pixels, one in this many is fitted


@dataclass(frozen=True, eq=False)
class KeptShadow:
    """The shadow in a photo.

    Attributes:
        light: (height, width) of the photo, 1 without shadow, towards 0 in it.
        confidence: 1 when the background is plain enough to tell shadow from pattern, 0 when not at all.
    """

    light: Grey
    confidence: float


def find_shadow(pixels: NDArray[np.uint8], alpha: Grey) -> KeptShadow:
    """Shadow of a photo (height, width, 3) uint8 on its background, outside its mask (height, width)."""
    small, mask = _shrunk(pixels, alpha)
    open_background = _box_blur(mask, 5) < 0.01
    if open_background.mean() < 0.1:
        return KeptShadow(np.ones(alpha.shape, np.float32), 0.0)
    tones = np.log(np.maximum(srgb_to_linear(small.astype(np.float32) / 255) @ LUMINANCE, 1e-3))
    plate = fit_plate(tones, open_background)
    stray = tones - plate
    near = _nearness(mask)
    roughness = _roughness(stray, open_background, near)
    shade = np.where(mask < 0.02, np.minimum(stray + max(_NOISE, roughness), 0), np.nan)
    light = np.exp(_fill_inside(shade, mask))
    light = np.clip(1 - (1 - light) * near, _DEEPEST, 1)
    soft = _blur_same(light.astype(np.float32), 1.5)
    confidence = float(np.clip((2 * _PLAIN - roughness) / _PLAIN, 0, 1)) * _is_neutral(small, open_background)
    return KeptShadow(_enlarged(soft, alpha.shape), confidence)


def _roughness(stray: Grey, background: NDArray[np.bool_], near: Grey) -> float:
    """How much pattern a background has: what is lighter than the plate, or darker far from the subject."""
    lighter = stray[background & (stray > 0)]
    far = stray[background & (near < 0.5)]
    parts = [float(np.sqrt((each**2).mean())) for each in (lighter, far) if len(each) > 100]
    return max(parts, default=1.0)


def fit_plate(tones: Grey, background: NDArray[np.bool_]) -> Grey:
    """Smooth plate (height, width) of a background's log luminance: a parabola over the picture.

    Fitted over the ``background`` pixels, again and again without those far below it, which are shadow.
    """
    height, width = tones.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack((np.ones_like(x), x, y, x * x, x * y, y * y), axis=-1)
    known, values = terms[background][::_EVERY], tones[background][::_EVERY]
    used = np.ones(len(values), bool)
    solution = np.zeros(terms.shape[-1])
    for _ in range(6):
        solution = np.linalg.lstsq(known[used], values[used], rcond=None)[0]
        stray = values - known @ solution
        spread = max(float(np.median(np.abs(stray[used]))) * 1.5, 0.004)
        kept = (stray > -1.5 * spread) & (stray < 4 * spread)
        if kept.mean() < 0.2:
            break
        used = kept
    plate: Grey = (terms @ solution).astype(np.float32)
    return plate


def draw_contact_shadow(alpha: Grey, cut: tuple[str, ...]) -> Grey:
    """A soft shadow (height, width) where the subject of a mask stands: 1 without shadow, towards 0 in it.

    Each column's lowest point casts shade, less the higher it hangs above the lowest of all, so that every
    foot of a stool gets its own. A subject that the photo's border cuts at the bottom stands nowhere.
    """
    small = _shrunk_mask(alpha)
    box = subject_box(small)
    if box is None or "bottom" in cut:
        return np.ones(alpha.shape, np.float32)
    line = _contact_line(small, box)
    size = float(np.sqrt(box.width * box.height))
    tight = _spread_line(line, 0.025 * size, 0.012 * size)
    wide = _spread_line(line, 0.08 * size, 0.034 * size)
    shade = 0.50 * tight + 0.34 * wide
    return _enlarged(np.clip(1 - shade, _DEEPEST, 1), alpha.shape)


def _contact_line(mask: Grey, box: Box) -> Grey:
    """The lowest solid pixel of each column, weighted by how near it is to the ground."""
    height, width = mask.shape
    solid = mask > 0.5
    columns = np.nonzero(solid.any(axis=0))[0]
    lowest = height - 1 - solid[::-1, columns].argmax(axis=0)
    above = (box.bottom - 1 - lowest) / box.height
    line = np.zeros((height, width), np.float32)
    line[lowest, columns] = np.exp(-((above / 0.10) ** 2))
    return line


def _spread_line(line: Grey, across: float, down: float) -> Grey:
    """Blur a one-pixel line so that on a long straight stretch its crest stays 1."""
    across, down = max(across, 0.6), max(down, 0.6)
    crest: Grey = np.minimum(_blur_same(line, across, down) * np.float32(down * np.sqrt(2 * np.pi)), 1)
    return crest


def _nearness(mask: Grey) -> Grey:
    """1 at the subject, fading to 0 beyond half of its size: what lies there is no shadow of it."""
    box = subject_box(mask)
    if box is None:
        return np.zeros_like(mask)
    reach = 0.22 * float(np.sqrt(box.width * box.height))
    near = _blur_same((mask > 0.5).astype(np.float32), reach)
    nearness: Grey = np.clip(near / 0.12, 0, 1)
    return nearness


def _fill_inside(values: Grey, mask: Grey) -> Grey:
    """Carry values on under the subject (NaN), from outside its edge, so that soft edges meet the shadow."""
    known = np.isfinite(values)
    weight = _blur_same(known.astype(np.float32), 4)
    around = _blur_same(np.where(known, values, 0).astype(np.float32), 4) / np.maximum(weight, 1e-3)
    return np.where(known, values, np.where(weight > 1e-3, around, 0) * (mask > 0)).astype(np.float32)


def _is_neutral(pixels: NDArray[np.uint8], background: NDArray[np.bool_]) -> float:
    """1 for a background of one colour, 0 for one of several."""
    colours = pixels[background].astype(np.float32)
    shares = colours / np.maximum(colours.sum(axis=1, keepdims=True), 1)
    spread = float(np.abs(shares - np.median(shares, axis=0)).mean())
    return float(np.clip((0.03 - spread) / 0.02, 0, 1))


def _blur_same(values: Grey, across: float, down: float | None = None) -> Grey:
    """Gaussian blur of (height, width) at the same size; borders are repeated."""
    return _blur_rows(_blur_rows(values, across).T, across if down is None else down).T


def _blur_rows(values: Grey, sigma: float) -> Grey:
    radius = max(1, round(3 * sigma))
    kernel = gaussian_kernel(sigma, radius)
    rows = np.pad(values, ((0, 0), (radius, radius)), mode="edge")
    return np.stack([np.convolve(row, kernel, mode="valid") for row in rows]).astype(np.float32)


def _box_blur(values: Grey, radius: int) -> Grey:
    kernel = np.full(2 * radius + 1, 1 / (2 * radius + 1), np.float32)
    return blur(np.pad(values, radius, mode="edge"), kernel)


def _shrunk(pixels: NDArray[np.uint8], alpha: Grey) -> tuple[NDArray[np.uint8], Grey]:
    mask = _shrunk_mask(alpha)
    photo = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    return np.asarray(photo.resize(mask.shape[::-1], Image.Resampling.BOX)), mask


def _shrunk_mask(alpha: Grey) -> Grey:
    scale = min(1.0, _SIDE / max(alpha.shape))
    size = (max(8, round(alpha.shape[1] * scale)), max(8, round(alpha.shape[0] * scale)))
    return np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX))


def _enlarged(values: Grey, shape: tuple[int, ...]) -> Grey:
    picture = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)).clip(0, 1)
