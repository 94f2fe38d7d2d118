"""How many visitors a decision takes, found by playing the sequential test many times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from styletransfer.experiments.statistics import successes
from styletransfer.experiments.statistics.samples import Numbers
from styletransfer.experiments.statistics.sequences import tuning

_RUNS = 500
_LOOKS = 200
_HORIZON = 8.0
_SEED = 20_240_501


@dataclass(frozen=True)
class Plan:
    """Visitors of all arms together until a real difference is found.

    Attributes:
        typical: half of all experiments are decided by then.
        likely: ``power`` of all experiments are decided by then.
        power: share of experiments meant by ``likely``.
    """

    typical: int
    likely: int
    power: float

    def days(self, visitors_a_day: float) -> tuple[float, float]:
        """(typical, likely) in days; ``inf`` without visitors."""
        if visitors_a_day <= 0:
            return np.inf, np.inf
        return self.typical / visitors_a_day, self.likely / visitors_a_day


@cache
def plan_rate(
    rate: float, lift: float, *, weights: tuple[float, ...] = (1, 1), alpha: float = 0.05, power: float = 0.8
) -> Plan:
    """Visitors needed to see that a rate is ``lift`` higher in one arm than in the control, the first arm.

    Args:
        rate: the control's conversion rate, in (0, 1).
        lift: relative difference, positive; the higher rate must stay below 1.
        weights: by arm, the control's first; the plan is for the arm with the least weight.
        alpha: share of false findings allowed over all arms and looks.
        power: share of experiments that should be decided.

    Raises:
        ValueError: a rate or a lift that cannot be.
    """
    if not 0 < rate < 1 or lift <= 0 or rate * (1 + lift) >= 1:
        raise ValueError("The rate must lie between 0 and 1 and stay below 1 with the lift.")
    arm, control = min(weights[1:]), weights[0]
    share = arm / (arm + control)
    theta = share * (1 + lift) / (share * (1 + lift) + 1 - share)
    level = -np.log(alpha / (len(weights) - 1))
    size = share * (1 - share) / (theta - share) ** 2 * 2 * (level + 2)
    looks = np.unique(np.ceil(np.linspace(0, 1, _LOOKS + 1)[1:] * size * _HORIZON))
    generator = np.random.default_rng(_SEED)
    steps = generator.binomial(np.diff(looks, prepend=0).astype(int), theta, size=(_RUNS, len(looks)))
    won = np.cumsum(steps, axis=1).astype(float)
    evidence = successes.log_evidence(won, looks - won, share=share, lift=lift)
    # Successes of the two arms together, each of which takes so many visitors of all arms.
    per_success = sum(weights) / (arm * rate * (1 + lift) + control * rate)
    return _plan(evidence >= level, looks * per_success, power)


@cache
def plan_mean(
    mean: float,
    spread: float,
    lift: float,
    *,
    weights: tuple[float, ...] = (1, 1),
    alpha: float = 0.05,
    power: float = 0.8,
) -> Plan:
    """Visitors needed to see that a mean, such as revenue a visitor, is ``lift`` higher than the control's.

    Args:
        mean: the control's, positive.
        spread: standard deviation of one visitor's outcome, positive.
        lift: relative difference, positive.
        weights: by arm, the control's first.
        alpha: share of false findings allowed.
        power: share of experiments that should be decided.

    Raises:
        ValueError: a mean, spread or lift that is not positive.
    """
    if mean <= 0 or spread <= 0 or lift <= 0:
        raise ValueError("Mean, spread and lift must be positive.")
    arm, control = min(weights[1:]), weights[0]
    alpha /= len(weights) - 1
    pair = arm + control
    # Variance of one visitor's term whose mean is the difference.
    variance = spread**2 * (pair / arm + pair / control)
    drift = mean * lift / np.sqrt(variance)
    size = 2 * (-np.log(alpha) + 2) / drift**2
    rho = tuning(alpha, size)
    looks = np.linspace(0, 1, _LOOKS + 1)[1:] * size * _HORIZON
    steps = np.diff(looks, prepend=0)
    generator = np.random.default_rng(_SEED)
    walk = np.cumsum(steps * drift + np.sqrt(steps) * generator.normal(size=(_RUNS, len(looks))), axis=1)
    scaled = looks * rho**2 + 1
    evidence = rho**2 * walk**2 / (2 * scaled) - np.log(scaled) / 2
    return _plan(evidence >= -np.log(alpha), looks * sum(weights) / pair, power)


def _plan(decided: Numbers, visitors: Numbers, power: float) -> Plan:
    first = np.where(decided.any(axis=1), decided.argmax(axis=1), len(visitors) - 1)
    stops = np.sort(visitors[first])
    typical, likely = (stops[min(len(stops) - 1, int(part * len(stops)))] for part in (0.5, power))
    return Plan(int(np.ceil(typical)), int(np.ceil(likely)), power)
