"""How unlike the background each pixel is, by three models that fail in different places.

* a smooth backdrop: a cubic surface fitted to each CIELAB channel, robustly, from the borders inwards. Right
  for paper sweeps and walls with a gradient of light;
* a palette: the colours seen at the same height along the left and right borders. Right for wood, tiles, and
  rooms where a wall meets a floor;
* the barrier distance from the borders: how far the colour must swing along the best path to the border
  (Zhang, Sclaroff, Lin, Shen, Price, Mech, "Minimum barrier salient object detection at 80 FPS", ICCV 2015).
  Right for what its own outline encloses, such as a white label on a brown bottle on white.

Their geometric mean is high only where all three agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.masks.props import staging_plants

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

# Lightness counts for less than colour: light varies over a background more than its paint does.
_BACKDROP_WEIGHTS = np.array([0.707, 1.0, 1.0], np.float32)
_PALETTE_WEIGHTS = np.array([0.6, 1.0, 1.0], np.float32)
_BARRIER_WEIGHTS = np.array([0.7, 1.0, 1.0], np.float32)
_BYTE_SCALE = np.array([2.55, 1.0, 1.0], np.float32)
_BYTE_SHIFT = np.array([0.0, 128.0, 128.0], np.float32)

_LEAST_NOISE = 0.5
"""CIELAB units; below this a difference is the camera's or the JPEG's."""

_LEAST_EDGE_NOISE = 0.15
_PATTERNED = 1.1  # CIELAB units a pixel; wood, tiles and knitting begin at about 1.7, paper ends at 0.6
_EDGE_WEIGHTS = np.array([0.8, 1.0, 1.0], np.float32)
_NARROW, _WIDE = 0.8, 3.0  # px
_GRADUAL = 1.3  # a gradual change has the same slope at both scales, a step a far smaller one at the wide


@dataclass(frozen=True, eq=False)
class Evidence:
    """Differences from the background, (height, width) float32 in CIELAB units.

    Attributes:
        lab: (height, width, 3) CIELAB of the picture.
        barrier: barrier distance from the borders.
        palette: distance to the border colours of the same height.
        combined: geometric mean of the three models.
        shadow: in [0, 1]; how well "the backdrop, darkened" explains the pixel.
        edges: crisp steps of colour a pixel, see ``crispness``.
        noise: spread of ``combined`` over the background itself.
        edge_noise: strength that edges have within the background itself.
    """

    lab: Floats
    barrier: Floats
    palette: Floats
    combined: Floats
    shadow: Floats
    edges: Floats
    noise: float
    edge_noise: float

    @property
    def is_plain(self) -> bool:
        """Whether the backdrop has no crisp edges of its own, as paper, cloth and painted walls have none."""
        return self.edge_noise < _PATTERNED

    @property
    def unshadowed(self) -> Floats:
        """``combined``, lowered where a shadow explains the difference."""
        return self.combined * (1 - np.float32(0.75) * self.shadow)


def gather_evidence(lab: Floats) -> Evidence:
    """Evidence of a small picture, (height, width, 3) CIELAB float32, at least 16 px a side."""
    backdrop = fit_backdrop(lab)
    surface = _length((lab - backdrop) * _BACKDROP_WEIGHTS)
    palette = palette_distance(lab)
    smooth = _smooth_texture(lab)
    seeds = background_seeds(np.minimum(surface, palette))
    barrier = cv2.GaussianBlur(barrier_distance(smooth * _BARRIER_WEIGHTS, seeds), (3, 3), 0).astype(
        np.float32
    )
    floor = np.float32(0.3)
    combined = np.cbrt((barrier + floor) * (surface + floor) * (palette + floor)).astype(np.float32)
    combined *= 1 - staging_plants(lab, combined)
    rim = _distance_to_border(*lab.shape[:2]) < 0.06 * max(lab.shape[:2])
    noise = max(float(np.percentile(combined[rim], 70)), _LEAST_NOISE)
    edges = crispness(lab)
    edge_noise = max(float(np.percentile(edges[rim], 95)), _LEAST_EDGE_NOISE)
    return Evidence(lab, barrier, palette, combined, _shadow(lab, backdrop), edges, noise, edge_noise)


def to_byte_lab(lab: Floats, lightness: float = 2.55) -> NDArray[np.uint8]:
    """CIELAB as three bytes, for OpenCV; ``lightness`` is the number of steps per unit of L*."""
    scale = np.array([lightness, 1.0, 1.0], np.float32)
    return np.asarray(np.clip(lab * scale + _BYTE_SHIFT, 0, 255), np.uint8)


def fit_backdrop(lab: Floats) -> Floats:
    """The smooth surface (cubic in x and y, per channel) that the borders suggest, (height, width, 3).

    Iteratively reweighted least squares with Geman-McClure weights: the product, which is far from the
    surface, soon stops pulling at it.
    """
    height, width = lab.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    basis = np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], axis=-1).reshape(
        height * width, -1
    )
    colours = lab.reshape(-1, 3)
    near_border = np.exp(-_distance_to_border(height, width).ravel() / (0.08 * max(height, width))) + 0.02
    sample = slice(None, None, max(1, height * width // 10_000))
    rows, targets, prior = basis[sample], colours[sample], near_border[sample]
    weights = prior
    for _ in range(8):
        weighted = rows * weights[:, None]
        ridge = 1e-4 * float(weights.sum()) * np.eye(basis.shape[1])
        coefficients = np.linalg.solve(weighted.T @ rows + ridge, weighted.T @ targets)
        squared = ((targets - rows @ coefficients) ** 2).sum(axis=1)
        weights = prior / (1 + squared / (3 * _weighted_median(squared, prior) + 1e-6)) ** 2
    return (basis @ coefficients).astype(np.float32).reshape(lab.shape)


def crispness(lab: Floats) -> Floats:
    """Slope of the colour that is a step and not a gradual change, as light and soft shadows are.

    (height, width) in CIELAB units a pixel.
    """
    crisp: Floats = np.maximum(_slope(lab, _NARROW) - np.float32(_GRADUAL) * _slope(lab, _WIDE), 0)
    return crisp


def palette_distance(lab: Floats, bands: int = 12, colours: int = 6) -> Floats:
    """Distance to the nearest colour of the side borders at about the same height, (height, width)."""
    height, width = lab.shape[:2]
    strip, reach, spacing = max(3, round(0.02 * max(height, width))), 0.14 * height, height / bands
    weighted = lab * _PALETTE_WEIGHTS
    rows = np.arange(height, dtype=np.float32)
    total, weight_sum = np.zeros((height, width), np.float32), np.zeros((height, 1), np.float32)
    for centre in (np.arange(bands) + 0.5) * spacing:
        near = slice(max(0, int(centre - reach)), int(centre + reach) + 1)
        sides = np.concatenate([weighted[near, :strip], weighted[near, -strip:]], axis=1).reshape(-1, 3)
        centres, spread = main_colours(sides, colours)
        span = slice(max(0, int(centre - spacing)), int(centre + spacing) + 1)
        nearest = np.min([_length(weighted[span] - colour) for colour in centres], axis=0)
        weight = np.maximum(1 - np.abs(rows[span] - centre) / spacing, 1e-3)[:, None].astype(np.float32)
        total[span] += np.maximum(nearest - spread, 0) * weight
        weight_sum[span] += weight
    return total / weight_sum


def main_colours(samples: Floats, count: int) -> tuple[Floats, float]:
    """The colours (n, 3) that each hold at least 5 % of the samples (m, 3), and the spread around them."""
    cv2.setRNGSeed(3)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    count = min(count, len(samples))
    start = np.zeros((len(samples), 1), np.int32)
    _, labels, found = cv2.kmeans(samples, count, start, criteria, 1, cv2.KMEANS_PP_CENTERS)
    index, centres = labels.ravel(), np.asarray(found, np.float32)
    spread = float(np.sqrt(((samples - centres[index]) ** 2).sum(axis=1).mean()))
    share = np.bincount(index, minlength=count) / len(samples)
    return centres[share > 0.05], spread


def background_seeds(difference: Floats) -> Bools:
    """Border pixels that look like background, (height, width); a product cut by the border is left out."""
    border = np.zeros(difference.shape, bool)
    border[[0, -1], :] = True
    border[:, [0, -1]] = True
    seeds: Bools = border & (difference < max(3 * float(np.median(difference[border])), 6.0))
    return seeds if seeds.sum() > 0.5 * border.sum() else border


def barrier_distance(colours: Floats, seeds: Bools, rounds: int = 2) -> Floats:
    """Minimum barrier distance of (height, width, 3) colours from the seed pixels, (height, width).

    The raster scan of the paper in four directions, a whole row or column at a time.
    """
    channels = np.ascontiguousarray(colours.transpose(2, 0, 1), np.float32)
    highest, lowest = channels.copy(), channels.copy()
    turned, turned_highest, turned_lowest = (a.transpose(0, 2, 1) for a in (channels, highest, lowest))
    distance = np.where(seeds, np.float32(0), np.float32(1e9))
    for _ in range(rounds):
        for backwards in (False, True):
            _scan_rows(channels, highest, lowest, distance, backwards)
            _scan_rows(turned, turned_highest, turned_lowest, distance.T, backwards)
    return distance


def _scan_rows(channels: Floats, highest: Floats, lowest: Floats, distance: Floats, backwards: bool) -> None:
    """One pass from row to row; updates ``highest``, ``lowest`` and ``distance`` in place."""
    count = distance.shape[0]
    before = 1 if backwards else -1
    for row in range(count - 2, -1, -1) if backwards else range(1, count):
        high = np.maximum(highest[:, row + before], channels[:, row])
        low = np.minimum(lowest[:, row + before], channels[:, row])
        barrier = (high - low).sum(axis=0)
        better = (barrier < distance[row]) & (distance[row + before] < 1e8)
        distance[row][better] = barrier[better]
        np.copyto(highest[:, row], high, where=better)
        np.copyto(lowest[:, row], low, where=better)


def _slope(lab: Floats, sigma: float) -> Floats:
    soft = cv2.GaussianBlur(lab * _EDGE_WEIGHTS, (0, 0), sigma)
    across = cv2.Scharr(soft, cv2.CV_32F, 1, 0) / 32
    down = cv2.Scharr(soft, cv2.CV_32F, 0, 1) / 32
    return np.asarray(np.sqrt((across**2 + down**2).sum(axis=-1)), np.float32)


def _smooth_texture(lab: Floats) -> Floats:
    shifted = cv2.pyrMeanShiftFiltering(to_byte_lab(lab), 6, 10, None, 1)
    smooth: Floats = (cv2.medianBlur(shifted, 3).astype(np.float32) - _BYTE_SHIFT) / _BYTE_SCALE
    return smooth


def _shadow(lab: Floats, backdrop: Floats) -> Floats:
    """How well the backdrop times one factor in [0.25, 1] explains each pixel, in [0, 1]."""
    ratio = _linear_light(lab) / _linear_light(backdrop)
    factor = ratio.mean(axis=-1)
    tint = np.abs(ratio - factor[..., None]).max(axis=-1) / (factor + 1e-3)
    darker = np.clip((1.02 - factor) / 0.05, 0, 1) * np.clip((factor - 0.25) / 0.15, 0, 1)
    return np.asarray(darker * np.clip((0.22 - tint) / 0.1, 0, 1), np.float32)


def _linear_light(lab: Floats) -> Floats:
    rgb = cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(rgb, 1e-3, 1) ** 2.2, np.float32)


def _weighted_median(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, cumulative[-1] / 2)])


def _distance_to_border(height: int, width: int) -> Floats:
    y, x = np.arange(height), np.arange(width)
    rows, columns = np.minimum(y, y[::-1])[:, None], np.minimum(x, x[::-1])[None]
    return np.minimum(rows, columns).astype(np.float32)


def _length(vectors: Floats) -> Floats:
    length: Floats = np.sqrt((vectors**2).sum(axis=-1)).astype(np.float32)
    return length
