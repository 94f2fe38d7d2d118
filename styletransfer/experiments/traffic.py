"""What the shop's own events say about traffic, so that planning starts from facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db.models import Max, Min, Q, Sum
from django.utils import timezone

from styletransfer.experiments.tallies import GOAL_EVENTS, outcome_events
from styletransfer.models import EventKind, Experiment, Goal

LOOK_BACK = timedelta(days=28)
_SEEING = (EventKind.IMPRESSION, EventKind.VIEW, EventKind.CLICK)


@dataclass(frozen=True)
class Traffic:
    """Visitors who saw the products lately and allowed measuring.

    Attributes:
        visitors: different visitors in the time looked at.
        days: how long that is, in days.
        rate: share of them who did what the goal asks.
        mean: revenue a visitor.
        spread: standard deviation of it.
        currency: of the revenue, the one most of it is in; "" without any.
    """

    visitors: int = 0
    days: float = 0.0
    rate: float = 0.0
    mean: float = 0.0
    spread: float = 0.0
    currency: str = ""

    @property
    def visitors_a_day(self) -> float:
        """New visitors a day, as an experiment would count them."""
        return self.visitors / self.days if self.days else 0.0


def measured_traffic(experiment: Experiment) -> Traffic:
    """Traffic of the products of an experiment, which need not be saved, in the last four weeks."""
    since = timezone.now() - LOOK_BACK
    events = outcome_events(experiment).filter(occurred_at__gte=since).order_by()
    seen = events.filter(kind__in=_SEEING)
    times = seen.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    visitors = seen.values("shopper").distinct().count()
    if not visitors:
        return Traffic()
    days = max(1.0, (times["last"] - times["first"]).total_seconds() / 86400)
    goal = GOAL_EVENTS[Goal(experiment.goal)]
    did = events.filter(kind=goal).values("shopper").distinct().count()
    purchases = events.filter(kind=EventKind.PURCHASE)
    money = purchases.exclude(currency="").values("currency").annotate(total=Sum("value")).order_by("-total")
    best = money.first()
    currency = experiment.currency or (best["currency"] if best else "")
    rows = purchases.filter(Q(currency=currency) if currency else Q())
    totals = np.array([float(total or 0) for _, total in rows.values_list("shopper").annotate(Sum("value"))])
    mean = totals.sum() / visitors
    spread = float(np.sqrt(max(0.0, np.square(totals).sum() / visitors - mean**2)))
    return Traffic(visitors, days, min(1.0, did / visitors), float(mean), spread, currency)
