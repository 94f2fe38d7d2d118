"""Families of hard edges: cel, ink, pop and pencil."""

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
    warped,
)
from styletransfer.training.synthetic_styles.palettes import (
    colours,
    equalised,
    grey,
    posterised,
    random_palette,
)
from styletransfer.training.synthetic_styles.surfaces import paper, tooth


def cel(motif: Field, rng: np.random.Generator) -> Field:
    """Flat colours and a dark outline, as in cartoons and comics."""
    calm = smoothed_regions(smoothed_regions(blurred(motif, 1), int(rng.integers(4, 7))), 3)
    flat = posterised(calm, random_palette(rng)[:: int(rng.integers(1, 3))])
    pen = rng.uniform(1.1, 2.2)
    lines = lines_of(grey(calm), pen, rng.uniform(22, 34), 0.35)
    lines = np.maximum(lines, 0.8 * lines_of(blurred(grey(motif), 0.8), pen, 20, 0.5))
    weight = rng.choice([0.0, 0.85, 1.0, 1.0])
    outline = np.array([0.06, 0.05, 0.09], np.float32) * rng.uniform(0, 2)
    cover = weight * np.clip(blurred(lines, 0.6) * 1.5, 0, 1)[..., None]
    return clipped(blurred(flat, 0.6) * (1 - cover) + outline * cover)


def ink(motif: Field, rng: np.random.Generator) -> Field:
    """Woodcut, linocut or brush ink: one to three colours and carved marks."""
    shape = motif.shape[:2]
    palette = colours(random_palette(rng))
    shade = equalised(blurred(grey(motif), rng.uniform(1, 2.5)))
    angle = flow_angle(grey(motif), rng.uniform(4, 9))
    carved = stretched(streaks(noise(rng, shape, rng.uniform(3, 6), 1), angle, int(rng.integers(8, 22))))
    rough = rng.uniform(0.15, 0.75)
    tone = shade + rough * (carved - 0.5)
    picture = np.broadcast_to(palette[-1], motif.shape).astype(np.float32)
    levels = [rng.uniform(0.3, 0.55)] if rng.random() < 0.5 else [0.68, 0.36]
    inks = [palette[0]] if len(levels) == 1 else [palette[len(palette) // 2], palette[0]]
    for level, pigment in zip(levels, inks, strict=True):
        cover = np.clip((level - tone) * 14 + 0.5, 0, 1)
        cover *= np.clip(1.15 - 0.5 * tooth(rng, shape, 3) * (rng.random() < 0.6), 0, 1)
        picture = picture * (1 - cover[..., None]) + pigment * cover[..., None]
    return clipped(blurred(picture, 0.5) * paper(rng, shape, 0.03))


def pop(motif: Field, rng: np.random.Generator) -> Field:
    """Printed dots or lines in loud colours, plates slightly out of register."""
    shape = motif.shape[:2]
    palette = random_palette(rng)
    palette[:, 1:] *= 1.5
    flat = posterised(smoothed_regions(motif, 4), palette)
    shade = equalised(blurred(grey(motif), 1.5))
    period = rng.uniform(4.5, 10)
    turn = rng.choice([0, np.pi / 4, np.pi / 12])
    screened = _screen(shade, period, turn, lines=rng.random() < 0.25)
    mode = rng.integers(3)
    base = [np.broadcast_to(colours(palette)[-1], motif.shape), flat, 0.55 + 0.45 * flat][mode]
    pigment = [colours(palette)[0], colours(palette)[0], flat * 0.8][mode]
    cover = screened[..., None] * (np.ones(1) if mode == 0 else (shade < rng.uniform(0.55, 0.85))[..., None])
    picture = base * (1 - cover) + pigment * cover
    if rng.random() < 0.6:
        line = lines_of(blurred(grey(motif), 1), rng.uniform(1.4, 2.4), 22, 0.4)
        line = np.roll(line, rng.integers(-3, 4, 2), (0, 1))[..., None]
        picture = picture * (1 - line) + 0.05 * line
    return clipped(blurred(picture.astype(np.float32), 0.55) * paper(rng, shape, 0.02))


def _screen(shade: Field, period: float, turn: float, *, lines: bool) -> Field:
    """Halftone: ink (height, width) in [0, 1] whose area follows the darkness."""
    y, x = np.mgrid[0 : shade.shape[0], 0 : shade.shape[1]].astype(np.float32)
    u = (np.cos(turn) * x + np.sin(turn) * y) * (2 * np.pi / period)
    v = (-np.sin(turn) * x + np.cos(turn) * y) * (2 * np.pi / period)
    wave = 0.5 + 0.5 * np.sin(u) if lines else 0.5 + 0.25 * (np.sin(u) + np.sin(v))
    screen: Field = np.clip((1 - shade - wave) * period * 0.9 + 0.5, 0, 1).astype(np.float32)
    return screen


def pencil(motif: Field, rng: np.random.Generator) -> Field:
    """Hatching in several directions, contours, and smudged graphite, chalk or coloured pencil."""
    shape = motif.shape[:2]
    shade = equalised(blurred(grey(motif), 1.0))
    sheet = paper(rng, shape, 0.05)
    dark = np.zeros(shape, np.float32)
    follow = flow_angle(grey(motif), 6)
    first = rng.uniform(0, np.pi)
    for layer, level in enumerate((0.78, 0.55, 0.34)):
        if rng.random() < 0.4:
            angle = follow + np.float32(layer * np.pi / 3)
        else:
            wander = noise(rng, shape, 120, 2) - 0.5
            angle = (first + layer * rng.uniform(0.5, 1.1) + 0.5 * wander).astype(np.float32)
        grain = stretched(streaks(rng.random(shape, np.float32), angle, int(rng.integers(7, 16))))
        dark = np.maximum(dark, np.clip((level - shade) * 2.4, 0, 1) * np.clip(grain * 2.6 - 0.75, 0, 1))
    contour = warped(lines_of(blurred(grey(motif), 0.8), 1.2, 22, 0.35), rng, 1.4, 14)
    dark = np.maximum(dark, contour * rng.uniform(0.5, 0.95))
    dark = np.clip(dark + rng.uniform(0, 0.25) * (1 - shade), 0, 1) * (0.72 + 0.4 * tooth(rng, shape, 1.6))
    lead = (
        colours(random_palette(rng))[0] * rng.uniform(0.4, 1.0) if rng.random() < 0.55 else np.full(3, 0.12)
    )
    picture = sheet * (1 - dark[..., None]) + lead * dark[..., None]
    if rng.random() < 0.3:  # coloured pencil
        tint = posterised(smoothed_regions(motif, 3), random_palette(rng))
        hatch = stretched(streaks(rng.random(shape, np.float32), follow, 9))[..., None]
        picture = picture * (1 - 0.7 * hatch * (1 - tint))
    return clipped(picture)
