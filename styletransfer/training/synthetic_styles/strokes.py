"""Brush strokes that follow a direction, after Hertzmann 1998 (https://doi.org/10.1145/280814.280951)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.training.synthetic_styles.fields import Field, blurred

SUBPIXEL = 3  # bits of fraction in OpenCV's coordinates


@dataclass(frozen=True)
class Brush:
    """How one layer is laid on.

    Attributes:
        radius: half the stroke's width in px.
        length: of a stroke, in radii, shortest and longest.
        density: strokes for each square of the radius.
        bristles: parallel hairs of a stroke; 1 for a smooth one.
        jitter: standard deviation of a stroke's colour.
        threshold: places whose error is below this are left as they are; 0 paints everywhere.
    """

    radius: float
    length: tuple[float, float] = (4, 10)
    density: float = 0.5
    bristles: int = 5
    jitter: float = 0.03
    threshold: float = 0.0


class PaintedCanvas:
    """A canvas (height, width, 3) and the height of its paint."""

    def __init__(self, ground: Field) -> None:
        self._layers = np.dstack((np.rint(ground * 255), np.full(ground.shape[:2], 110))).astype(np.uint8)

    @property
    def picture(self) -> Field:
        """RGB in [0, 1]."""
        return np.asarray(self._layers[..., :3] / np.float32(255), np.float32)

    @property
    def height(self) -> Field:
        """Of the paint (height, width), in [0, 1]."""
        return np.asarray(self._layers[..., 3] / np.float32(255), np.float32)

    def lay(self, wanted: Field, angle: Field, brush: Brush, rng: np.random.Generator) -> None:
        """Cover the canvas with strokes in the colours of ``wanted`` along ``angle``."""
        target = blurred(wanted, brush.radius / 2)
        rows, columns = target.shape[:2]
        count = int(brush.density * rows * columns / brush.radius**2)
        starts = np.stack((rng.uniform(0, rows, count), rng.uniform(0, columns, count)), 1)
        if brush.threshold > 0:
            error = np.abs(target - self.picture).mean(-1)
            starts = starts[error[starts[:, 0].astype(int), starts[:, 1].astype(int)] > brush.threshold]
        paths = _paths(starts, angle, brush, rng)
        lengths = rng.uniform(*brush.length, len(starts)) / brush.length[1]
        for start, path, share in zip(starts, paths, lengths, strict=True):
            colour = target[int(start[0]), int(start[1])] + rng.normal(0, brush.jitter, 3)
            steps = max(2, round(share * path.shape[0]))
            self._stroke(path[:steps], colour, brush, rng)

    def _stroke(
        self, path: NDArray[np.float64], colour: NDArray[np.float64], brush: Brush, rng: np.random.Generator
    ) -> None:
        along = np.gradient(path, axis=0)
        normal = along[:, ::-1] * (-1, 1) / np.maximum(np.hypot(*along.T), 1e-6)[:, None]
        hairs = max(1, brush.bristles)
        thickness = max(1, round(2 * brush.radius / hairs + 0.5))
        for offset in np.linspace(-1, 1, hairs) if hairs > 1 else [0.0]:
            reach = brush.radius * (1 - 1 / hairs)
            points = path + normal * offset * reach
            shade = colour * (1 + rng.normal(0, 0.045 if hairs > 1 else 0))
            value = (*np.clip(shade * 255, 0, 255).tolist(), float(rng.uniform(80, 220)))
            # OpenCV wants x before y, in fixed point.
            fixed = np.rint(points[:, ::-1] * 2**SUBPIXEL).astype(np.int32)
            cv2.polylines(self._layers, [fixed], False, value, thickness, cv2.LINE_AA, SUBPIXEL)


def _paths(
    starts: NDArray[np.float64], angle: Field, brush: Brush, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(strokes, steps, 2) rows and columns of curved strokes, all of the greatest length."""
    steps = 6
    step = brush.length[1] * brush.radius / (steps - 1)
    at = starts.copy()
    turn = rng.choice([-1.0, 1.0], len(starts))
    heading = None
    path = [at.copy()]
    for _ in range(steps - 1):
        rows = np.clip(at[:, 0], 0, angle.shape[0] - 1).astype(int)
        columns = np.clip(at[:, 1], 0, angle.shape[1] - 1).astype(int)
        direction = angle[rows, columns]
        move = np.stack((np.sin(direction), np.cos(direction)), 1)
        if heading is None:
            heading = move * turn[:, None]
        else:
            sign = np.where((move * heading).sum(1) < 0, -1, 1)[:, None]
            heading = 0.5 * heading + 0.5 * move * sign
            heading /= np.maximum(np.hypot(*heading.T), 1e-6)[:, None]
        at = at + heading * step
        path.append(at.copy())
    return np.stack(path, 1)
