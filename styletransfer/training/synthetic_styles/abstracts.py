"""The family without a motif: marbling, swirls, shapes, drips, bands, patchwork, terrazzo."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from styletransfer.training.synthetic_styles.fields import (
    Field,
    blurred,
    clipped,
    noise,
    streaks,
    stretched,
    swirling_angle,
    warped,
)
from styletransfer.training.synthetic_styles.palettes import colours, grey, random_palette, recoloured
from styletransfer.training.synthetic_styles.strokes import Brush, PaintedCanvas
from styletransfer.training.synthetic_styles.surfaces import lit, weave


def abstract(motif: Field, rng: np.random.Generator) -> Field:
    """No motif: marbling, swirls of paint, shapes, drips, contour bands, or a patchwork."""
    kinds: tuple[Callable[[np.random.Generator, int], Field], ...] = (
        _marbling, _swirls, _shapes, _drips, _bands, _patchwork, _terrazzo,
    )  # fmt: skip
    return kinds[rng.integers(len(kinds))](rng, motif.shape[0])


def _marbling(rng: np.random.Generator, side: int) -> Field:
    """Bands of ink combed over water."""
    palette = colours(random_palette(rng))
    folded = warped(noise(rng, (side, side), 130, 3), rng, 45, 90)
    place = (warped(folded, rng, 14, 28) * rng.uniform(3, 8)) % 1 * (len(palette) - 1)
    index = np.minimum(place.astype(int), len(palette) - 2)
    edge = np.clip((place - index - 0.5) * 12 + 0.5, 0, 1)[..., None]
    return blurred((palette[index] * (1 - edge) + palette[index + 1] * edge).astype(np.float32), 0.6)


def _swirls(rng: np.random.Generator, side: int) -> Field:
    """Long strokes round a few centres."""
    palette = random_palette(rng)
    angle = swirling_angle(rng, (side, side), int(rng.integers(3, 9)))
    wanted = recoloured(np.dstack([noise(rng, (side, side), 60, 3) for _ in range(3)]), palette, 0.9, 0.8)
    canvas = PaintedCanvas(wanted)
    radius = rng.uniform(3, 8)
    canvas.lay(wanted, angle, Brush(radius, (6, 14), 0.8, 4, 0.07), rng)
    canvas.lay(wanted, angle, Brush(radius * 0.7, (5, 12), 0.5, 4, 0.1), rng)
    return lit(canvas.picture, canvas.height, rng.uniform(0, 0.7), rng.uniform(0, 6))


def _shapes(rng: np.random.Generator, side: int) -> Field:
    """Circles, bars and triangles on a textured ground, after the Bauhaus."""
    palette = colours(random_palette(rng))
    picture = np.ascontiguousarray(np.broadcast_to(palette[-1], (side, side, 3)), np.float32)
    for _ in range(int(rng.integers(10, 30))):
        colour = tuple(palette[rng.integers(len(palette))].tolist())
        x, y = (int(v) for v in rng.uniform(0, side, 2))
        size = int(rng.exponential(0.09) * side) + 6
        turn = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else rng.choice([0, np.pi / 4, np.pi / 2])
        kind = rng.integers(5)
        if kind == 0:
            cv2.circle(picture, (x, y), size, colour, -1, cv2.LINE_AA)
        elif kind == 1:
            cv2.circle(picture, (x, y), size, colour, max(1, size // 8), cv2.LINE_AA)
        elif kind == 2:
            for step in range(int(rng.integers(1, 7))):
                offset = np.array([-np.sin(turn), np.cos(turn)]) * step * 6
                end = np.array([np.cos(turn), np.sin(turn)]) * size * 2
                start = np.array([x, y]) + offset
                cv2.line(
                    picture,
                    tuple((start - end).astype(int).tolist()),
                    tuple((start + end).astype(int).tolist()),
                    colour,
                    int(rng.integers(1, 4)),
                    cv2.LINE_AA,
                )
        elif kind == 3:
            turns = turn + np.array([0, 2.1, 4.2]) + rng.normal(0, 0.3, 3)
            points = np.stack((x + 1.4 * size * np.cos(turns), y + 1.4 * size * np.sin(turns)), 1)
            cv2.fillPoly(picture, [points.astype(np.int32)], colour, cv2.LINE_AA)
        else:
            cv2.ellipse(picture, (x, y), (size, size), np.degrees(turn), 0, 180, colour, -1, cv2.LINE_AA)
    grain = 0.93 + 0.14 * noise(rng, (side, side), 3, 2)[..., None]
    return clipped(picture * grain)


def _drips(rng: np.random.Generator, side: int) -> Field:
    """Thrown and dripped paint."""
    palette = colours(random_palette(rng))
    picture = np.broadcast_to(palette[rng.integers(len(palette))], (side, side, 3)).astype(np.float32).copy()
    for _ in range(int(rng.integers(60, 160))):
        colour = tuple(palette[rng.integers(len(palette))].tolist())
        points = np.cumsum(rng.normal(0, 1, (9, 2)), 0) * rng.uniform(6, 26) + rng.uniform(0, side, 2)
        t = np.linspace(0, 8, 60)
        smooth = np.stack([np.interp(t, np.arange(9), points[:, i]) for i in (0, 1)], 1)
        smooth = np.stack([np.convolve(smooth[:, i], np.ones(9) / 9, "valid") for i in (0, 1)], 1)
        cv2.polylines(picture, [smooth.astype(np.int32)], False, colour, int(rng.integers(1, 5)), cv2.LINE_AA)
        for spot in rng.normal(0, 30, (6, 2)) + points[-1]:
            cv2.circle(picture, tuple(int(v) for v in spot), int(rng.integers(1, 5)), colour, -1, cv2.LINE_AA)
    return lit(picture, stretched(grey(picture)), 0.25, rng.uniform(0, 6))


def _bands(rng: np.random.Generator, side: int) -> Field:
    """Layers of cut paper along the contour lines of a map."""
    palette = colours(random_palette(rng))
    if rng.random() < 0.5:
        palette = palette[rng.permutation(len(palette))]
    land = noise(rng, (side, side), rng.uniform(90, 220), 2)
    picture = np.broadcast_to(palette[0], (side, side, 3)).astype(np.float32)
    depth = rng.uniform(0, 0.5)
    for level, colour in zip(np.linspace(0.12, 0.88, len(palette) - 1), palette[1:], strict=True):
        cover = np.clip((land - level) * 120 + 0.5, 0, 1)
        shadow = np.roll(blurred(cover, 5), (4, 4), (0, 1))[..., None]
        picture = picture * (1 - depth * shadow)
        picture = picture * (1 - cover[..., None]) + colour * cover[..., None]
    return clipped(picture * (0.97 + 0.06 * noise(rng, (side, side), 3, 1)[..., None]))


def _patchwork(rng: np.random.Generator, side: int) -> Field:
    """Squares with quarter circles, halves and rings, as on tiled floors and quilts."""
    palette = colours(random_palette(rng))
    cell = int(rng.choice([24, 32, 48, 64]) * side / 384)
    picture = np.zeros((side + cell, side + cell, 3), np.float32)
    for top in range(0, side, cell):
        for left in range(0, side, cell):
            picture[top : top + cell, left : left + cell] = _tile(palette, cell, rng)
    woven = 0.9 + 0.2 * weave((side, side), 3)[..., None]
    return clipped(picture[:side, :side] * woven)


def _tile(palette: Field, cell: int, rng: np.random.Generator) -> Field:
    ground, figure, third = palette[rng.permutation(len(palette))[:3]]
    tile = np.broadcast_to(ground, (cell, cell, 3)).astype(np.float32).copy()
    colour, other = tuple(figure.tolist()), tuple(third.tolist())
    kind = rng.integers(5)
    if kind == 0:
        cv2.circle(tile, (0, 0), cell, colour, -1, cv2.LINE_AA)
        cv2.circle(tile, (0, 0), cell // 2, other, -1, cv2.LINE_AA)
    elif kind == 1:
        cv2.circle(tile, (cell // 2, cell // 2), cell // 2 - 1, colour, -1, cv2.LINE_AA)
        cv2.circle(tile, (cell // 2, cell // 2), cell // 5, other, -1, cv2.LINE_AA)
    elif kind == 2:
        cv2.fillPoly(tile, [np.array([(0, 0), (cell, 0), (0, cell)], np.int32)], colour, cv2.LINE_AA)
    elif kind == 3:
        tile[:, ::4] = figure
        tile[:, 1::4] = figure
    return np.ascontiguousarray(np.rot90(tile, int(rng.integers(4))))


def _terrazzo(rng: np.random.Generator, side: int) -> Field:
    """Chips of stone in a polished ground, or straw laid at random."""
    palette = colours(random_palette(rng))
    picture = np.broadcast_to(palette[-1], (side, side, 3)).astype(np.float32).copy()
    straw = rng.random() < 0.4
    for _ in range(int(rng.integers(150, 420))):
        colour = palette[rng.integers(len(palette) - (not straw))] * rng.uniform(0.85, 1.1)
        size = rng.uniform(5, 20) * (0.7 if straw else 1)
        turns = np.sort(rng.uniform(0, 2 * np.pi, 6))
        radii = np.array([size * (4 if straw else 1), size * (0.4 if straw else 1)])
        spin = rng.uniform(0, 2 * np.pi)
        points = np.stack((np.cos(turns), np.sin(turns)), 1) * radii * rng.uniform(0.6, 1, (6, 1))
        points = points @ np.array([[np.cos(spin), np.sin(spin)], [-np.sin(spin), np.cos(spin)]])
        cv2.fillPoly(
            picture,
            [(points + rng.uniform(0, side, 2)).astype(np.int32)],
            tuple(np.clip(colour, 0, 1).tolist()),
            cv2.LINE_AA,
        )
    veins = streaks(noise(rng, (side, side), 5, 2), swirling_angle(rng, (side, side)), 4)
    return clipped(picture * (0.9 + 0.2 * veins[..., None]))
