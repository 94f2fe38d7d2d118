"""Thompson sampling with propensities that are known, not estimated.

Thompson sampling shows a style as often as the posterior thinks it the best one. Instead of drawing
from the posterior and taking the best draw, the probabilities of being best are computed first, the floor
is added, and one style is drawn from the result. What is drawn is the same; what can be logged is exact.

Chapelle and Li, "An Empirical Evaluation of Thompson Sampling" (NIPS 2011).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

_NODES = np.linspace(-6.0, 6.0, 65)
_TINY_SCALE = 1e-9
LEAST_SCALE = 0.05


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


@dataclass(frozen=True)
class Exploration:
    """How much of the choices may go to styles that are not believed to be the best.

    p = f + (1 - K f) ((1 - b) w + b [k is the leader]), with w from the posterior narrowed by ``scale``.

    Attributes:
        floor: f, the least probability of every style.
        scale: factor on the posterior's standard deviations, at most 1.
        blend: b, share that goes to the leader outright.
    """

    floor: float = 0.0
    scale: float = 1.0
    blend: float = 0.0

    def probabilities(self, means: Array, scales: Array, leaders: NDArray[np.int64] | None = None) -> Array:
        """Probability of each style; arrays (..., styles), ``leaders`` (...) are the best means if None."""
        best = best_probabilities(means, scales * self.scale)
        if self.blend > 0:
            top = np.argmax(means, axis=-1) if leaders is None else leaders
            is_leader = np.arange(means.shape[-1]) == np.asarray(top)[..., None]
            best = (1 - self.blend) * best + self.blend * is_leader
        return with_floor(best, self.floor)


def within_budget(
    means: Array, scales: Array, *, floor: float, budget: float, leaders: NDArray[np.int64] | None = None
) -> Exploration:
    """The most exploration that keeps its mean share of the choices within a budget.

    The posterior is narrowed first, which saves where a style is clearly worse. Where that is not enough, as
    before there are any data, the leader is chosen outright for the rest.

    Args:
        means: (shoppers, styles) of recent requests.
        scales: (shoppers, styles).
        floor: the wanted floor; halved budgets bound it, for the floor itself explores.
        budget: greatest mean share of choices that go to any style but the leader, from 0 to 1.
        leaders: (shoppers,) styles believed best; the best means if None.
    """
    styles = means.shape[-1]
    top = np.argmax(means, axis=-1) if leaders is None else leaders
    floor = min(floor, budget / (2 * styles))

    def spent(exploration: Exploration) -> float:
        chosen = exploration.probabilities(means, scales, top)
        return float(1.0 - np.take_along_axis(chosen, top[:, None], axis=1).mean())

    if spent(Exploration(floor)) <= budget:
        return Exploration(floor)
    low, high = LEAST_SCALE, 1.0
    narrow = spent(Exploration(floor, low))
    if narrow > budget:
        by_floor = (styles - 1) * floor
        blend = 1 - (budget - by_floor) / max(narrow - by_floor, 1e-12)
        return Exploration(floor, low, float(np.clip(blend, 0.0, 1.0)))
    for _ in range(8):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if spent(Exploration(floor, middle)) <= budget else (low, middle)
    return Exploration(floor, low)


def seed_for(secret: str, *parts: Any) -> int:
    """A seed of 63 bits that anybody with the secret can recompute, and nobody without it can guess."""
    message = "\x1f".join([secret, *map(str, parts)]).encode()
    return int.from_bytes(hashlib.sha256(message).digest()[:8], "big") >> 1


def draw(probabilities: Array, seed: int) -> int:
    """Index of the style that a seed of 63 bits falls on; equal seeds and probabilities give equal styles."""
    edges = np.cumsum(probabilities)
    place = seed / 2**63 * edges[-1]
    return int(min(np.searchsorted(edges, place, side="right"), len(edges) - 1))
