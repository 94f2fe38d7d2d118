"""What a policy would have earned, estimated from the log of another.

The formulas are those of Saito, Aihara, Matsutani and Narita, "Open Bandit Dataset and Pipeline" (NeurIPS
Datasets and Benchmarks 2021), and agree with that project's code (obp 0.5.7) to 1e-9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from styletransfer.personalization.taste.thompson import Array

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class LoggedChoices:
    """What was chosen, with which probability, and what followed.

    Attributes:
        actions: (rows,) index of the chosen style.
        rewards: (rows,) what followed.
        propensities: (rows,) probability with which the chosen one was chosen, above zero.
        clusters: (rows,) whose rows belong together, such as those of one shopper; None for rows of
            their own. Resampling takes whole clusters.

    Raises:
        ValueError: lengths differ, there are no rows, or a propensity is not in (0, 1].
    """

    actions: Indices
    rewards: Array
    propensities: Array
    clusters: Indices | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.actions), len(self.rewards), len(self.propensities)}
        lengths |= set() if self.clusters is None else {len(self.clusters)}
        if len(lengths) > 1:
            raise ValueError(f"The columns of a log must be of one length, not {sorted(lengths)}.")
        if lengths == {0}:
            raise ValueError("The log is empty: there is nothing to evaluate on.")
        if not ((self.propensities > 0) & (self.propensities <= 1)).all():
            raise ValueError("Every propensity must lie above 0 and be at most 1.")

    def __len__(self) -> int:
        return len(self.actions)


@dataclass(frozen=True)
class Weights:
    """How well a log covers a policy.

    Attributes:
        effective_size: (sum w)² / sum w², Kish's effective number of rows.
        greatest: the largest weight.
        mean: of the weights; far from 1 says that the propensities are not the true ones.
        mean_error: standard error of that mean, between clusters.
    """

    effective_size: float
    greatest: float
    mean: float
    mean_error: float


def importance_weights(log: LoggedChoices, policy: Array) -> Array:
    """w_i = pi(a_i | x_i) / p_i for a policy (rows, styles) of probabilities."""
    weights: Array = _taken(policy, log.actions) / log.propensities
    return weights


def weight_summary(weights: Array, clusters: Indices | None = None) -> Weights:
    """Effective sample size, greatest weight and mean of importance weights (rows,)."""
    centred = weights - weights.mean()
    if clusters is not None:
        _, labels = np.unique(clusters, return_inverse=True)
        centred = np.bincount(labels, weights=centred)
    error = float(np.sqrt(np.square(centred).sum())) / len(weights)
    squares = float(np.square(weights).sum())
    effective = float(weights.sum()) ** 2 / squares if squares else 0.0
    return Weights(effective, float(weights.max()), float(weights.mean()), error)


@dataclass(frozen=True)
class Terms:
    """An estimate as a ratio of two means over rows, which is what resampling needs.

    Attributes:
        numerator: (rows,).
        denominator: (rows,), all ones where the estimate is a plain mean.
    """

    numerator: Array
    denominator: Array

    @property
    def estimate(self) -> float:
        """The ratio of the sums; 0 where no row has weight."""
        below = float(self.denominator.sum())
        return float(self.numerator.sum()) / below if below else 0.0


def on_policy(log: LoggedChoices) -> Terms:
    """What the logged policy itself earned: the mean reward."""
    return Terms(log.rewards.astype(float), np.ones(len(log)))


def ipw(log: LoggedChoices, policy: Array) -> Terms:
    """Inverse propensity weighting: mean of w r. Unbiased; its variance grows with the weights."""
    return Terms(importance_weights(log, policy) * log.rewards, np.ones(len(log)))


def snipw(log: LoggedChoices, policy: Array) -> Terms:
    """Self-normalised: sum of w r over sum of w. Bounded by the rewards; biased by O(1 / rows)."""
    weights = importance_weights(log, policy)
    return Terms(weights * log.rewards, weights)


def direct(log: LoggedChoices, policy: Array, expected: Array) -> Terms:
    """Direct method: mean of sum_a pi(a | x) q(x, a); as good as the model ``expected`` (rows, styles)."""
    return Terms((policy * expected).sum(axis=1), np.ones(len(log)))


def doubly_robust(log: LoggedChoices, policy: Array, expected: Array) -> Terms:
    """The direct method, corrected by the weighted errors of its model: mean of q_pi + w (r - q_a).

    Right when either the propensities or the model is; ``expected`` must come from a model that has not
    seen the row (cross-fitting), or its errors look smaller than they are.
    """
    residual = log.rewards - _taken(expected, log.actions)
    corrected = (policy * expected).sum(axis=1) + importance_weights(log, policy) * residual
    return Terms(corrected, np.ones(len(log)))


def self_normalised_doubly_robust(log: LoggedChoices, policy: Array, expected: Array) -> float:
    """Doubly robust with weights divided by their mean."""
    weights = importance_weights(log, policy)
    residual = log.rewards - _taken(expected, log.actions)
    return float(((policy * expected).sum(axis=1) + weights * residual / weights.mean()).mean())


def cross_fitted(
    rows: int, folds: Indices, fit_and_predict: Callable[[NDArray[np.bool_], NDArray[np.bool_]], Array]
) -> Array:
    """Predict every row by a model that was fitted without its fold.

    Args:
        rows: how many.
        folds: (rows,) fold of each row; rows of one shopper belong in one fold.
        fit_and_predict: given masks (rows,) of what to learn from and what to predict, returns
            (predicted rows, …).
    """
    predictions: Array | None = None
    for fold in np.unique(folds):
        held_out = folds == fold
        answer = fit_and_predict(~held_out, held_out)
        if predictions is None:
            predictions = np.empty((rows, *answer.shape[1:]))
        predictions[held_out] = answer
    if predictions is None:
        raise ValueError("There are no rows to predict.")
    return predictions


@dataclass(frozen=True)
class Interval:
    """An estimate with its bootstrap percentile interval."""

    estimate: float
    lower: float
    upper: float


def bootstrap(
    terms: Sequence[Terms],
    clusters: Indices | None = None,
    *,
    combine: Callable[[Array], Array] | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile interval from resampling whole clusters with replacement (Efron and Tibshirani, 1993).

    Args:
        terms: one estimate, or several over the same rows, resampled together.
        clusters: (rows,) label of each row's cluster; None resamples rows.
        combine: from the estimates (resamples, len(terms)) to the number of interest (resamples,), such as
            a difference; None takes the first.
        level: of the interval.
        resamples: how many.
        seed: of the resampling, so that a report can be reproduced.
    """
    columns = np.stack([side for term in terms for side in (term.numerator, term.denominator)], axis=1)
    if clusters is not None:
        _, labels = np.unique(clusters, return_inverse=True)
        columns = np.stack([np.bincount(labels, weights=column) for column in columns.T], axis=1)
    generator = np.random.default_rng(seed)
    units = len(columns)
    sums = np.empty((resamples, columns.shape[1]))
    at_once = max(1, 4_000_000 // units)
    for first in range(0, resamples, at_once):
        count = min(at_once, resamples - first)
        picks = generator.integers(0, units, size=(count, units))
        for turn, pick in enumerate(picks):
            sums[first + turn] = np.bincount(pick, minlength=units) @ columns
    point = _combined(columns.sum(axis=0)[None], combine)
    values = _combined(sums, combine)
    tail = (1 - level) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    return Interval(float(point[0]), float(lower), float(upper))


def _combined(sums: Array, combine: Callable[[Array], Array] | None) -> Array:
    above, below = sums[:, ::2], sums[:, 1::2]
    ratios = np.divide(above, below, out=np.zeros_like(above), where=below != 0)
    return ratios[:, 0] if combine is None else combine(ratios)


def _taken(matrix: Array, columns: Indices) -> Array:
    taken: Array = np.take_along_axis(matrix, columns[:, None], axis=1)[:, 0]
    return taken
