"""The results of an experiment as staff may see them: checked first, then analysed, in numbers and kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from styletransfer.experiments.statistics import adaptive, planning
from styletransfer.experiments.statistics.analysis import Analysis, Design, Tally, Verdict, analyse, strata_of
from styletransfer.experiments.statistics.ratio import RatioCheck, check_ratio
from styletransfer.experiments.statistics.samples import Sample
from styletransfer.experiments.tallies import Counted, count
from styletransfer.models import Allocation, Arm, Experiment, ExperimentState, Goal


@dataclass(frozen=True)
class Results:
    """Everything about an experiment's outcome.

    Attributes:
        arms: in their order.
        counted: the sums it all follows from.
        ratio: whether the arms have the visitors they should; while that is broken the rest is None.
        goal: the answer to the experiment's own question.
        money: the same for revenue a visitor, which decides nothing unless it is the goal.
        needed: visitors after which four of five real differences of the wanted size are found.
        visitors_a_day: measured over the experiment so far.
    """

    arms: tuple[Arm, ...]
    counted: Counted
    ratio: RatioCheck
    goal: Analysis | None
    money: Analysis | None
    needed: int | None
    visitors_a_day: float

    @property
    def verdict(self) -> Verdict:
        """What may be concluded; open while the results are hidden."""
        return self.goal.verdict if self.goal is not None else Verdict.OPEN

    @property
    def best(self) -> Arm | None:
        """The arm the verdict recommends."""
        return self.arms[self.goal.best] if self.goal is not None and self.goal.best is not None else None

    @property
    def days_left(self) -> float | None:
        """About how many more days a decision takes; None when that cannot be told."""
        if self.needed is None or self.visitors_a_day <= 0:
            return None
        return max(0.0, (self.needed - sum(self.counted.visitors)) / self.visitors_a_day)


def results_of(experiment: Experiment, *, now: datetime | None = None) -> Results:
    """The results as they stand; those of a stopped experiment as they were at its end."""
    arms = tuple(experiment.arms.select_related("preset"))
    frozen = experiment.frozen
    counted = _thawed(frozen) if frozen else count(experiment, arms, now=now)
    return _results(experiment, arms, counted, now or timezone.now())


def frozen_sums(experiment: Experiment, *, now: datetime | None = None) -> dict[str, Any]:
    """The sums as JSON, to be kept when the events are gone; nobody is in them."""
    counted = count(experiment, list(experiment.arms.all()), now=now)
    return {
        "visitors": counted.visitors,
        "expected": counted.expected,
        "conflicts": counted.conflicts,
        "successes": [_cold(one) for one in counted.successes],
        "amounts": [_cold(one) for one in counted.amounts],
    }


def design_of(experiment: Experiment, arms: Sequence[Arm], *, is_mean: bool) -> Design:
    """What was fixed at the start, for the statistics."""
    return Design(
        weights=tuple(arm.weight for arm in arms),
        control=next((place for place, arm in enumerate(arms) if arm.is_control), 0),
        alpha=experiment.alpha,
        lift=experiment.lift,
        planned=experiment.planned_visitors or 10_000,
        is_mean=is_mean,
        is_adaptive=experiment.allocation == Allocation.TOP_TWO,
        uses_history=experiment.uses_history,
    )


def next_weights(experiment: Experiment, results: Results) -> list[float]:
    """Weights for the coming day of an experiment whose visitors follow the evidence."""
    is_mean = experiment.goal == Goal.REVENUE
    rows = results.counted.amounts if is_mean else results.counted.successes
    means = adaptive.weighted_means(strata_of(rows), len(results.arms))
    floor = min(experiment.floor, 1 / len(results.arms))
    return adaptive.top_two_weights(means, floor=floor, seed=len(experiment.allocations))


def _results(experiment: Experiment, arms: tuple[Arm, ...], counted: Counted, now: datetime) -> Results:
    ratio = check_ratio(counted.visitors, counted.expected)
    is_money = experiment.goal == Goal.REVENUE
    goal = money = None
    if not ratio.is_broken:
        money = analyse(design_of(experiment, arms, is_mean=True), counted.amounts)
        goal = money if is_money else analyse(design_of(experiment, arms, is_mean=False), counted.successes)
    end = experiment.stopped_at or now
    days = (end - experiment.started_at).total_seconds() / 86400 if experiment.started_at else 0.0
    needed = _needed(experiment, arms, goal) if experiment.state == ExperimentState.RUNNING else None
    return Results(
        arms=arms,
        counted=counted,
        ratio=ratio,
        goal=goal,
        money=money,
        needed=needed,
        visitors_a_day=sum(counted.visitors) / max(days, 0.25),
    )


def _needed(experiment: Experiment, arms: Sequence[Arm], goal: Analysis | None) -> int | None:
    """From the control's own rate so far, or as planned while there is too little to go by."""
    control = next((place for place, arm in enumerate(arms) if arm.is_control), 0)
    sample = goal.samples[control] if goal is not None else Sample(0, 0, 0)
    weights = _control_first([arm.weight for arm in arms], control)
    try:
        if experiment.goal == Goal.REVENUE and sample.total > 0 and sample.variance > 0:
            digits = (float(f"{sample.mean:.3g}"), float(f"{sample.variance**0.5:.3g}"))
            return planning.plan_mean(
                *digits, experiment.lift, weights=weights, alpha=experiment.alpha
            ).likely
        if experiment.goal != Goal.REVENUE and sample.total >= 10:
            rate = float(f"{sample.mean:.3g}")
            return planning.plan_rate(rate, experiment.lift, weights=weights, alpha=experiment.alpha).likely
    except ValueError:
        return None
    return experiment.planned_visitors


def _control_first(weights: list[float], control: int) -> tuple[float, ...]:
    others = [weight for place, weight in enumerate(weights) if place != control and weight > 0]
    return (weights[control], *others)


def _cold(tally: Tally) -> list[Any]:
    one = tally.sample
    numbers = [one.count, one.total, one.squares, one.before, one.before_squares, one.products]
    return [tally.day.isoformat(), tally.arm, tally.propensity, *numbers]


def _warm(values: list[Any]) -> Tally:
    return Tally(date.fromisoformat(values[0]), values[1], values[2], Sample(*values[3:]))


def _thawed(frozen: dict[str, Any]) -> Counted:
    return Counted(
        list(frozen["visitors"]),
        list(frozen["expected"]),
        list(frozen["conflicts"]),
        [_warm(values) for values in frozen["successes"]],
        [_warm(values) for values in frozen["amounts"]],
    )
