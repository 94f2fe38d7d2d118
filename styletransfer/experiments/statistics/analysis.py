"""From daily sums to an answer: every arm against the control, day by day, and what may be concluded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

import numpy as np

from styletransfer.experiments.statistics import adaptive, successes
from styletransfer.experiments.statistics.multiple import holm
from styletransfer.experiments.statistics.samples import Sample, adjusted_means, plain_mean
from styletransfer.experiments.statistics.sequences import NOTHING_KNOWN, Estimate, compare_means

# Sequences for means lean on the central limit theorem; with fewer buyers an arm they cry wolf too often.
LEAST_BUYERS = 30


class Verdict(Enum):
    """What the data allow to say."""

    OPEN = "open"
    WINNER = "winner"
    CONTROL = "control"
    EQUAL = "equal"


@dataclass(frozen=True)
class Design:
    """What was fixed before the start.

    Attributes:
        weights: of the arms; only their proportions matter.
        control: place of the arm the others are compared with.
        alpha: share of experiments without any difference in which one may be "found".
        lift: least relative difference worth finding.
        planned: visitors of all arms together that were planned for.
        is_mean: whether the outcome is an amount; otherwise it is 1 for a success and 0 for none.
        is_adaptive: whether the weights followed the evidence.
        uses_history: whether what visitors did before is taken out of an amount.
    """

    weights: tuple[float, ...]
    control: int = 0
    alpha: float = 0.05
    lift: float = 0.1
    planned: float = 10_000
    is_mean: bool = False
    is_adaptive: bool = False
    uses_history: bool = False

    @property
    def others(self) -> list[int]:
        """Places of the arms that are compared with the control."""
        return [place for place in range(len(self.weights)) if place != self.control]


@dataclass(frozen=True)
class Tally:
    """Visitors of one arm on one day who were sent there with the same probability."""

    day: date
    arm: int
    propensity: float
    sample: Sample


@dataclass(frozen=True)
class Point:
    """What was known at the end of one day."""

    day: date
    visitors: int
    estimate: Estimate


@dataclass(frozen=True)
class Comparison:
    """One arm against the control.

    Attributes:
        arm: its place.
        points: one a day; the bounds only ever close in.
        estimate: the last point's.
        p_value: always-valid, the least so far, adjusted for the number of arms (Holm).
        is_better: whether the arm is better for sure, in the sense of the design's alpha.
        is_worse: whether it is worse.
        is_equal: whether any difference is smaller than the one worth finding.
    """

    arm: int
    points: tuple[Point, ...]
    estimate: Estimate
    p_value: float
    is_better: bool
    is_worse: bool
    is_equal: bool


@dataclass(frozen=True)
class Analysis:
    """The whole answer.

    Attributes:
        samples: the sums by arm.
        means: outcome a visitor by arm, weighted by inverse probability where the design is adaptive.
        comparisons: one for each arm but the control.
        verdict: what may be concluded.
        best: place of the arm the verdict recommends, None while it is open.
    """

    samples: tuple[Sample, ...]
    means: tuple[float, ...]
    comparisons: tuple[Comparison, ...]
    verdict: Verdict
    best: int | None


def analyse(design: Design, tallies: Iterable[Tally]) -> Analysis:
    """Everything that may be said about an experiment from its daily sums.

    The verdict keeps its error rate however often and whenever it is asked for.
    """
    rows = sorted(tallies, key=lambda one: one.day)
    samples = [sum((one.sample for one in rows if one.arm == arm), Sample(0, 0, 0)) for arm in _arms(design)]
    means = [sample.mean for sample in samples]
    if design.is_adaptive:
        means = [one.value for one in adaptive.weighted_means(strata_of(rows), len(design.weights))]
    paths = [_path(design, rows, arm) for arm in design.others]
    adjusted = holm([_least_p(path) for path in paths])
    comparisons = tuple(
        _concluded(design, arm, path, p_value)
        for arm, path, p_value in zip(design.others, paths, adjusted, strict=True)
    )
    verdict, best = _verdict(design, comparisons)
    return Analysis(tuple(samples), tuple(means), comparisons, verdict, best)


def strata_of(rows: Sequence[Tally]) -> list[adaptive.Stratum]:
    """Daily sums as periods: nobody's weights followed from outcomes of the same day."""
    days = {day: number for number, day in enumerate(sorted({one.day for one in rows}))}
    return [
        adaptive.Stratum(
            days[one.day], one.arm, one.propensity, one.sample.count, one.sample.total, one.sample.squares
        )
        for one in rows
    ]


def _arms(design: Design) -> range:
    return range(len(design.weights))


def _path(design: Design, rows: Sequence[Tally], arm: int) -> tuple[Point, ...]:
    """The estimates day by day with bounds that only close in (running intersection)."""
    points: list[Point] = []
    lower, upper, evidence = -np.inf, np.inf, 0.0
    so_far: list[Tally] = []
    for day in sorted({one.day for one in rows}):
        so_far += [one for one in rows if one.day == day]
        found = _compare(design, so_far, arm)
        if found.lower <= upper and found.upper >= lower:
            lower, upper = max(lower, found.lower), min(upper, found.upper)
        evidence = max(evidence, found.log_evidence)
        visitors = int(sum(one.sample.count for one in so_far))
        points.append(Point(day, visitors, Estimate(found.value, lower, upper, evidence)))
    return tuple(points)


def _compare(design: Design, rows: Sequence[Tally], arm: int) -> Estimate:
    """One look: Bonferroni's share of alpha makes all arms' intervals hold together."""
    alpha = design.alpha / len(design.others)
    if (design.is_mean or design.is_adaptive) and _buyers(rows, (design.control, arm)) < LEAST_BUYERS:
        return NOTHING_KNOWN
    if design.is_adaptive:
        return adaptive.compare_weighted(
            strata_of(rows), arm=arm, control=design.control, alpha=alpha, planned=design.planned
        )
    control, other = (
        sum((one.sample for one in rows if one.arm == place), Sample(0, 0, 0))
        for place in (design.control, arm)
    )
    pair = design.weights[arm] + design.weights[design.control]
    if not design.is_mean:
        ratio = other.mean / control.mean if control.total and other.count else None
        return successes.compare_rates(
            control.total,
            other.total,
            share=design.weights[arm] / pair,
            lift=design.lift,
            alpha=alpha,
            ratio=ratio,
        )
    means = (
        adjusted_means(control, other) if design.uses_history else (plain_mean(control), plain_mean(other))
    )
    planned = design.planned * pair / sum(design.weights)
    return compare_means(*means, alpha=alpha, planned=planned)


def _buyers(rows: Sequence[Tally], arms: Sequence[int]) -> float:
    """Effective number of buyers in the arm that has fewer, each weighted as its estimate weighs it."""
    found = []
    for arm in arms:
        mine = [one for one in rows if one.arm == arm]
        total = sum(one.sample.total / one.propensity for one in mine)
        squares = sum(one.sample.squares / one.propensity**2 for one in mine)
        found.append(total**2 / squares if squares > 0 else 0.0)
    return min(found)


def _least_p(path: Sequence[Point]) -> float:
    return path[-1].estimate.p_value if path else 1.0


def _concluded(design: Design, arm: int, path: tuple[Point, ...], p_value: float) -> Comparison:
    last = path[-1].estimate if path else NOTHING_KNOWN
    is_different = p_value <= design.alpha
    return Comparison(
        arm=arm,
        points=path,
        estimate=last,
        p_value=p_value,
        is_better=is_different and last.value > 0,
        is_worse=is_different and last.value < 0,
        is_equal=not is_different and -design.lift <= last.lower and last.upper <= design.lift,
    )


def _verdict(design: Design, comparisons: Sequence[Comparison]) -> tuple[Verdict, int | None]:
    winners = [one for one in comparisons if one.is_better]
    if winners:
        return Verdict.WINNER, max(winners, key=lambda one: one.estimate.value).arm
    if comparisons and all(one.is_worse for one in comparisons):
        return Verdict.CONTROL, design.control
    if comparisons and all(one.is_worse or one.is_equal for one in comparisons):
        return Verdict.EQUAL, design.control
    return Verdict.OPEN, None
