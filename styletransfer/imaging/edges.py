"""Which edges of the photo a painting keeps, and which it adds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.filters import Grey, blur, gaussian_kernel, luma

_SIGMA = 1.5
_KERNEL = gaussian_kernel(_SIGMA, radius=6)

# Sobel magnitudes (kernel weights 1 2 1) of a picture in [0, 1].
_WEAK = 0.1
_STRONG = 0.2

EdgeMap = NDArray[np.bool_]


def edge_map(grey: Grey) -> EdgeMap:
    """Edges, one or two pixels wide, of a grey picture (height, width) in [0, 255].

    Canny, "A computational approach to edge detection", IEEE Trans. PAMI 8(6), 1986: Gaussian of sigma
    1.5 px, Sobel gradient, the ridge along the gradient, and hysteresis between 0.1 and 0.2.
    """
    radius = len(_KERNEL) // 2
    smooth = blur(np.pad(grey / np.float32(255), radius + 1, mode="edge"), _KERNEL)
    gradient_y, gradient_x = _sobel(smooth)
    magnitude = np.hypot(gradient_y, gradient_x)
    magnitude[[0, -1], :] = 0
    magnitude[:, [0, -1]] = 0
    ridge = _ridge(magnitude, gradient_y, gradient_x)
    return _hysteresis(ridge, magnitude)


def edge_f1(first: NDArray[np.uint8], second: NDArray[np.uint8], tolerance: int = 2) -> float:
    """F1 score of two RGB pictures' edges: 1 when each edge of one lies on an edge of the other.

    Args:
        first: (height, width, 3) uint8.
        second: the same shape.
        tolerance: how far apart matching edges may lie, in pixels (Euclidean).

    Returns:
        The harmonic mean of precision and recall, in [0, 1]; 1 when neither picture has an edge.

    Raises:
        ValueError: the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"pictures of one size are needed, not {first.shape} and {second.shape}")
    return matched_edges(edge_map(luma(first)), edge_map(luma(second)), tolerance)


def matched_edges(first: EdgeMap, second: EdgeMap, tolerance: int = 2) -> float:
    """``edge_f1`` of two edge maps (height, width)."""
    count_first, count_second = int(first.sum()), int(second.sum())
    if not count_first or not count_second:
        return float(count_first == count_second)
    recall = int((first & _widened(second, tolerance)).sum()) / count_first
    precision = int((second & _widened(first, tolerance)).sum()) / count_second
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _sobel(smooth: Grey) -> tuple[Grey, Grey]:
    """Gradients along y and x; two rows and columns are lost."""
    across = smooth[:, :-2] + 2 * smooth[:, 1:-1] + smooth[:, 2:]
    down = smooth[:-2] + 2 * smooth[1:-1] + smooth[2:]
    return across[2:] - across[:-2], down[:, 2:] - down[:, :-2]


def _ridge(magnitude: Grey, gradient_y: Grey, gradient_x: Grey) -> NDArray[np.intp]:
    """Flat indices of weak-or-stronger pixels that no neighbour along the gradient outdoes."""
    width = magnitude.shape[1]
    levels = magnitude.ravel()
    at = np.flatnonzero(levels >= _WEAK)
    y, x = gradient_y.ravel()[at], gradient_x.ravel()[at]
    steep = np.abs(y) >= np.abs(x)
    step_y, step_x = np.where(y < 0, -width, width), np.where(x < 0, -1, 1)
    straight, diagonal = np.where(steep, step_y, step_x), step_y + step_x
    # The gradient points between two neighbours; its slope says how far towards the diagonal one.
    slope = np.minimum(np.abs(y), np.abs(x)) / np.maximum(np.abs(y), np.abs(x))
    ahead = levels[at + straight] * (1 - slope) + levels[at + diagonal] * slope
    behind = levels[at - straight] * (1 - slope) + levels[at - diagonal] * slope
    tops: NDArray[np.intp] = at[(levels[at] >= ahead) & (levels[at] >= behind)]
    return tops


def _hysteresis(ridge: NDArray[np.intp], magnitude: Grey) -> EdgeMap:
    """Strong ridge pixels, and weak ones that a chain of ridge pixels ties to a strong one."""
    width = magnitude.shape[1]
    waiting = np.zeros(magnitude.size, bool)
    waiting[ridge] = True
    edges = np.zeros(magnitude.size, bool)
    around = np.array([-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1])
    front = ridge[magnitude.ravel()[ridge] >= _STRONG]
    while front.size:
        edges[front] = True
        waiting[front] = False
        neighbours = (front[:, None] + around).ravel()
        front = np.unique(neighbours[waiting[neighbours]])
    return edges.reshape(magnitude.shape)


def _widened(edges: EdgeMap, radius: int) -> EdgeMap:
    """Every pixel within ``radius`` of an edge pixel."""
    height, width = edges.shape
    padded = np.pad(edges, radius)
    wide = np.zeros_like(edges)
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            if down**2 + right**2 <= radius**2:
                top, left = radius + down, radius + right
                wide |= padded[top : top + height, left : left + width]
    return wide
