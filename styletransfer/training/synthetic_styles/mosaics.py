"""The family of pieces: mosaic, stained glass, facets."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.training.synthetic_styles.fields import (
    Field,
    blurred,
    clipped,
    noise,
    stretched,
)
from styletransfer.training.synthetic_styles.palettes import grey, random_palette, recoloured
from styletransfer.training.synthetic_styles.surfaces import lit


def mosaic(motif: Field, rng: np.random.Generator) -> Field:
    """Tesserae, stained glass, or facets, each piece of one colour."""
    wanted = recoloured(motif, random_palette(rng), rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7))
    shape = motif.shape[:2]
    kind = rng.integers(3)
    count = int(rng.uniform(250, 1600) if kind else rng.uniform(700, 3200))
    centres = _grid_centres(rng, shape, count) if kind == 0 else _edge_centres(rng, motif, count)
    labels, border = _pieces(shape, centres)
    flat = _piece_means(wanted, labels, len(centres))
    varied = flat * (1 + rng.normal(0, 0.06, (len(centres), 1)))[labels]
    if kind == 2:  # facets
        return clipped(blurred(varied.astype(np.float32), 0.4))
    joint = np.clip(border * rng.uniform(0.7, 1.3) - 0.4, 0, 1)[..., None]
    mortar = np.array([0.05, 0.05, 0.06]) if kind == 1 else np.full(3, rng.choice([0.12, 0.75, 0.9]))
    relief = np.clip(border / 3, 0, 1)
    picture = varied * joint + mortar * (1 - joint)
    if kind == 1:  # glass glows in the middle
        picture = picture * (0.75 + 0.4 * relief[..., None] + 0.25 * noise(rng, shape, 12)[..., None])
    shaded = lit(clipped(picture), clipped(relief), rng.uniform(0.1, 0.5), rng.uniform(0, 6))
    return clipped(shaded)


def _grid_centres(rng: np.random.Generator, shape: tuple[int, int], count: int) -> NDArray[np.float64]:
    """Centres (n, 2) of bent rows of tiles."""
    step = (shape[0] * shape[1] / count) ** 0.5
    y, x = np.mgrid[-2 : shape[0] / step + 2, -2 : shape[1] / step + 2]
    x = x + 0.5 * (y.astype(int) % 2) * rng.integers(2)
    bend = rng.uniform(0, 1.2)
    centres = np.stack((y + bend * np.sin(x / 5), x + bend * np.sin(y / 6)), -1).reshape(-1, 2) * step
    inside = (centres > -step).all(1) & (centres < np.array(shape) + step).all(1)
    shaken = centres[inside] + rng.normal(0, step * 0.07, (inside.sum(), 2))
    kept: NDArray[np.float64] = np.clip(shaken, 0, np.array(shape) - 1)
    return kept


def _edge_centres(rng: np.random.Generator, motif: Field, count: int) -> NDArray[np.float64]:
    """Random centres (n, 2), more of them where much is going on, pushed apart."""
    steep = np.hypot(*np.gradient(blurred(grey(motif), 1.5)))
    weight = 0.25 + stretched(blurred(steep.astype(np.float32), 3))
    picked = rng.choice(weight.size, 3 * count, p=(weight / weight.sum()).ravel())
    centres = np.stack(np.unravel_index(picked, weight.shape), 1).astype(float)
    cell = 0.6 * (weight.size / count) ** 0.5
    _, first = np.unique((centres / cell).astype(int), axis=0, return_index=True)
    return centres[np.sort(first)[:count]]


def _pieces(shape: tuple[int, int], centres: NDArray[np.float64]) -> tuple[NDArray[np.intp], Field]:
    """Voronoi cells: index of the nearest centre of each pixel, and distance in px to the cell's border."""
    seeds = np.full(shape, 255, np.uint8)
    rows, columns = centres.astype(int).T
    seeds[rows, columns] = 0
    _, found = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label_of_centre = found[rows, columns]
    index = np.zeros(int(np.asarray(found).max()) + 1, np.intp)
    index[label_of_centre] = np.arange(len(centres))
    labels = index[found]
    same = np.ones(shape, np.uint8)
    same[:, 1:] &= labels[:, 1:] == labels[:, :-1]
    same[1:] &= labels[1:] == labels[:-1]
    return labels, np.asarray(cv2.distanceTransform(same, cv2.DIST_L2, 5), np.float32)


def _piece_means(picture: Field, labels: NDArray[np.intp], count: int) -> Field:
    sizes = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    sums = [np.bincount(labels.ravel(), picture[..., i].ravel(), count) for i in range(3)]
    means: Field = (np.stack(sums, 1) / sizes[:, None])[labels].astype(np.float32)
    return means
