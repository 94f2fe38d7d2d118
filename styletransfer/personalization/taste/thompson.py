"""Thompson sampling with propensities that are known, not estimated.

Thompson sampling shows a style as often as the posterior thinks it the best one. Instead of drawing
from the posterior and taking the best draw, the probabilities of being best are computed first, the floor
is added, and one style is drawn from the result. What is drawn is the same; what can be logged is exact.

Chapelle and Li, "An Empirical Evaluation of Thompson Sampling" (NIPS 2011).
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

_NODES = np.linspace(-6.0, 6.0, 65)
_TINY_SCALE = 1e-9


def independent_scales(covariance: Array) -> Array:
    """Standard deviations of independent scores whose differences vary as those of correlated ones do.

    Which score is greatest depends on differences alone, so what all styles share cancels. The variances v
    minimise the sum over pairs of (v_k + v_l - Var(score_k - score_l))²; where every pair is equally
    correlated nothing is lost.

    Args:
        covariance: (..., styles, styles) of the scores.

    Returns:
        (..., styles), at least a hair above zero.
    """
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    styles = variances.shape[-1]
    if styles < 2:
        return np.sqrt(np.maximum(variances, _TINY_SCALE**2))
    spread = variances[..., :, None] + variances[..., None, :] - 2 * covariance
    rows = spread.sum(axis=-1)
    if styles == 2:
        shared = rows / 2
    else:
        shared = (rows - rows.sum(axis=-1, keepdims=True) / (2 * (styles - 1))) / (styles - 2)
    # A style whose share would be negative is correlated with one other more than with the rest.
    least = spread.max(axis=(-2, -1))[..., None] * 1e-4
    return np.sqrt(np.maximum(shared, np.maximum(least, _TINY_SCALE**2)))


def best_probabilities(means: Array, scales: Array) -> Array:
    """Probability of each style to have the greatest score, for independent normal scores.

    w_k is the integral of prod_{l != k} Phi((t - m_l) / s_l) over Phi((t - m_k) / s_k), a Stieltjes sum on
    the union of nodes around every mean: narrow and wide posteriors may meet.

    Args:
        means: (..., styles).
        scales: (..., styles), above zero.

    Returns:
        (..., styles), each row sums to 1.
    """
    styles = means.shape[-1]
    if styles == 1:
        return np.ones_like(means)
    grid = np.sort((means[..., :, None] + scales[..., :, None] * _NODES).reshape(*means.shape[:-1], -1))
    below = ndtr((grid[..., None, :] - means[..., :, None]) / scales[..., :, None])
    ahead, behind = np.ones_like(below), np.ones_like(below)
    np.cumprod(below[..., :-1, :], axis=-2, out=ahead[..., 1:, :])
    behind[..., :-1, :] = np.cumprod(below[..., :0:-1, :], axis=-2)[..., ::-1, :]
    others = ahead * behind
    mass = np.diff(below, axis=-1)
    wins = np.sum(mass * (others[..., 1:] + others[..., :-1]), axis=-1) / 2
    total: Array = wins / wins.sum(axis=-1, keepdims=True)
    return total


def with_floor(probabilities: Array, floor: float) -> Array:
    """Give every style at least ``floor``: p = f + (1 - K f) w.

    An additive floor; clipping and rescaling would favour some styles over others
    (https://github.com/growthbook/growthbook/issues/6145).

    Args:
        probabilities: (..., styles), rows sum to 1.
        floor: from 0 to 1 / styles; more is taken as 1 / styles, which is uniform.
    """
    styles = probabilities.shape[-1]
    floor = min(max(floor, 0.0), 1.0 / styles)
    mixed: Array = floor + (1.0 - styles * floor) * probabilities
    return mixed


def within_budget(means: Array, scales: Array, *, floor: float, budget: float) -> float:
    """How much wider or narrower the posterior may be taken, so that exploring stays within its budget.

    Exploration is what goes to any style but the one believed best. The answer is the greatest factor, up
    to 1, at which the mean over these shoppers is at most ``budget``.

    Args:
        means: (shoppers, styles) of recent requests.
        scales: (shoppers, styles).
        floor: the propensity floor.
        budget: greatest mean share, from 0 to 1.

    Returns:
        a factor for the scales, from 0.01 to 1.
    """

    def exploration(factor: float) -> float:
        chosen = with_floor(best_probabilities(means, scales * factor), floor)
        leaders = np.argmax(means, axis=-1)
        return float(1.0 - np.take_along_axis(chosen, leaders[:, None], axis=1).mean())

    if exploration(1.0) <= budget:
        return 1.0
    low, high = 0.01, 1.0
    if exploration(low) > budget:
        return low
    for _ in range(12):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if exploration(middle) <= budget else (low, middle)
    return low


def uniform_draw(secret: str, *parts: Any) -> float:
    """A number in [0, 1) that anybody with the secret can recompute: the draw of one shopper's request."""
    message = "\x1f".join([secret, *map(str, parts)]).encode()
    return int.from_bytes(hashlib.sha256(message).digest()[:8], "big") / 2**64


def draw(probabilities: Array, uniform: float) -> int:
    """Index of the style that a uniform number in [0, 1) falls on."""
    edges = np.cumsum(probabilities)
    return int(min(np.searchsorted(edges, uniform * edges[-1], side="right"), len(edges) - 1))
