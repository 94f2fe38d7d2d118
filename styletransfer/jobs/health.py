"""How the lanes are doing, told from the rows alone: progress counts, not that some process is alive.

A lane is stuck when work has waited in it for ``STUCK_SECONDS`` while no worker brought anything to an
end: because none is there, because the ones that are there cannot (no engine, storage down), or because
the one that holds the work hangs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from styletransfer.conf import LANES, get_settings
from styletransfer.jobs.planning import is_free
from styletransfer.jobs.rows import is_due
from styletransfer.models import RestyleJob, StyledVariant, VariantState, WorkerSign
from styletransfer.models.variant import LaneChoice

COUNT_LIMIT = 10_000

NO_WORKER = "no-worker"
NO_PROGRESS = "no-progress"
HANGING = "hanging"


@dataclass(frozen=True)
class LaneHealth:
    """One lane at one moment. Ages are in seconds; None where there is nothing to measure.

    Attributes:
        lane: "interactive", "bulk" or "encode".
        queued: variants that wait and may be started now; counted up to ``COUNT_LIMIT``.
        leased: variants that a worker holds.
        oldest_seconds: since the oldest of those that wait was requested.
        seen_seconds: since a worker last looked for work here.
        worked_seconds: since a worker last brought something to an end here.
        workers: processes seen within ``STUCK_SECONDS``.
        rate: pictures a second, all of these workers together.
        stuck: why the lane is stuck: "no-worker", "no-progress", "hanging"; empty when it is not.
    """

    lane: str
    queued: int
    leased: int
    oldest_seconds: float | None
    seen_seconds: float | None
    worked_seconds: float | None
    workers: int
    rate: float
    stuck: str = ""


@dataclass(frozen=True)
class Health:
    """All lanes, and the jobs whose photos are not yet planned.

    Attributes:
        lanes: in the order of ``LANES``.
        unplanned_jobs: jobs that wait for a planner.
        unplanned_seconds: age of the oldest of them.
        planning_stuck: "no-worker" when nobody plans the oldest job.
    """

    lanes: list[LaneHealth] = field(default_factory=list)
    unplanned_jobs: int = 0
    unplanned_seconds: float | None = None
    planning_stuck: str = ""

    @property
    def problems(self) -> dict[str, str]:
        """What is stuck, and why."""
        found = {lane.lane: lane.stuck for lane in self.lanes if lane.stuck}
        return found | ({"planning": self.planning_stuck} if self.planning_stuck else {})

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Signs:
    """What the workers of one lane left behind."""

    seen: float | None = None
    worked: float | None = None
    workers: int = 0
    rate: float = 0.0


def read_health() -> Health:
    """Read the state of all lanes: about ten small queries on indexes, nothing written."""
    signs = _read_signs()
    lanes = [_lane(lane, signs) for lane in LANES]
    waiting = RestyleJob.objects.filter(is_free())
    oldest = waiting.order_by("pk").values_list("created_at", flat=True).first()
    age = _age(oldest)
    # Every worker plans, so any sign will do; one that cannot plan anything looks at each job in turn.
    is_anyone_there = any(_is_fresh(found.seen) for found in signs.values())
    is_stuck = age is not None and not _is_fresh(age) and not is_anyone_there
    return Health(lanes, waiting.count(), age, NO_WORKER if is_stuck else "")


def _lane(lane: str, signs: dict[str, _Signs]) -> LaneHealth:
    due = StyledVariant.objects.filter(is_due())
    if lane == "encode":
        # Both lanes are named because the index of painted variants begins with the lane.
        waiting = due.filter(state=VariantState.ENCODING, token__isnull=True, lane__in=LaneChoice.values)
        leased = StyledVariant.objects.filter(state=VariantState.ENCODING, lease_until__isnull=False)
    else:
        waiting = due.filter(state=VariantState.QUEUED, lane=lane)
        leased = StyledVariant.objects.filter(
            state=VariantState.PAINTING, lane=lane, lease_until__isnull=False
        )
    found = signs.get(lane, _Signs())
    oldest = _age(waiting.order_by("pk").values_list("created_at", flat=True).first())
    number = leased.count()
    return LaneHealth(
        lane=lane,
        queued=waiting.order_by("pk")[:COUNT_LIMIT].count(),
        leased=number,
        oldest_seconds=oldest,
        seen_seconds=found.seen,
        worked_seconds=found.worked,
        workers=found.workers,
        rate=found.rate,
        stuck=_why_stuck(lane, oldest, number, signs),
    )


def _why_stuck(lane: str, oldest: float | None, leased: int, signs: dict[str, _Signs]) -> str:
    found = signs.get(lane, _Signs())
    has_old_work = oldest is not None and not _is_fresh(oldest)
    if _is_fresh(found.worked):
        return ""
    if leased and not _is_fresh(found.seen):
        return HANGING
    if not has_old_work:
        return ""
    if not _is_fresh(found.seen):
        return NO_WORKER
    # An old request may have reached the encoders a moment ago: then something was painted a moment ago.
    if lane == "encode" and any(_is_fresh(signs.get(other, _Signs()).worked) for other in LANES):
        return ""
    return NO_PROGRESS


def _read_signs() -> dict[str, _Signs]:
    since = timezone.now() - timedelta(seconds=get_settings().stuck_seconds)
    rows = (
        WorkerSign.objects.order_by()
        .values("lane")
        .annotate(
            seen=Max("seen_at"),
            worked=Max("worked_at"),
            workers=Count("pk", filter=Q(seen_at__gte=since)),
            rate=Sum("rate", filter=Q(seen_at__gte=since)),
        )
    )
    return {
        row["lane"]: _Signs(
            _age(row["seen"]), _age(row["worked"]), row["workers"], round(row["rate"] or 0.0, 3)
        )
        for row in rows
    }


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else round(max(0.0, (timezone.now() - moment).total_seconds()), 1)


def _is_fresh(age: float | None) -> bool:
    return age is not None and age <= get_settings().stuck_seconds
