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
from scipy.special import log_ndtr

Array = NDArray[np.float64]

# How far the integral reaches, how long its steps are in the narrowest scale, and how many there may be.
_REACH, _STEP, _MOST_NODES = 6.0, 0.8, 512
_TINY_SCALE = 1e-9
LEAST_SCALE = 0.05


def independent_scales(covariance: Array) -> Array:
    """Standard deviations of independent scores whose differences vary as those of correlated ones do.

    Which score is greatest depends on differences alone, so what all styles share cancels. The variances v
    minimise the sum over pairs of (v_k + v_l - Var(score_k - score_l))²; where every pair is equally
    correlated nothing is lost. Whatever is lost, the logged probability stays that which was drawn from.

    Args:
        covariance: (..., styles, styles) of the scores.

    Returns:
        (..., styles), at least a hair above zero.
    """
    variances: Array = np.diagonal(covariance, axis1=-2, axis2=-1)
    styles = variances.shape[-1]
    if styles < 2:
        alone: Array = np.sqrt(np.maximum(variances, _TINY_SCALE**2))
        return alone
    spread = variances[..., :, None] + variances[..., None, :] - 2 * covariance
    rows = spread.sum(axis=-1)
    if styles == 2:
        shared = rows / 2
    else:
        shared = (rows - rows.sum(axis=-1, keepdims=True) / (2 * (styles - 1))) / (styles - 2)
    # A style whose share would be negative is correlated with one other more than with the rest.
    least = spread.max(axis=(-2, -1))[..., None] * 1e-4
    scales: Array = np.sqrt(np.maximum(shared, np.maximum(least, _TINY_SCALE**2)))
    return scales


def best_probabilities(means: Array, scales: Array) -> Array:
    """Probability of each style to have the greatest score, for independent normal scores.

    w_k is the integral of the density of score k times the product over l != k of Phi((t - m_l) / s_l), by
    the trapezoid rule, which converges geometrically for such integrands: 1e-4 at worst with these steps.
    Scales under 1/34 of the widest are widened to that, which bounds the number of nodes.

    Args:
        means: (..., styles).
        scales: (..., styles), above zero.

    Returns:
        (..., styles), each row sums to 1.
    """
    styles = means.shape[-1]
    if styles == 1:
        return np.ones_like(means)
    widest = scales.max(axis=-1, keepdims=True)
    scales = np.maximum(scales, widest * (2 * _REACH / (_MOST_NODES * _STEP)))
    # Below ``low`` the greatest score cannot lie.
    low = (means - _REACH * scales).max(axis=-1)
    span = (means + _REACH * scales).max(axis=-1) - low
    nodes = int(min(_MOST_NODES, np.ceil((span / (_STEP * scales.min(axis=-1))).max()))) + 1
    grid = low[..., None] + span[..., None] * np.linspace(0.0, 1.0, nodes)
    standard = (grid[..., None, :] - means[..., :, None]) / scales[..., :, None]
    # In logarithms, for a product over all other styles is then a difference.
    below = log_ndtr(standard)
    others = below.sum(axis=-2, keepdims=True) - below - 0.5 * np.square(standard)
    wins = (np.exp(others) / scales[..., :, None]).sum(axis=-1)
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
    means: Array,
    scales: Array,
    *,
    floor: float,
    budget: float,
    width: float = 1.0,
    leaders: NDArray[np.int64] | None = None,
) -> Exploration:
    """The most exploration that keeps its mean share of the choices within a budget.

    The posterior is narrowed first, which saves where a style is clearly worse. Where that is not enough, as
    before there are any data, the leader is chosen outright for the rest.

    Args:
        means: (shoppers, styles) of recent requests.
        scales: (shoppers, styles).
        floor: the wanted floor; halved budgets bound it, for the floor itself explores.
        budget: greatest mean share of choices that go to any style but the leader, from 0 to 1.
        width: greatest factor on the scales; under 1 it explores less than Thompson sampling would.
        leaders: (shoppers,) styles believed best; the best means if None.
    """
    styles = means.shape[-1]
    top = np.argmax(means, axis=-1) if leaders is None else leaders
    floor = min(floor, budget / (2 * styles))

    def spent(exploration: Exploration) -> float:
        chosen = exploration.probabilities(means, scales, top)
        return float(1.0 - np.take_along_axis(chosen, top[:, None], axis=1).mean())

    if spent(Exploration(floor, width)) <= budget:
        return Exploration(floor, width)
    low, high = min(LEAST_SCALE, width), width
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
