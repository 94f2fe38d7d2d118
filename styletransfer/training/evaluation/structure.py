"""How much of a photo's structure its painting keeps, beyond SSIM and edge F1."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.engine.base import Pixels
from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.imaging.edges import EdgeMap, edge_map, matched_edges
from styletransfer.imaging.fidelity import grey_ssim
from styletransfer.imaging.filters import Grey, luma

Lightness = NDArray[np.float32]


class PictureFacts:
    """What several measures need of one picture (height, width, 3) uint8, each computed once."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    @cached_property
    def grey(self) -> Grey:
        """Luma (height, width) in [0, 255]."""
        return luma(self.pixels)

    @cached_property
    def edges(self) -> EdgeMap:
        """Canny edges (height, width)."""
        return edge_map(self.grey)

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """CIELAB (height, width, 3)."""
        return rgb_to_lab(self.pixels)

    @cached_property
    def lightness(self) -> Lightness:
        """CIELAB L (height, width) in [0, 100]."""
        return np.ascontiguousarray(self.lab[..., 0])

    @cached_property
    def gradient(self) -> tuple[Lightness, Lightness]:
        """Lightness gradient across and down in L per px, after a Gaussian of sigma 1 px."""
        smooth = cv2.GaussianBlur(self.lightness, (0, 0), 1.0)
        across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
        down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
        return across.astype(np.float32), down.astype(np.float32)

    @cached_property
    def steepness(self) -> Lightness:
        """Length of ``gradient``."""
        steepness: Lightness = np.hypot(*self.gradient)
        return steepness


def structure_measures(photo: PictureFacts, painted: PictureFacts) -> dict[str, float]:
    """``ssim`` (grey), ``edge_f1`` and ``edge_correlation`` of a painting; 1 keeps all."""
    return {
        "ssim": grey_ssim(photo.grey, painted.grey),
        "edge_f1": matched_edges(photo.edges, painted.edges),
        "edge_correlation": correlation(photo.steepness, painted.steepness),
    }


def correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Pearson's correlation in [-1, 1] of two arrays of one shape; 0 where one of them is constant."""
    x, y = (values.astype(np.float64).ravel() - values.mean() for values in (first, second))
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 1e-9 else 0.0
