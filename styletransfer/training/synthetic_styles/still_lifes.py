"""Motifs from near by: still lifes and leaves."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from styletransfer.training.synthetic_styles.fields import Field, clipped
from styletransfer.training.synthetic_styles.scenery import Colour, below, gradient, random_colour


def still_life(rng: np.random.Generator, side: int) -> Field:
    """Fruit, a vase and perhaps flowers on a table, lit from one side."""
    picture = gradient(rng, side, random_colour(rng, 0.15, 0.8), random_colour(rng, 0.15, 0.8))
    table = rng.uniform(0.55, 0.72)
    below(picture, np.full(side, table * side, np.float32), random_colour(rng, 0.25, 0.85), rng)
    light = rng.choice([-1.0, 1.0])
    if rng.random() < 0.8:
        x = rng.uniform(0.3, 0.7) * side
        _vase(picture, x, (table + 0.12) * side, light, rng)
        if rng.random() < 0.7:
            _flowers(picture, x, (table - 0.2) * side, rng)
    for _ in range(int(rng.integers(3, 8))):
        centre = (rng.uniform(0.08, 0.92) * side, rng.uniform(table + 0.08, 0.92) * side)
        _sphere(picture, centre, rng.uniform(0.05, 0.11) * side, random_colour(rng, 0.2, 0.95), light)
    return clipped(picture)


def _sphere(picture: Field, centre: tuple[float, float], radius: float, colour: Colour, light: float) -> None:
    """A fruit with its cast shadow."""
    shadow = (int(centre[0] - light * radius * 0.5), int(centre[1] + radius * 0.85))
    overlay = picture.copy()
    cv2.ellipse(
        overlay,
        shadow,
        (int(radius * 1.3), int(radius * 0.35)),
        0,
        0,
        360,
        (0.05, 0.05, 0.08),
        -1,
        cv2.LINE_AA,
    )
    picture[:] = 0.45 * picture + 0.55 * overlay
    _shaded_ellipse(picture, centre, (radius, radius), colour, light)


def _shaded_ellipse(
    picture: Field, centre: tuple[float, float], radii: tuple[float, float], colour: Colour, light: float
) -> None:
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    u, v = (x - centre[0]) / radii[0], (y - centre[1]) / radii[1]
    inside = np.clip((1 - np.hypot(u, v)) * min(radii), 0, 1)[..., None]
    depth = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
    lambert = np.clip(0.55 * light * u - 0.5 * v + 0.67 * depth, 0, 1)[..., None]
    shaded = np.array(colour, np.float32) * (0.25 + 0.85 * lambert) + 0.75 * lambert**24
    picture[:] = picture * (1 - inside) + np.clip(shaded, 0, 1) * inside


def _vase(picture: Field, x: float, foot: float, light: float, rng: np.random.Generator) -> None:
    size = rng.uniform(0.22, 0.34) * picture.shape[0]
    colour = random_colour(rng, 0.15, 0.9)
    _shaded_ellipse(picture, (x, foot - size * 0.4), (size * 0.33, size * 0.42), colour, light)
    neck = np.array(
        [
            (x - size * 0.13, foot - size * 0.7),
            (x + size * 0.13, foot - size * 0.7),
            (x + size * 0.18, foot - size),
            (x - size * 0.18, foot - size),
        ],
        np.int32,
    )
    cv2.fillPoly(picture, [neck], tuple(0.8 * part for part in colour), cv2.LINE_AA)


def _flowers(picture: Field, x: float, y: float, rng: np.random.Generator) -> None:
    side = picture.shape[0]
    green = random_colour(rng, 0.05, 0.5)
    for _ in range(int(rng.integers(5, 14))):
        tip = (x + rng.normal(0, 0.13) * side, y - rng.uniform(0, 0.22) * side)
        cv2.line(picture, (int(x), int(y + 0.06 * side)), (int(tip[0]), int(tip[1])), green, 2, cv2.LINE_AA)
        petals, size, colour = (
            int(rng.integers(5, 9)),
            rng.uniform(0.018, 0.04) * side,
            random_colour(rng, 0.4, 1),
        )
        for turn in np.linspace(0, 2 * np.pi, petals, endpoint=False):
            at = (int(tip[0] + size * np.cos(turn)), int(tip[1] + size * np.sin(turn)))
            cv2.ellipse(
                picture,
                at,
                (int(size), max(1, int(size * 0.55))),
                np.degrees(turn),
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )
        cv2.circle(
            picture,
            (int(tip[0]), int(tip[1])),
            max(2, int(size * 0.5)),
            random_colour(rng, 0.1, 0.9),
            -1,
            cv2.LINE_AA,
        )


def leaves(rng: np.random.Generator, side: int) -> Field:
    """Large leaves with veins that overlap one another."""
    picture = gradient(rng, side, random_colour(rng, 0.1, 0.9), random_colour(rng, 0.1, 0.9))
    base = np.array(random_colour(rng, 0.1, 0.7))
    for _ in range(int(rng.integers(14, 30))):
        centre, length = rng.uniform(0, side, 2), rng.uniform(0.14, 0.34) * side
        turn = rng.uniform(0, 2 * np.pi)
        width = length * rng.uniform(0.18, 0.36)
        t = np.linspace(0, 1, 24)
        outline = np.concatenate(
            (
                np.stack((t * 2 - 1, np.sin(np.pi * t) * width / length), 1),
                np.stack((1 - 2 * t, -np.sin(np.pi * t) * width / length), 1),
            )
        )
        spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        points = outline * length / 2 @ spin + centre
        colour = np.clip(base * rng.uniform(0.45, 1.7) + rng.normal(0, 0.07, 3), 0, 1)
        cv2.fillPoly(picture, [points.astype(np.int32)], tuple(colour.tolist()), cv2.LINE_AA)
        rib = tuple((colour * 0.7).tolist())
        for share, flank in itertools.product(np.linspace(-0.7, 0.6, 6), (-1, 1)):
            vein = np.array([(share, 0), (share + 0.25, flank * 0.6 * width / length)]) * length / 2
            start, end = (vein @ spin + centre).astype(int).tolist()
            cv2.line(picture, start, end, rib, 1, cv2.LINE_AA)
    return clipped(picture)
