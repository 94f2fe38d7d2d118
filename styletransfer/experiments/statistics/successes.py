"""Which arm the buyers come from: an exact sequential test and confidence sequence for conversion.

Every visitor is sent to an arm by chance, independently, with known probabilities. Then each success belongs
to the arm with probability ``theta = w p / (w p + w0 p0)``, where w are the weights and p the rates, whatever
happened before: a sequence of independent coin flips. Mixing the likelihood ratio over a Beta prior gives a
martingale (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, section 3.2), so the test may be looked
at after every single success, for ever. Failures carry no information here; at the rates of a shop they
hardly have any.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from styletransfer.experiments.statistics.samples import Numbers
from styletransfer.experiments.statistics.sequences import NOTHING_KNOWN, Estimate

_BISECTIONS = 60


def prior(share: float, lift: float) -> tuple[float, float]:
    """Beta parameters around ``share`` that make the test quickest for differences of the size of ``lift``.

    Its standard deviation is the shift of theta that a relative difference of ``lift`` makes, so that a
    lift of 0.2 and equal weights give Beta(49.5, 49.5).

    Args:
        share: the arm's weight divided by its own and the control's, in (0, 1).
        lift: relative difference worth finding, positive.
    """
    spread = share * (1 - share)
    strength = 1 / (spread * lift**2) - 1
    strength = max(strength, 2 / min(share, 1 - share))
    return strength * share, strength * (1 - share)


def log_evidence(arm: Numbers, control: Numbers, *, share: float, lift: float) -> Numbers:
    """Logarithm of the e-value against equal rates, after so many successes of each; any equal shapes."""
    a, b = prior(share, lift)
    mixture = betaln(a + arm, b + control) - betaln(a, b)
    return np.asarray(mixture - arm * np.log(share) - control * np.log1p(-share), dtype=np.float64)


def share_bounds(arm: Numbers, control: Numbers, *, share: float, lift: float, alpha: float) -> Numbers:
    """Ends of the confidence sequence for theta, shape (2, ...): where the mixture's e-value is 1/alpha."""
    a, b = prior(share, lift)
    arm, control = np.atleast_1d(np.asarray(arm, float)), np.atleast_1d(np.asarray(control, float))
    level = betaln(a + arm, b + control) - betaln(a, b) + np.log(alpha)

    def is_outside(theta: Numbers) -> NDArray[np.bool_]:
        with np.errstate(divide="ignore", invalid="ignore"):
            likelihood = np.where(arm > 0, arm * np.log(theta), 0) + np.where(
                control > 0, control * np.log1p(-theta), 0
            )
        return np.asarray(level - likelihood >= 0)

    peak = np.where(arm + control > 0, arm / np.maximum(arm + control, 1), share)
    lower = _edge(is_outside, np.zeros_like(peak), peak)
    upper = _edge(is_outside, np.ones_like(peak), peak)
    return np.stack([lower, upper])


def compare_rates(
    control: float, arm: float, *, share: float, lift: float, alpha: float, ratio: float | None = None
) -> Estimate:
    """How much better the arm's rate is than the control's, relatively, from the successes of both.

    Args:
        control: successes of the control.
        arm: successes of the arm.
        share: the arm's weight divided by its own and the control's, in (0, 1).
        lift: relative difference worth finding, fixed before the start.
        alpha: 1 - confidence.
        ratio: the observed ratio of the rates, for the point estimate; None takes it from the weights.
    """
    if arm + control <= 0:
        return NOTHING_KNOWN
    lower, upper = share_bounds(
        np.array([arm]), np.array([control]), share=share, lift=lift, alpha=alpha
    ).ravel()
    evidence = log_evidence(np.array([arm]), np.array([control]), share=share, lift=lift)[0]
    odds = (1 - share) / share
    if ratio is None:
        ratio = arm / control * odds if control else np.inf
    ends = [np.inf if theta >= 1 else theta / (1 - theta) * odds - 1 for theta in (lower, upper)]
    return Estimate(float(ratio - 1), float(ends[0]), float(ends[1]), float(evidence))


def _edge(is_outside: Callable[[Numbers], NDArray[np.bool_]], far: Numbers, near: Numbers) -> Numbers:
    """Bisect between a point outside the set and one inside it; the end is always the outer one."""
    for _ in range(_BISECTIONS):
        middle = (far + near) / 2
        outside = is_outside(middle)
        far, near = np.where(outside, middle, far), np.where(outside, near, middle)
    return far
