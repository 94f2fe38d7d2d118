"""Confidence sequences for means: intervals that hold at every look at once, however often one looks.

Asymptotic confidence sequences of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central
limit theory and asymptotic confidence sequences" (Annals of Statistics 2024, arXiv:2103.06476v7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from styletransfer.experiments.statistics.samples import Mean


@dataclass(frozen=True)
class Estimate:
    """A difference and what may be believed about it.

    Attributes:
        value: the difference; relative to the control (0.1 is 10 % more) where the function says so.
        lower: end of the confidence sequence, ``-inf`` when there is not enough data.
        upper: the other end.
        log_evidence: natural logarithm of the e-value against "no difference"; 1/e-value is a p-value that
            holds at any time.
    """

    value: float
    lower: float
    upper: float
    log_evidence: float

    @property
    def p_value(self) -> float:
        """Always-valid p-value in (0, 1] of this look."""
        return float(np.exp(-max(0.0, self.log_evidence)))


NOTHING_KNOWN = Estimate(0.0, -np.inf, np.inf, 0.0)


def tuning(alpha: float, planned: float) -> float:
    """rho, which makes the sequence tightest when ``planned`` visitors (all arms) have come: eq. 161.

    Args:
        alpha: 1 - confidence, in (0, 1).
        planned: visitors, positive.
    """
    return float(np.sqrt((-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / planned))


def half_width(variance: float, count: float, alpha: float, rho: float) -> float:
    """Half the width of the two-sided sequence after ``count`` visitors: eq. 9.

    Args:
        variance: of one term whose running mean is the estimate.
        count: terms so far.
        alpha: 1 - confidence.
        rho: from ``tuning``.
    """
    scaled = count * rho**2 + 1
    return float(np.sqrt(variance * 2 * scaled / (count * rho) ** 2 * np.log(np.sqrt(scaled) / alpha)))


def log_evidence(estimate: float, variance: float, count: float, rho: float) -> float:
    """Logarithm of the Gaussian mixture's e-value against a mean of 0: eq. 155."""
    scaled = count * rho**2 + 1
    squared = (count * estimate) ** 2 / variance
    return float(rho**2 * squared / (2 * scaled) - np.log(scaled) / 2)


def compare_means(
    control: Mean, arm: Mean, *, alpha: float, planned: float, relative: bool = True
) -> Estimate:
    """The difference of two means with its confidence sequence.

    Args:
        control: what the arm is compared with.
        arm: the other.
        alpha: 1 - confidence of the sequence.
        planned: visitors of both arms together for which the sequence is tightest.
        relative: as a share of the control's mean (delta method), else in the measure's own unit.
    """
    enough = min(control.count, arm.count) >= 2 and (not relative or control.plain > 0)
    if not enough or control.variance + arm.variance <= 0:
        return NOTHING_KNOWN
    scale = control.plain if relative else 1.0
    value = (arm.value - control.value) / scale
    # The relative difference also varies because the control's mean does.
    pull = (arm.plain / control.plain) ** 2 if relative else 1.0
    of_mean = (arm.variance / arm.count + pull * control.variance / control.count) / scale**2
    count = control.count + arm.count
    rho = tuning(alpha, planned)
    width = half_width(of_mean * count, count, alpha, rho)
    return Estimate(value, value - width, value + width, log_evidence(value, of_mean * count, count, rho))
