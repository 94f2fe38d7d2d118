"""Following one job to its end: painting it here, or watching Celery workers paint it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.jobs import claims
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.worker import Worker
from styletransfer.models import RestyleJob, VariantState
from styletransfer.models.job import OPEN_STATES

WATCH_SECONDS = 0.5


@dataclass
class Progress:
    """How far a job is.

    Attributes:
        total: variants of the job.
        done: of these, no longer open.
        is_planned: whether ``total`` is final.
    """

    total: int
    done: int
    is_planned: bool


@dataclass
class JobReport:
    """The end of a job.

    Attributes:
        ready: variants ready now, those that were ready before included.
        already_ready: ready before this job began.
        failed: variants that failed and photos that have no variant.
        cancelled: variants that were cancelled.
        reasons: (photo, preset, error) of the first failures.
        seconds: how long it took.
        problem: why it could not be brought to its end; empty when it could.
    """

    ready: int = 0
    already_ready: int = 0
    failed: int = 0
    cancelled: int = 0
    reasons: list[tuple[str, str, str]] = field(default_factory=list)
    seconds: float = 0.0
    problem: str = ""


class JobWatch:
    """Runs or watches a job until nothing of it is open."""

    def __init__(self, job: RestyleJob) -> None:
        self.job = job
        self._already_ready = 0
        self._shown_at = 0.0

    def run(self, show: Callable[[Progress], None]) -> JobReport:
        """Bring the job to its end; ``show`` is called about twice a second."""
        begun = time.monotonic()
        unavailable = self._work(show)
        show(self._progress())
        report = self._report()
        report.seconds = time.monotonic() - begun
        if unavailable and self._is_open():
            report.problem = _("Some pictures are left: %(reasons)s") % {"reasons": "; ".join(unavailable)}
        return report

    def _work(self, show: Callable[[Progress], None]) -> list[str]:
        def throttled(_report: object = None) -> None:
            if time.monotonic() - self._shown_at >= WATCH_SECONDS:
                self._shown_at = time.monotonic()
                show(self._progress())

        if get_settings().dispatcher == "celery":
            while self._is_open():
                claims.sweep()
                throttled()
                time.sleep(WATCH_SECONDS)
            return []
        while not self._is_planned():
            if not plan_job(self.job, chunk=200, budget_seconds=2.0):
                time.sleep(0.1)
            throttled()
        if not self._is_open():
            return []
        worker = Worker(on_step=throttled)
        return list(
            worker.run(
                until=lambda: not self._is_open() or bool(worker.report.unavailable)
            ).unavailable.values()
        )

    def _is_planned(self) -> bool:
        self.job.refresh_from_db(fields=["planned_at", "cancelled_at"])
        return self.job.is_planned or self.job.cancelled_at is not None

    def _is_open(self) -> bool:
        return not self._is_planned() or self.job.variants.filter(state__in=OPEN_STATES).exists()

    def _progress(self) -> Progress:
        counts = self.job.counts()
        left = sum(counts[state] for state in OPEN_STATES)
        total = sum(counts.values())
        return Progress(total, total - left, self.job.is_planned)

    def _report(self) -> JobReport:
        counts = self.job.counts()
        broken = self.job.items.exclude(error="")
        failures = self.job.variants.filter(state=VariantState.FAILED).select_related("preset")
        before = Q(state=VariantState.READY, finished_at__lt=self.job.created_at)
        reasons = [(item.object_id, "", item.error) for item in broken[:20]]
        reasons += [(row.source_name, row.preset.slug, row.error) for row in failures.order_by("pk")[:20]]
        return JobReport(
            ready=counts[VariantState.READY],
            already_ready=self.job.variants.filter(before).count(),
            failed=counts[VariantState.FAILED] + broken.count(),
            cancelled=counts[VariantState.CANCELLED],
            reasons=reasons[:20],
        )
