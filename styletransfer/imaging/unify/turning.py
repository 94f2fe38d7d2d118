"""Turning a photo by a few degrees, and keeping a cut-off subject's edge straight while doing so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styletransfer.imaging.unify.framing import Box

_SOLID = 0.5


@dataclass(frozen=True)
class Turn:
    """A turn of a photo about its centre onto a larger one that holds all its corners.

    Attributes:
        angle: degrees counter-clockwise.
        width: of the photo before, in pixels.
        height: of the photo before, in pixels.
    """

    angle: float
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) after the turn."""
        cosine, sine = abs(self._cosine), abs(self._sine)
        return (
            int(np.ceil(self.width * cosine + self.height * sine - 1e-9)),
            int(np.ceil(self.width * sine + self.height * cosine - 1e-9)),
        )

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the photo lands."""
        across, down = x - self.width / 2, y - self.height / 2
        return (
            self._cosine * across + self._sine * down + self.size[0] / 2,
            -self._sine * across + self._cosine * down + self.size[1] / 2,
        )

    def layers(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn layers (height, width, channels) bicubically; 0 beyond the photo."""
        wide, high = self.size
        cosine, sine = self._cosine, self._sine
        back = (
            *(cosine, -sine, self.width / 2 - cosine * wide / 2 + sine * high / 2),
            *(sine, cosine, self.height / 2 - sine * wide / 2 - cosine * high / 2),
        )
        turned = [
            Image.fromarray(np.ascontiguousarray(values[..., channel])).transform(
                (wide, high), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC
            )
            for channel in range(values.shape[2])
        ]
        return np.stack([np.asarray(each) for each in turned], axis=-1)

    def limits(self, alpha: NDArray[np.float32], cut: tuple[str, ...]) -> Box:
        """The part of the turned photo without empty wedges along the subject's cut sides.

        Args:
            alpha: (height, width) subject mask before the turn.
            cut: the sides at which the photo's border cuts the subject off.
        """
        left, top, right, bottom = 0.0, 0.0, float(self.size[0]), float(self.size[1])
        for side in cut:
            border, at = _border(alpha, side)
            ends = np.nonzero(border > _SOLID)[0]
            first, last = float(ends[0]), float(ends[-1] + 1)
            if side in ("left", "right"):
                across = [self.point(at, first)[0], self.point(at, last)[0]]
                left, right = (
                    (np.ceil(max(across)), right) if side == "left" else (left, np.floor(min(across)))
                )
            else:
                down = [self.point(first, at)[1], self.point(last, at)[1]]
                top, bottom = (np.ceil(max(down)), bottom) if side == "top" else (top, np.floor(min(down)))
        return Box(float(left), float(top), float(right), float(bottom))

    @property
    def _cosine(self) -> float:
        return float(np.cos(np.radians(self.angle)))

    @property
    def _sine(self) -> float:
        return float(np.sin(np.radians(self.angle)))


def _border(alpha: NDArray[np.float32], side: str) -> tuple[NDArray[np.float32], float]:
    """The mask along one border, and that border's coordinate."""
    height, width = alpha.shape
    return {
        "left": (alpha[:, 0], 0.0),
        "top": (alpha[0], 0.0),
        "right": (alpha[:, -1], float(width)),
        "bottom": (alpha[-1], float(height)),
    }[side]
