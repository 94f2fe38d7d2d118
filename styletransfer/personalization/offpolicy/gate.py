"""Whether the evidence is enough to let a policy choose for shoppers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from styletransfer.personalization.offpolicy.estimators import (
    Interval,
    LoggedChoices,
    Weights,
    bootstrap,
    doubly_robust,
    importance_weights,
    ipw,
    on_policy,
    snipw,
    weight_summary,
)
from styletransfer.personalization.taste.thompson import Array

FEW = "few"
WORSE = "worse"
UNCERTAIN = "uncertain"
PROPENSITIES = "propensities"


@dataclass(frozen=True)
class Evaluation:
    """What a policy would earn, next to what the logged one earned, from one log.

    Attributes:
        rows: logged choices that were used.
        clusters: shoppers among them.
        current: reward of the policy that was logged.
        ipw: estimate of the candidate by inverse propensity weighting.
        snipw: the same, self-normalised.
        doubly_robust: the same, corrected by a cross-fitted reward model; None without one.
        gain: candidate less current, resampled together, by the best estimator there is.
        weights: how well the log covers the candidate.
        level: of all intervals.
    """

    rows: int
    clusters: int
    current: Interval
    ipw: Interval
    snipw: Interval
    doubly_robust: Interval | None
    gain: Interval
    weights: Weights
    level: float

    @property
    def best(self) -> Interval:
        """The doubly robust estimate, or the self-normalised one without a model."""
        return self.doubly_robust or self.snipw

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for a JSON column."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Evaluation:
        """The way back."""
        intervals = {
            name: Interval(**stored[name]) if stored[name] else None
            for name in ("current", "ipw", "snipw", "doubly_robust", "gain")
        }
        return cls(**{**stored, **intervals, "weights": Weights(**stored["weights"])})


@dataclass(frozen=True)
class Requirements:
    """What evidence must be brought.

    Attributes:
        effective_size: least effective sample size.
        margin: by how much of the current reward the lower bound may fall short, for example 0.02 for
            2 %; 0 asks for evidence of a gain.
        mean_weight: how far from 1 the mean weight may be, unless its sampling error explains it.
    """

    effective_size: float = 1000.0
    margin: float = 0.0
    mean_weight: float = 0.1


def evaluate(
    log: LoggedChoices,
    policy: Array,
    expected: Array | None = None,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Evaluation:
    """Estimate a policy (rows, styles) on a log; ``expected`` of the same shape is a cross-fitted model."""
    current = on_policy(log)
    plain, normalised = ipw(log, policy), snipw(log, policy)
    robust = doubly_robust(log, policy, expected) if expected is not None else None

    def interval(*terms: Any, combine: Any = None) -> Interval:
        return bootstrap(terms, log.clusters, combine=combine, level=level, resamples=resamples, seed=seed)

    return Evaluation(
        rows=len(log),
        clusters=len(log) if log.clusters is None else len(np.unique(log.clusters)),
        current=interval(current),
        ipw=interval(plain),
        snipw=interval(normalised),
        doubly_robust=interval(robust) if robust else None,
        gain=interval(robust or normalised, current, combine=lambda pair: pair[:, 0] - pair[:, 1]),
        weights=weight_summary(importance_weights(log, policy), log.clusters),
        level=level,
    )


def refusals(evaluation: Evaluation, requirements: Requirements) -> list[str]:
    """Why the policy may not go live yet; empty when it may.

    The gain is resampled together with what it is compared to, so that what both policies would do alike
    adds no noise; its lower bound under zero says the same as a lower bound under the current policy.
    """
    found = []
    if evaluation.weights.effective_size < requirements.effective_size:
        found.append(FEW)
    noise = 4 * evaluation.weights.mean_error
    if abs(evaluation.weights.mean - 1) > max(requirements.mean_weight, noise):
        found.append(PROPENSITIES)
    allowed = -requirements.margin * evaluation.current.estimate
    if evaluation.gain.upper < 0:
        found.append(WORSE)
    elif evaluation.gain.lower < allowed:
        found.append(UNCERTAIN)
    return found
