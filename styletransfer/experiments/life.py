"""What happens to an experiment: started, watched, stopped, its winner applied and taken back.

Every step locks the row and checks the state, so that two clicks or two workers do it once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from styletransfer.experiments.coverage import coverage_of
from styletransfer.experiments.planning import planned_visitors
from styletransfer.experiments.results import Results, frozen_sums, next_weights, results_of
from styletransfer.experiments.statistics.analysis import Verdict
from styletransfer.experiments.targets import Target
from styletransfer.experiments.traffic import measured_traffic
from styletransfer.models import Allocation, Arm, Experiment, ExperimentState, StopReason

ADAPT_EVERY = timedelta(days=1)


class ExperimentProblem(Exception):  # noqa: N818  (shown to staff as it is)
    """Why something cannot be done, in words for staff.

    Attributes:
        reasons: one sentence each.
    """

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


def problems_before_start(experiment: Experiment) -> list[str]:
    """What stands in the way of starting, in words; empty when all is well."""
    arms = list(experiment.arms.select_related("preset"))
    found = []
    if len([arm for arm in arms if arm.weight > 0]) < 2:
        found.append(_("An experiment needs at least two looks with a weight above 0."))
    control = next((arm for arm in arms if arm.is_control), None)
    if control is None or control.weight <= 0:
        found.append(_("Mark the look that the others are compared with, and give it a weight."))
    if experiment.allocation == Allocation.TOP_TWO and experiment.floor * len(arms) > 0.5:
        found.append(_("The least share is too large for so many looks: together it may be one half."))
    found += [
        _("“%(look)s” is switched off; switch the preset on or leave it out.") % {"look": arm.name}
        for arm in arms
        if arm.preset is not None and not arm.preset.is_active
    ]
    found += [
        _("No picture of these products is painted in “%(look)s” yet. Restyle them first.")
        % {"look": one.arm.name}
        for one in coverage_of(experiment)
        if one.arm.preset is not None and not one.painted
    ]
    target = Target.of(experiment)
    running = Experiment.objects.filter(state=ExperimentState.RUNNING).exclude(pk=experiment.pk)
    found += [
        _("“%(name)s” is running for some of these products. Stop it or choose others.")
        % {"name": other.name}
        for other in running
        if target.overlaps(Target.of(other))
    ]
    return found


@transaction.atomic
def start(experiment: Experiment) -> Experiment:
    """Begin to show the arms; from here on the design is fixed.

    Raises:
        ExperimentProblem: something is missing, or it is no draft.
    """
    # All running ones are locked in order, so that two that overlap cannot start at the same moment.
    list(Experiment.objects.select_for_update().filter(state=ExperimentState.RUNNING).order_by("pk"))
    experiment = _locked(experiment, ExperimentState.DRAFT)
    reasons = problems_before_start(experiment)
    if reasons:
        raise ExperimentProblem(*reasons)
    traffic = measured_traffic(experiment)
    experiment.currency = experiment.currency or traffic.currency
    experiment.planned_visitors = experiment.planned_visitors or planned_visitors(experiment, traffic)
    now = timezone.now()
    experiment.state, experiment.started_at = ExperimentState.RUNNING, now
    experiment.allocations = [_allocation({str(arm.key): arm.weight for arm in experiment.arms.all()})]
    experiment.save()
    return experiment


@transaction.atomic
def stop(experiment: Experiment, reason: StopReason = StopReason.STAFF) -> Experiment:
    """Show the shop as it is again and keep the results as they are now.

    Raises:
        ExperimentProblem: it is not running.
    """
    experiment = _locked(experiment, ExperimentState.RUNNING)
    experiment.frozen = frozen_sums(experiment)
    experiment.state, experiment.stopped_at = ExperimentState.STOPPED, timezone.now()
    experiment.stop_reason = reason
    experiment.save()
    return experiment


@transaction.atomic
def apply_winner(experiment: Experiment, arm: Arm) -> Experiment:
    """Make a look the default of the experiment's products, for everybody, at once.

    It ranks below what shoppers pick and above ``DEFAULT_PRESET``; of several applied looks for the same
    product the one applied last holds. A running experiment is stopped.

    Raises:
        ExperimentProblem: it is a draft, applied already, or the look is not one of its own.
    """
    experiment = _locked(experiment, ExperimentState.RUNNING, ExperimentState.STOPPED)
    if arm.experiment_id != experiment.pk:
        raise ExperimentProblem(_("That look is not part of this experiment."))
    if arm.preset is not None and not arm.preset.is_active:
        raise ExperimentProblem(_("This look is switched off; switch the preset on first."))
    if experiment.state == ExperimentState.RUNNING:
        experiment = stop(experiment)
    experiment.winner, experiment.applied_at = arm, timezone.now()
    experiment.state = ExperimentState.APPLIED
    experiment.save(update_fields=["winner", "applied_at", "state"])
    return experiment


@transaction.atomic
def revert(experiment: Experiment) -> Experiment:
    """Take an applied look back: the shop looks as it did before.

    Raises:
        ExperimentProblem: nothing is applied.
    """
    experiment = _locked(experiment, ExperimentState.APPLIED)
    experiment.state, experiment.applied_at, experiment.winner = ExperimentState.STOPPED, None, None
    experiment.save(update_fields=["winner", "applied_at", "state"])
    return experiment


def tend_all() -> Iterator[tuple[Experiment, str]]:
    """Look after every running experiment; what was done to which, in words. Run it about once an hour."""
    for experiment in Experiment.objects.filter(state=ExperimentState.RUNNING).order_by("pk"):
        done = tend(experiment)
        if done:
            yield experiment, done


def tend(experiment: Experiment) -> str:
    """Stop an experiment that is decided or over, or let its weights follow the evidence.

    While the arms have other numbers of visitors than they should, nothing is decided and no weight changes.
    """
    results = results_of(experiment)
    now = timezone.now()
    is_over = bool(
        experiment.started_at and now - experiment.started_at >= timedelta(days=experiment.longest_days)
    )
    try:
        if experiment.stops_itself and not results.ratio.is_broken and results.verdict is not Verdict.OPEN:
            stop(experiment, StopReason.DECIDED)
            return _("stopped: the answer was found")
        if is_over:
            stop(experiment, StopReason.DEADLINE)
            return _("stopped: its longest duration is over")
    except ExperimentProblem:
        return ""  # somebody else was faster
    if experiment.allocation == Allocation.TOP_TWO and not results.ratio.is_broken:
        return _adapt(experiment, results)
    return ""


@transaction.atomic
def _adapt(experiment: Experiment, results: Results) -> str:
    fresh = _locked(experiment, ExperimentState.RUNNING)
    latest = datetime.fromisoformat(fresh.allocations[-1]["at"])
    if timezone.now() - latest < ADAPT_EVERY:
        return ""
    weights = next_weights(fresh, results)
    fresh.allocations = [
        *fresh.allocations,
        _allocation({str(arm.key): weight for arm, weight in zip(results.arms, weights, strict=True)}),
    ]
    fresh.save(update_fields=["allocations"])
    return _("visitors shared out anew")


def _locked(experiment: Experiment, *states: ExperimentState) -> Experiment:
    fresh = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if fresh.state not in states:
        text = _("This experiment is “%(state)s” by now; somebody else may have been faster.")
        raise ExperimentProblem(text % {"state": fresh.get_state_display()})
    return fresh


def _allocation(weights: dict[str, float]) -> dict[str, Any]:
    total = sum(weights.values())
    return {
        "at": timezone.now().isoformat(),
        "weights": {key: weight / total for key, weight in weights.items()},
    }
