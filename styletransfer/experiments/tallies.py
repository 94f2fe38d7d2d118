"""From exposures and events to daily sums: the only place where experiments read single visitors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from styletransfer.experiments.statistics.analysis import Tally
from styletransfer.experiments.statistics.samples import Sample
from styletransfer.experiments.targets import Target
from styletransfer.models import Arm, EventKind, Experiment, Exposure, Goal, Purpose, StyleEvent

# How far back a visitor's history is looked at, for sharper estimates of revenue.
HISTORY = timedelta(days=28)

GOAL_EVENTS = {
    Goal.BUYERS: EventKind.PURCHASE,
    Goal.CARTS: EventKind.ADD_TO_CART,
    Goal.CLICKS: EventKind.CLICK,
    Goal.REVENUE: EventKind.PURCHASE,
}


@dataclass
class Counted:
    """The sums of an experiment.

    Attributes:
        visitors: everybody who has been shown an arm, by its place, whether their time is over or not.
        expected: what the weights would have sent there, by place.
        conflicts: visitors taken out because they were shown two arms, by place.
        successes: daily sums of 1 for a visitor who did what the goal asks, else 0.
        amounts: daily sums of money spent, with what was spent before.
    """

    visitors: list[float]
    expected: list[float]
    conflicts: list[float]
    successes: list[Tally] = field(default_factory=list)
    amounts: list[Tally] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Visitors whose time to act is not over yet."""
        return int(sum(self.visitors) - sum(one.sample.count for one in self.successes))


def count(experiment: Experiment, arms: Sequence[Arm], *, now: datetime | None = None) -> Counted:
    """Add up all visitors of an experiment by day and arm, in constant memory.

    A visitor counts on the day of first seeing an arm, once the time for acting is over, so that early and
    late visitors are measured alike and what has been counted never changes.
    """
    now = now or timezone.now()
    places = {arm.pk: place for place, arm in enumerate(arms)}
    counted = Counted([0.0] * len(arms), [0.0] * len(arms), [0.0] * len(arms))
    sums: dict[tuple[date, int, float], list[float]] = {}
    shares = _Shares(experiment, arms)
    for arm_id, propensity, seen_at, until, conflicted_at, did, spent, before in _rows(experiment):
        place = places[arm_id]
        if conflicted_at is not None:
            counted.conflicts[place] += 1
            continue
        counted.visitors[place] += 1
        for other, share in enumerate(shares.at(seen_at)):
            counted.expected[other] += share
        if until > now:
            continue
        key = (timezone.localdate(seen_at), place, propensity)
        sums.setdefault(key, [0.0] * 7)
        money, past = float(spent or 0), float(before or 0)
        for column, value in enumerate((1.0, did, money, money**2, past, past**2, money * past)):
            sums[key][column] += value
    for (day, place, propensity), (number, did, *money_sums) in sorted(sums.items()):
        counted.successes.append(Tally(day, place, propensity, Sample(number, did, did)))
        counted.amounts.append(Tally(day, place, propensity, Sample(number, *money_sums)))
    return counted


class _Shares:
    """The arms' shares at any time, from the history of allocations."""

    def __init__(self, experiment: Experiment, arms: Sequence[Arm]) -> None:
        self._steps = [
            (datetime.fromisoformat(entry["at"]), _shares(entry["weights"], arms))
            for entry in experiment.allocations
        ] or [(timezone.now(), _shares({}, arms))]

    def at(self, moment: datetime) -> list[float]:
        """Shares by place; they sum to 1."""
        found = self._steps[0][1]
        for since, shares in self._steps[1:]:
            if since <= moment:
                found = shares
        return found


def _shares(weights: dict[str, float], arms: Sequence[Arm]) -> list[float]:
    found = [float(weights.get(str(arm.key), arm.weight)) for arm in arms]
    total = sum(found)
    return [one / total for one in found] if total else found


def _rows(experiment: Experiment) -> Iterator[tuple[Any, ...]]:
    events = outcome_events(experiment).filter(shopper=OuterRef("shopper")).order_by()
    within = events.filter(occurred_at__gte=OuterRef("seen_at"), occurred_at__lt=OuterRef("counted_until"))
    bought = within.filter(kind=EventKind.PURCHASE)
    past = events.filter(
        kind=EventKind.PURCHASE,
        occurred_at__lt=OuterRef("seen_at"),
        occurred_at__gte=OuterRef("seen_at") - HISTORY,
    )
    rows = Exposure.objects.filter(experiment=experiment).annotate(
        did=Exists(within.filter(kind=GOAL_EVENTS[Goal(experiment.goal)])),
        spent=_money(bought, experiment.currency),
        before=_money(past, experiment.currency),
    )
    return rows.values_list(
        "arm_id", "propensity", "seen_at", "counted_until", "conflicted_at", "did", "spent", "before"
    ).iterator(chunk_size=5000)


def outcome_events(experiment: Experiment) -> QuerySet[StyleEvent]:
    """Events that may count for an experiment: with consent to measurement, about its products."""
    events = StyleEvent.objects.usable_for(Purpose.MEASUREMENT)
    return events if experiment.counts_everything else events.filter(Target.of(experiment).events())


def _money(events: QuerySet[StyleEvent], currency: str) -> Subquery:
    rows = events.filter(currency=currency) if currency else events
    return Subquery(rows.values("shopper").annotate(total=Sum("value")).values("total"))
