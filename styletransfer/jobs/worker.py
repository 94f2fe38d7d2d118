"""The embedded worker: all lanes in one process, on the same rows and with the same code as Celery's."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, close_old_connections, connection, connections

from styletransfer.conf import LANES
from styletransfer.jobs import chores, claims
from styletransfer.jobs.batches import BatchReport
from styletransfer.jobs.changes import has_due_changes
from styletransfer.jobs.lanes import PAINT_LANES, Painter, encode_some, plan_some
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.reports import has_reports, measure_some
from styletransfer.models import StyledVariant, VariantState

logger = get_logger(__name__)

SWEEP_SECONDS = 1.0
ENCODE_BACKLOG = 64
MOST_ENCODERS = 16
_PAUSE_AFTER_ERROR = 2.0


@dataclass
class WorkerReport:
    """What the worker did since it started.

    Attributes:
        planned: photos planned.
        painted: variants painted.
        ready: variants that became ready.
        failed: tries that failed.
        unavailable: engines that cannot run in this process, with the reason.
    """

    planned: int = 0
    painted: int = 0
    ready: int = 0
    failed: int = 0
    unavailable: dict[str, str] = field(default_factory=dict)


class Worker:
    """Paints in the calling thread, plans in one thread and encodes in others, until told to stop.

    Args:
        lanes: which lanes to work on.
        encode_threads: threads that encode; 0 does everything in the calling thread, one step after
            the other, which a database connection that cannot be shared (a test's) needs.
        poll_seconds: pause when there is nothing to do.
        on_step: called from the calling thread about ten times a second with the report so far.
    """

    def __init__(
        self,
        lanes: Sequence[str] = LANES,
        *,
        encode_threads: int | None = None,
        poll_seconds: float = 0.3,
        on_step: Callable[[WorkerReport], None] | None = None,
    ) -> None:
        self.lanes = tuple(lanes)
        self.report = WorkerReport()
        self._encode_threads = default_encode_threads() if encode_threads is None else encode_threads
        self._poll_seconds = poll_seconds
        self._on_step = on_step or (lambda report: None)
        self._stopping = threading.Event()
        self._swept_at = 0.0
        self._paint_lanes = tuple(lane for lane in PAINT_LANES if lane in self.lanes)

    def stop(self) -> None:
        """Finish what is at work, give back the rest and return from ``run``; safe in a signal handler."""
        self._stopping.set()

    def run(self, *, until: Callable[[], bool] = lambda: False) -> WorkerReport:
        """Work until stopped, or until there was nothing to do and ``until`` says that this is the end."""
        threads = self._start_threads()
        try:
            with Painter(self._note if "interactive" in self.lanes else None) as painter:
                self.report.unavailable = painter.unavailable
                while not self._stopping.is_set():
                    did_something = self._guarded(lambda: self._step(painter))
                    self._on_step(self.report)
                    if not did_something:
                        if until():
                            break
                        self._stopping.wait(self._poll_seconds)
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()
        return self.report

    def _step(self, painter: Painter) -> bool:
        self._sweep()
        if not self._encode_threads and self._step_inline():
            return True
        for lane in self._paint_lanes:
            if lane == "bulk" and self._is_encoder_behind():
                return False
            batch = painter.step(lane, look_ahead=not self._stopping.is_set())
            if batch is not None:
                self._note(batch)
                return True
        return False

    def _note(self, batch: BatchReport) -> None:
        self.report.painted += len(batch.painted)
        self.report.failed += len(batch.failed)

    def _step_inline(self) -> bool:
        planned = plan_some(self._paint_lanes, 1.0) if self._paint_lanes else 0
        self.report.planned += planned
        claimed = self._encode_once() if "encode" in self.lanes else 0
        measured = self._measure_once() if "encode" in self.lanes and not planned and not claimed else 0
        return bool(planned or claimed or measured)

    def _encode_once(self) -> int:
        claimed, ready = encode_some()
        self.report.ready += len(ready)
        self.report.failed += claimed - len(ready)
        return claimed or int(chores.work_once())

    def _plan_once(self) -> int:
        planned = plan_some(self._paint_lanes, 2.0)
        self.report.planned += planned
        return planned

    def _measure_once(self) -> int:
        return measure_some(2.0)

    def _is_encoder_behind(self) -> bool:
        """Whether so many masters wait that painting more would only fill the storage."""
        if not self._encode_threads or "encode" not in self.lanes:
            return False
        waiting = StyledVariant.objects.filter(state=VariantState.ENCODING).order_by("pk")[
            : ENCODE_BACKLOG + 1
        ]
        return waiting.count() > ENCODE_BACKLOG

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            claims.sweep()

    def _start_threads(self) -> list[threading.Thread]:
        loops: list[tuple[str, Callable[[], int]]] = []
        if self._encode_threads:
            if self._paint_lanes:
                loops.append(("plan", self._plan_once))
            if "encode" in self.lanes:
                loops.append(("measure", self._measure_once))
                loops += [(f"encode-{number}", self._encode_once) for number in range(self._encode_threads)]
        threads = [
            threading.Thread(target=self._repeat, args=(work,), name=name, daemon=True)
            for name, work in loops
        ]
        for thread in threads:
            thread.start()
        return threads

    def _repeat(self, work: Callable[[], int]) -> None:
        try:
            while not self._stopping.is_set():
                if not self._guarded(work):
                    self._stopping.wait(self._poll_seconds)
        finally:
            connections.close_all()

    def _guarded(self, work: Callable[[], int]) -> int:
        """Outlive a database that is restarted; everything else is a defect and may end the worker."""
        try:
            return work()
        except DatabaseError:
            if connection.in_atomic_block:
                raise
            logger.exception("The database did not answer; trying again.")
            close_old_connections()
            self._stopping.wait(_PAUSE_AFTER_ERROR)
            return 0


def default_encode_threads() -> int:
    """Encoders for three quarters of the processors; none where the connection belongs to one thread.

    Encoding a picture takes half a second of a processor, a GPU paints a hundred a second.
    """
    if connection.in_atomic_block or _is_memory_database():
        return 0
    return max(1, min(MOST_ENCODERS, (os.cpu_count() or 2) * 3 // 4))


def has_open_work(lanes: Sequence[str] = LANES) -> bool:
    """Whether anything is still to be done in these lanes, now or later, by anybody."""
    from styletransfer.jobs.planning import has_unplanned  # noqa: PLC0415

    paint_lanes = [lane for lane in PAINT_LANES if lane in lanes]
    if paint_lanes and (has_unplanned(paint_lanes) or has_due_changes()):
        return True
    if StyledVariant.objects.filter(state=VariantState.QUEUED, lane__in=paint_lanes).exists():
        return True
    if StyledVariant.objects.filter(
        lease_until__isnull=False, state=VariantState.PAINTING, lane__in=paint_lanes
    ).exists():
        return True
    if "encode" not in lanes:
        return False
    return has_reports() or StyledVariant.objects.filter(state=VariantState.ENCODING).exists()


def _is_memory_database() -> bool:
    is_memory = getattr(connection, "is_in_memory_db", None)
    return bool(is_memory and is_memory())
