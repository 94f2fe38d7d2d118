"""Traffic that follows the evidence: top-two Thompson weights, and estimates that stay honest under them.

Plain means of such traffic are biased: an arm with an unlucky start gets few visitors and no chance to show
it. Each visitor's outcome is therefore divided by the probability with which the visitor was sent there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from styletransfer.experiments.statistics.samples import Numbers
from styletransfer.experiments.statistics.sequences import (
    NOTHING_KNOWN,
    Estimate,
    half_width,
    log_evidence,
    tuning,
)

_DRAWS = 10_000


@dataclass(frozen=True)
class Stratum:
    """Visitors of one arm in one period who were all sent there with the same probability.

    Attributes:
        period: number of the period; those of one period were decided without each other's outcomes.
        arm: place of the arm.
        propensity: probability of the arm, in (0, 1].
        count: visitors.
        total: sum of the outcome.
        squares: sum of its squares.
    """

    period: int
    arm: int
    propensity: float
    count: float
    total: float
    squares: float


@dataclass(frozen=True)
class WeightedMean:
    """An arm's mean by inverse probability, and the standard error of it."""

    value: float
    error: float


def weighted_means(strata: Sequence[Stratum], arms: int) -> list[WeightedMean]:
    """Each arm's self-normalised inverse-probability mean with its standard error (``inf`` without data)."""
    found = []
    for arm in range(arms):
        mine = [one for one in strata if one.arm == arm]
        weight = sum(one.count / one.propensity for one in mine)
        if weight <= 0 or sum(one.count for one in mine) < 2:
            found.append(WeightedMean(0.0, np.inf))
            continue
        mean = sum(one.total / one.propensity for one in mine) / weight
        spread = sum(_centred(one, mean) / one.propensity**2 for one in mine)
        found.append(WeightedMean(mean, float(np.sqrt(spread)) / weight))
    return found


def compare_weighted(
    strata: Sequence[Stratum], *, arm: int, control: int, alpha: float, planned: float
) -> Estimate:
    """The relative difference of two arms under changing weights, with its confidence sequence.

    Every visitor, of whatever arm, contributes the augmented term ``m1 - m0 + [arm](y - m1)/p - [control]
    (y - m0)/p``, whose mean is the difference; m are the means of earlier periods, so that the terms are
    fair bets given the past. See Waudby-Smith et al. (arXiv:2103.06476v7), sections 3.2 and 2.5 for terms
    whose variances change.
    """
    count = squares = total = 0.0
    seen = {arm: [0.0, 0.0], control: [0.0, 0.0]}
    for period in sorted({one.period for one in strata}):
        now = [one for one in strata if one.period == period]
        mean = {place: (sums[1] / sums[0] if sums[0] else 0.0) for place, sums in seen.items()}
        gap = mean[arm] - mean[control]
        for one in now:
            count += one.count
            sign = (one.arm == arm) - (one.arm == control)
            pull = sign / one.propensity
            left = one.total - one.count * mean.get(one.arm, 0.0)
            total += one.count * gap + pull * left
            squares += one.count * gap**2 + 2 * gap * pull * left
            squares += pull**2 * _centred(one, mean.get(one.arm, 0.0))
        for one in now:
            if one.arm in seen:
                seen[one.arm][0] += one.count / one.propensity
                seen[one.arm][1] += one.total / one.propensity
    base = seen[control][1] / seen[control][0] if seen[control][0] else 0.0
    if count < 4 or base <= 0 or not seen[arm][0]:
        return NOTHING_KNOWN
    mean_term = total / count
    variance = (squares / count - mean_term**2) / base**2
    if variance <= 0:
        return NOTHING_KNOWN
    value, rho = mean_term / base, tuning(alpha, planned)
    width = half_width(variance, count, alpha, rho)
    return Estimate(value, value - width, value + width, log_evidence(value, variance, count, rho))


def top_two_weights(
    means: Sequence[WeightedMean], *, floor: float, seed: int, first: float = 0.5
) -> list[float]:
    """Weights for the next period: half to the likely best arm, half to its likely runner-up.

    Top-two Thompson sampling (Russo, "Simple Bayesian Algorithms for Best-Arm Identification", 2016). The
    floor is added to every arm and not clipped to, because clipping would favour arms just below it.

    Args:
        means: posterior mean and standard deviation by arm; one infinite error keeps the weights equal.
        floor: least weight of an arm, in [0, 1 / arms].
        seed: of the random draws, so that the same data give the same weights.
        first: probability that the best arm itself is played instead of the runner-up.
    """
    number = len(means)
    if not 0 <= floor * number <= 1:
        raise ValueError(f"A floor of {floor} leaves nothing to share among {number} arms.")
    errors = np.array([one.error for one in means])
    if number < 2 or not np.isfinite(errors).all() or not errors.any():
        return [1 / number] * number
    draws: Numbers = np.random.default_rng(seed).normal(
        [one.value for one in means], errors, size=(_DRAWS, number)
    )
    best = np.bincount(draws.argmax(axis=1), minlength=number) / _DRAWS
    if best.max() == 1:
        # No draw ever had another winner: the runner-up is whoever came second.
        draws[:, best.argmax()] = -np.inf
        second = np.bincount(draws.argmax(axis=1), minlength=number) / _DRAWS
    else:
        # The runner-up is the best of a fresh draw in which another arm than the first wins.
        odds = best / (1 - best)
        second = best * (odds.sum() - odds)
    weights = floor + (1 - number * floor) * (first * best + (1 - first) * second)
    return [float(one) for one in weights / weights.sum()]


def _centred(one: Stratum, mean: float) -> float:
    return max(0.0, one.squares - 2 * mean * one.total + one.count * mean**2)
