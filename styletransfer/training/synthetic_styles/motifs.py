"""What the artworks show: landscapes, villages, still lifes and leaves drawn by program, or photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from styletransfer.imaging.decode import decode
from styletransfer.training.synthetic_styles.fields import Field, clipped
from styletransfer.training.synthetic_styles.scenery import below, gradient, random_colour, ridge
from styletransfer.training.synthetic_styles.still_lifes import leaves, still_life


def motif(rng: np.random.Generator, side: int, photos: Sequence[Path], photo_share: float) -> Field:
    """A picture (side, side, 3) to render: one of the photos, or drawn."""
    if photos and rng.random() < photo_share:
        return _photo(photos[int(rng.integers(len(photos)))], rng, side)
    draw = MOTIFS[int(rng.integers(len(MOTIFS)))]
    return draw(rng, side)


def _photo(path: Path, rng: np.random.Generator, side: int) -> Field:
    """A square part of a photo."""
    pixels = decode(path.read_bytes()).pixels[..., :3]
    length = int(min(pixels.shape[:2]) * rng.uniform(0.7, 1))
    top, left = (int(rng.integers(0, pixels.shape[i] - length + 1)) for i in (0, 1))
    part = pixels[top : top + length, left : left + length]
    resized = cv2.resize(
        part, (side, side), interpolation=cv2.INTER_AREA if length > side else cv2.INTER_CUBIC
    )
    return np.asarray(resized, np.float32) / np.float32(255)


def landscape(rng: np.random.Generator, side: int) -> Field:
    """Hills one behind the other under a sky, with a field, a lake or trees in front."""
    picture = gradient(rng, side, random_colour(rng, 0.35), random_colour(rng, 0.6))
    sun = (int(rng.uniform(0.15, 0.85) * side), int(rng.uniform(0.1, 0.35) * side))
    if rng.random() < 0.7:
        cv2.circle(
            picture, sun, int(rng.uniform(0.04, 0.1) * side), random_colour(rng, 0.8, 1), -1, cv2.LINE_AA
        )
    levels = np.sort(rng.uniform(0.35, 0.68, rng.integers(2, 5)))
    for depth, level in enumerate(levels, 1):
        far, near = 0.75 * (1 - depth / len(levels)), 0.1
        below(picture, ridge(rng, side, level, 0.09), random_colour(rng, near + far * 0.6, 0.45 + far), rng)
    horizon = int((levels[-1] + 0.05) * side)
    front = rng.choice(["furrows", "lake", "trees"])
    if front == "furrows":
        _furrows(picture, horizon, rng)
    elif front == "lake":
        _lake(picture, horizon, rng)
    for _ in range(int(rng.integers(2, 9)) if front != "lake" else 2):
        _tree(picture, rng.uniform(0, side), rng.uniform(levels[-1], 0.95) * side, rng)
    return clipped(picture)


def _furrows(picture: Field, horizon: int, rng: np.random.Generator) -> None:
    side = picture.shape[0]
    first, second = random_colour(rng, 0.1, 0.5), random_colour(rng, 0.4, 0.9)
    vanish = rng.uniform(0.2, 0.8) * side
    edges = np.linspace(-1.5 * side, 2.5 * side, int(rng.integers(24, 44)))
    for i, (left, right) in enumerate(pairwise(edges)):
        corners = np.array([(vanish, horizon), (vanish + 2, horizon), (right, side), (left, side)], np.int32)
        cv2.fillPoly(picture, [corners], first if i % 2 else second, cv2.LINE_AA)


def _lake(picture: Field, horizon: int, rng: np.random.Generator) -> None:
    side = picture.shape[0]
    depth = side - horizon
    mirrored = picture[max(0, horizon - depth) : horizon][::-1]
    water = np.array(random_colour(rng, 0.2, 0.7), np.float32)
    rows = mirrored.shape[0]
    ripple = (np.sin(np.arange(rows) ** 1.3 / 3) * 4 * np.linspace(0.2, 2, rows)).astype(int)
    for row in range(rows):
        picture[horizon + row] = 0.65 * np.roll(mirrored[row], ripple[row], 0) + 0.35 * water
    for _ in range(int(rng.integers(1, 4))):
        x, y, size = (
            rng.uniform(0.1, 0.9) * side,
            horizon + rng.uniform(0.1, 0.6) * depth,
            rng.uniform(14, 34),
        )
        sail = np.array([(x, y), (x, y - size), (x + size * 0.55, y)], np.int32)
        hull = np.array(
            [
                (x - size * 0.4, y + 2),
                (x + size * 0.7, y + 2),
                (x + size * 0.4, y + size * 0.2),
                (x - size * 0.2, y + size * 0.2),
            ],
            np.int32,
        )
        cv2.fillPoly(picture, [sail], random_colour(rng, 0.75, 1), cv2.LINE_AA)
        cv2.fillPoly(picture, [hull], random_colour(rng, 0.05, 0.4), cv2.LINE_AA)


def _tree(picture: Field, x: float, foot: float, rng: np.random.Generator) -> None:
    size = rng.uniform(0.07, 0.24) * picture.shape[0]
    dark = random_colour(rng, 0.05, 0.4)
    cv2.line(
        picture,
        (int(x), int(foot)),
        (int(x), int(foot - size * 0.5)),
        random_colour(rng, 0.05, 0.3),
        max(2, int(size / 14)),
        cv2.LINE_AA,
    )
    if rng.random() < 0.4:  # cypress
        cv2.ellipse(
            picture,
            (int(x), int(foot - size * 0.6)),
            (int(size * 0.15), int(size * 0.6)),
            0,
            0,
            360,
            dark,
            -1,
            cv2.LINE_AA,
        )
        return
    for _ in range(14):
        offset = rng.normal(0, size * 0.2, 2)
        light = 1 + 0.9 * max(0.0, -offset[1] / size) + rng.uniform(-0.2, 0.4)
        colour = tuple(float(min(1, part * light)) for part in dark)
        cv2.circle(
            picture,
            (int(x + offset[0]), int(foot - size * 0.65 + offset[1])),
            int(size * rng.uniform(0.1, 0.2)),
            colour,
            -1,
            cv2.LINE_AA,
        )


def village(rng: np.random.Generator, side: int) -> Field:
    """Houses with gables, doors and windows, row behind row."""
    picture = gradient(rng, side, random_colour(rng, 0.3), random_colour(rng, 0.65, 1))
    below(picture, ridge(rng, side, 0.4, 0.1), random_colour(rng, 0.3, 0.7), rng)
    for foot in np.linspace(0.5, 0.95, int(rng.integers(2, 5))):
        x = -rng.uniform(0, 0.15) * side
        while x < side:
            width, height = rng.uniform(0.09, 0.22) * side, rng.uniform(0.12, 0.3) * side
            _house(picture, (x, foot * side), width, height, rng)
            x += width * rng.uniform(0.95, 1.4)
        below(picture, ridge(rng, side, foot, 0.012), random_colour(rng, 0.25, 0.75), rng)
    return clipped(picture)


def _house(
    picture: Field, corner: tuple[float, float], width: float, height: float, rng: np.random.Generator
) -> None:
    left, foot = corner
    right, top = left + width, foot - height
    wall, roof, dark = (
        random_colour(rng, 0.45, 1),
        random_colour(rng, 0.15, 0.7),
        random_colour(rng, 0.02, 0.3),
    )
    cv2.rectangle(picture, (int(left), int(top)), (int(right), int(foot)), wall, -1)
    shade = tuple(0.72 * part for part in wall)
    cv2.rectangle(picture, (int(right - width * 0.25), int(top)), (int(right), int(foot)), shade, -1)
    gable = np.array(
        [(left - 3, top), (right + 3, top), ((left + right) / 2, top - height * rng.uniform(0.25, 0.6))],
        np.int32,
    )
    cv2.fillPoly(picture, [gable], roof, cv2.LINE_AA)
    for row in np.arange(top + height * 0.15, foot - height * 0.25, max(9.0, height * 0.3)):
        for column in np.arange(left + width * 0.15, right - width * 0.2, max(9.0, width * 0.3)):
            cv2.rectangle(
                picture,
                (int(column), int(row)),
                (int(column + width * 0.12), int(row + height * 0.14)),
                dark,
                -1,
            )


MOTIFS: tuple[Callable[[np.random.Generator, int], Field], ...] = (landscape, village, still_life, leaves)
