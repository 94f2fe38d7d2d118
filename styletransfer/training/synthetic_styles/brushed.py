"""Families laid on with a brush or a stick: oil, dabs, pastel, watercolour."""

from __future__ import annotations

import numpy as np

from styletransfer.training.synthetic_styles.fields import (
    Field,
    blurred,
    clipped,
    flow_angle,
    lines_of,
    noise,
    smoothed_regions,
    streaks,
    stretched,
    swirling_angle,
    warped,
)
from styletransfer.training.synthetic_styles.palettes import colours, grey, random_palette, recoloured
from styletransfer.training.synthetic_styles.strokes import Brush, PaintedCanvas
from styletransfer.training.synthetic_styles.surfaces import lit, paper, tooth, weave


def oil(motif: Field, rng: np.random.Generator) -> Field:
    """Layers of bristly strokes that follow the form, from broad to fine, in raking light."""
    palette = random_palette(rng)
    wanted = recoloured(motif, palette, rng.uniform(0.3, 0.8), rng.uniform(0.2, 0.6))
    angle = flow_angle(grey(motif), rng.uniform(3, 8))
    if rng.random() < 0.35:
        angle = _turned_towards(angle, swirling_angle(rng, angle.shape), grey(motif))
    ground = np.broadcast_to(colours(palette)[int(rng.integers(len(palette)))], motif.shape)
    canvas = PaintedCanvas(ground)
    coarse = rng.uniform(6, 13)
    for radius, threshold in ((coarse, 0.0), (coarse / 2, 0.035), (coarse / 3.5, 0.06)):
        canvas.lay(wanted, angle, Brush(max(1.5, radius), (4, 11), 0.5, 5, 0.035, threshold), rng)
    relief = 0.75 * canvas.height + 0.25 * weave(angle.shape, rng.uniform(3.5, 6))
    return lit(canvas.picture, relief, rng.uniform(0.25, 0.9), rng.uniform(0, 2 * np.pi))


def dabs(motif: Field, rng: np.random.Generator) -> Field:
    """Short unmixed touches, from pointillist dots to impressionist commas."""
    palette = random_palette(rng)
    wanted = recoloured(motif, palette, rng.uniform(0.2, 0.7), rng.uniform(0.3, 0.8))
    radius = rng.uniform(2.2, 6)
    dots = rng.random() < 0.4
    length = (0.2, 0.8) if dots else (1.5, 4)
    angle = flow_angle(grey(motif), 6)
    if rng.random() < 0.5:
        angle = angle * 0 + np.float32(rng.uniform(0, np.pi)) + (noise(rng, angle.shape, 90, 2) - 0.5)
    canvas = PaintedCanvas(np.clip(blurred(wanted, 12) * rng.uniform(0.5, 1.1), 0, 1))
    for size, density in ((1.5, 0.8), (1.0, 1.1), (0.8, 0.6)):
        jitter = rng.uniform(0.05, 0.13)
        canvas.lay(wanted, angle, Brush(radius * size, length, density, 1 if dots else 3, jitter), rng)
    return lit(canvas.picture, canvas.height, rng.uniform(0, 0.6), rng.uniform(0, 2 * np.pi))


def pastel(motif: Field, rng: np.random.Generator) -> Field:
    """Chalk dragged over toned, toothed paper: soft colour with the ground shining through."""
    shape = motif.shape[:2]
    palette = random_palette(rng)
    wanted = recoloured(motif, palette, 0.5, rng.uniform(0.3, 0.7))
    wanted = np.clip(wanted * 0.82 + 0.18, 0, 1)
    ground = colours(palette)[int(rng.integers(len(palette) // 3, len(palette)))] * np.ones_like(motif)
    sheet = np.clip(ground * (0.92 + 0.16 * tooth(rng, shape)[..., None]), 0, 1)
    slant = np.full(shape, rng.uniform(0, np.pi), np.float32) + 0.6 * (noise(rng, shape, 110, 2) - 0.5)
    angle = slant if rng.random() < 0.6 else flow_angle(grey(motif), 7)
    canvas = PaintedCanvas(blurred(smoothed_regions(wanted, 3), 1.2))
    canvas.lay(wanted, angle, Brush(rng.uniform(2, 4), (4, 14), 0.35, 4, 0.012), rng)
    chalk = blurred(canvas.picture, 0.6)
    chalk *= 1 + 0.1 * (streaks(rng.random(shape, np.float32), angle, 7)[..., None] - 0.5)
    grain = tooth(rng, shape, rng.uniform(1.3, 2.2))
    pressure = rng.uniform(0.4, 0.6) + 0.3 * noise(rng, shape, 60, 3)
    cover = np.clip((pressure - grain) * 2.2 + 0.6, 0.15, 1)[..., None]
    return clipped(sheet * (1 - cover) + chalk * cover)


def watercolour(motif: Field, rng: np.random.Generator) -> Field:
    """Transparent washes with dark rims, blooms and granulation on white paper, edges left bare."""
    shape = motif.shape[:2]
    palette = random_palette(rng)
    palette[:, 0] = 100 - (100 - palette[:, 0]) * rng.uniform(0.45, 0.75)
    wanted = recoloured(motif, palette, rng.uniform(0.4, 0.8), rng.uniform(0.4, 0.9))
    sheet = paper(rng, shape, 0.05)
    shaky = warped(wanted, rng, rng.uniform(2, 6), 26)
    density, rim = np.zeros_like(motif), np.zeros(shape, np.float32)
    for radius, share in ((9, 0.4), (5, 0.35), (3, 0.25)):
        wash = blurred(smoothed_regions(shaky, radius), 0.7)
        layer = -np.log(np.clip(wash, 0.05, 1))
        density += share * layer
        steep = np.hypot(*np.gradient(layer.mean(-1)))
        rim += share * blurred(steep.astype(np.float32), 0.8)
    flooded = noise(rng, shape, rng.uniform(40, 110), 5)
    granulation = tooth(rng, shape, 2.5) - 0.5
    strength = 0.5 + 0.9 * flooded + 3.5 * np.clip(rim, 0, 0.2) + 0.3 * granulation
    density *= np.clip(strength, 0.1, 2.2)[..., None] * rng.uniform(0.9, 1.3)
    if rng.random() < 0.6:
        density *= _bare_border(rng, shape)[..., None]
    picture = sheet * np.exp(-density)
    if rng.random() < 0.4:
        ink = warped(lines_of(blurred(grey(motif), 1), 1.3, 20, 0.4), rng, 2.5, 30)[..., None]
        picture = picture * (1 - 0.85 * ink) + 0.1 * ink
    return clipped(picture)


def _turned_towards(angle: Field, other: Field, shade: Field) -> Field:
    """``other`` where a picture is flat, ``angle`` at its edges."""
    steep = np.hypot(*np.gradient(blurred(shade, 2)))
    share = np.clip(stretched(blurred(steep.astype(np.float32), 4)) * 2, 0, 1)
    x = share * np.cos(2 * angle) + (1 - share) * np.cos(2 * other)
    y = share * np.sin(2 * angle) + (1 - share) * np.sin(2 * other)
    turned: Field = (np.arctan2(y, x) / 2).astype(np.float32)
    return turned


def _bare_border(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """1 inside a ragged rectangle, 0 on the paper's border."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    border = np.minimum(np.minimum(y, shape[0] - 1 - y), np.minimum(x, shape[1] - 1 - x))
    ragged = border - shape[0] * (0.03 + 0.1 * noise(rng, shape, 60, 5))
    cover: Field = np.clip(ragged / 2, 0, 1).astype(np.float32)
    return cover
