"""Sums that stand for a sample of visitors: all that means, variances and their adjustment need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The outcome of ``count`` visitors, and optionally what the same visitors did before.

    Attributes:
        count: visitors.
        total: sum of the outcome.
        squares: sum of its squares.
        before: sum of the same measure before the experiment.
        before_squares: sum of its squares.
        products: sum of outcome times before.
    """

    count: float
    total: float
    squares: float
    before: float = 0.0
    before_squares: float = 0.0
    products: float = 0.0

    @classmethod
    def of(cls, outcome: Numbers, before: Numbers | None = None) -> Sample:
        """Add up one number a visitor; shape (visitors,)."""
        sums = (float(len(outcome)), float(outcome.sum()), float(np.square(outcome).sum()))
        if before is None:
            return cls(*sums)
        return cls(
            *sums, float(before.sum()), float(np.square(before).sum()), float((outcome * before).sum())
        )

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
            self.before + other.before,
            self.before_squares + other.before_squares,
            self.products + other.products,
        )

    @property
    def mean(self) -> float:
        """Outcome a visitor; 0 without visitors."""
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Unbiased variance of the outcome, at least 0."""
        return _covariance(self.squares, self.total, self.total, self.count)

    @property
    def before_mean(self) -> float:
        """What a visitor did before, on average."""
        return self.before / self.count if self.count else 0.0

    @property
    def before_variance(self) -> float:
        """Unbiased variance of what visitors did before."""
        return _covariance(self.before_squares, self.before, self.before, self.count)

    @property
    def covariance(self) -> float:
        """Unbiased covariance of outcome and before."""
        return _covariance(self.products, self.total, self.before, self.count, floor=None)


@dataclass(frozen=True)
class Mean:
    """A mean with the variance of one visitor's (perhaps adjusted) outcome.

    Attributes:
        count: visitors.
        value: the mean that is compared.
        variance: of one visitor's outcome.
        plain: the mean before any adjustment, which relative differences are measured by.
    """

    count: float
    value: float
    variance: float
    plain: float


def plain_mean(sample: Sample) -> Mean:
    """The sample's mean as it is."""
    return Mean(sample.count, sample.mean, sample.variance, sample.mean)


def adjusted_means(control: Sample, arm: Sample) -> tuple[Mean, Mean]:
    """Both means with what visitors did before taken out: CUPED.

    Uses the pooled slope, theta = cov(outcome, before) / var(before); see Deng, Xu, Kohavi and Walker,
    "Improving the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data" (2013),
    section 3.2. Without variation beforehand the means are returned as they are.
    """
    pooled = control + arm
    theta = pooled.covariance / pooled.before_variance if pooled.before_variance > 0 else 0.0
    return _adjusted(control, theta, pooled.before_mean), _adjusted(arm, theta, pooled.before_mean)


def variance_kept(control: Sample, arm: Sample) -> float:
    """Share of the outcome's variance that the adjustment leaves, in [0, 1]: 1 - correlation squared."""
    pooled = control + arm
    spread = pooled.variance * pooled.before_variance
    return 1.0 if spread <= 0 else max(0.0, 1.0 - pooled.covariance**2 / spread)


def _adjusted(sample: Sample, theta: float, centre: float) -> Mean:
    variance = sample.variance + theta**2 * sample.before_variance - 2 * theta * sample.covariance
    value = sample.mean - theta * (sample.before_mean - centre)
    return Mean(sample.count, value, max(0.0, variance), sample.mean)


def _covariance(
    products: float, first: float, second: float, count: float, floor: float | None = 0.0
) -> float:
    if count < 2:
        return 0.0
    value = (products - first * second / count) / (count - 1)
    return value if floor is None else max(floor, value)
