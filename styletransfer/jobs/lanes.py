"""One lane's work in slices: what a Celery task does in one run, and what the embedded worker repeats."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType

from styletransfer.conf import get_settings
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs import changes, chores, claims, metrics, reports, signs
from styletransfer.jobs.batches import BatchReport, LoadingBatch, paint_batch, start_loading
from styletransfer.jobs.encoding import encode_claim
from styletransfer.jobs.gathering import gather, is_full, queued
from styletransfer.jobs.heartbeat import Heartbeat
from styletransfer.jobs.log import bound, get_logger
from styletransfer.jobs.planning import has_unplanned, plan_job, unplanned_jobs
from styletransfer.jobs.rows import is_due
from styletransfer.models import StyledVariant, VariantState

logger = get_logger(__name__)

PAINT_LANES = ("interactive", "bulk")
PLAN_CHUNK = 100
DECODERS = max(4, min(16, os.cpu_count() or 4))  # threads that read, decode and store masters


@dataclass
class DrainReport:
    """What one slice did.

    Attributes:
        planned: photos planned.
        painted: variants painted.
        encoded: variants that became ready.
        failed: tries that failed.
        measured: pictures measured for catalogue reports.
        unavailable: engines that cannot run in this process, with the reason.
        has_more: whether the lane still has work that could be done now.
    """

    planned: int = 0
    painted: int = 0
    encoded: int = 0
    failed: int = 0
    measured: int = 0
    unavailable: dict[str, str] = field(default_factory=dict)
    has_more: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether the slice found nothing to do."""
        return not (self.planned or self.painted or self.encoded or self.failed or self.measured)


class Painter:
    """Claims, loads and paints batches; the next batch is decoded while this one is painted.

    Use it as a context manager: whatever it still holds on leaving is given back without using a try.
    Variants of an engine that cannot run in this process are left to other workers.

    Args:
        on_interactive: told what became of interactive pictures that were painted in the middle of a bulk
            batch; None leaves them to other workers.
    """

    def __init__(self, on_interactive: Callable[[BatchReport], None] | None = None) -> None:
        self.unavailable: dict[str, str] = {}
        self._heartbeat = Heartbeat()
        self._threads = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
        self._waiting: dict[str, LoadingBatch] = {}
        self._at_work: list[LoadingBatch] = []
        self._on_interactive = on_interactive

    def __enter__(self) -> Painter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for batch in (*self._waiting.values(), *self._at_work):
            claims.release(batch.claim.token)
        self._heartbeat.__exit__(kind, error, traceback)

    def step(self, lane: str, *, look_ahead: bool = True) -> BatchReport | None:
        """Paint one batch of a lane; None when the lane has nothing for this process."""
        report = self._step(lane, look_ahead=look_ahead)
        done = (0, 0) if report is None else (len(report.painted), len(report.failed))
        signs.sign(lane, sum(done))
        metrics.batch_painted(lane, *done)
        return report

    def serve_interactive(self) -> None:
        """Paint what somebody waits for on a page before going on with bulk work."""
        if self._on_interactive is None:
            return
        while queued("interactive", self.unavailable, 1):
            report = self.step("interactive", look_ahead=False)
            if report is None:
                return
            self._on_interactive(report)

    def _step(self, lane: str, *, look_ahead: bool) -> BatchReport | None:
        batch = self._waiting.pop(lane, None) or self._claim(lane)
        if batch is None:
            return None
        self._at_work.append(batch)
        if look_ahead and not batch.claim.is_retried:
            self._look_ahead(lane)
        try:
            with bound(lane=lane, token=batch.claim.token.hex, variants=batch.claim.ids):
                between = None if lane == "interactive" else self.serve_interactive
                return paint_batch(batch, self._threads, between=between)
        except EngineUnavailableError as error:
            name = batch.claim.variants[0].preset.engine
            logger.error("Engine %s cannot run here: %s", name, error)  # noqa: TRY400  (no traceback wanted)
            self.unavailable[name] = str(error)
            self._give_back(batch)
            self._drop_waiting_of(name)
            return BatchReport()
        except BaseException:
            self._give_back(batch)
            raise
        finally:
            self._heartbeat.drop(batch.claim.token)
            self._at_work.remove(batch)

    def _claim(self, lane: str) -> LoadingBatch | None:
        """The next batch, after giving a small one a moment to grow."""
        return self._claim_now(lane) if gather(lane, self.unavailable) else None

    def _claim_now(self, lane: str) -> LoadingBatch | None:
        claim = claims.claim_for_painting(lane, without_engines=self.unavailable)
        if claim is None:
            return None
        self._heartbeat.add(claim.token)
        return start_loading(claim, self._threads)

    def _look_ahead(self, lane: str) -> None:
        """Load the next batch, unless one of the two is a retried picture.

        A picture that kills its worker must not cost another one that is merely held a try. A batch that is
        not full is left to grow while this one is painted.
        """
        is_growing = get_settings().batch_wait_ms[lane] and not is_full(lane, self.unavailable)
        upcoming = None if is_growing else self._claim_now(lane)
        if upcoming is not None and upcoming.claim.is_retried:
            self._give_back(upcoming)
        elif upcoming is not None:
            self._waiting[lane] = upcoming

    def _give_back(self, batch: LoadingBatch) -> None:
        claims.release(batch.claim.token)
        self._heartbeat.drop(batch.claim.token)

    def _drop_waiting_of(self, engine: str) -> None:
        for lane, batch in list(self._waiting.items()):
            if batch.claim.variants[0].preset.engine == engine:
                self._give_back(self._waiting.pop(lane))


def drain(
    lane: str, *, budget_seconds: float = 5.0, should_stop: Callable[[], bool] = lambda: False
) -> DrainReport:
    """Work on a lane until it is empty, the time is up or ``should_stop`` says so.

    The encode lane also plans jobs, for that is the CPU's work; a paint lane does so only when it has
    nothing to paint. Interactive variants are encoded at once by whoever painted them.
    """
    deadline = time.monotonic() + budget_seconds
    report = DrainReport()

    def is_over() -> bool:
        return should_stop() or time.monotonic() >= deadline

    claims.sweep()
    if lane in PAINT_LANES:
        _drain_painting(lane, report, is_over)
    else:
        report.planned = plan_some(PAINT_LANES, budget_seconds / 2)
        _drain_encoding(report, is_over)
        if not is_over():
            report.measured = reports.measure_some(deadline - time.monotonic())
    report.has_more = has_work(lane, without_engines=report.unavailable)
    return report


def plan_some(lanes: tuple[str, ...], budget_seconds: float, chunk: int = PLAN_CHUNK) -> int:
    """Plan waiting jobs for a while, those that follow from noted changes included; photos planned."""
    deadline = time.monotonic() + budget_seconds
    changes.take_due_changes()
    planned = 0
    for job in unplanned_jobs(lanes):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            break
        with bound(job=job.pk, lane=job.lane):
            planned += plan_job(job, chunk=chunk, budget_seconds=remaining)
    return planned


def encode_some(among: list[int] | None = None) -> tuple[int, list[int]]:
    """Encode one variant; how many were claimed (0: nothing to do), and the ids that are ready."""
    claim = claims.claim_for_encoding(limit=1, among=among)
    if claim is None:
        if among is None:
            signs.sign("encode")
        return 0, []
    with Heartbeat() as heartbeat:
        heartbeat.add(claim.token)
        try:
            with bound(lane="encode", token=claim.token.hex, variants=claim.ids):
                ready = encode_claim(claim)
        except BaseException:
            claims.release(claim.token)
            raise
    if among is None:
        signs.sign("encode", len(ready))
    return len(claim.variants), ready


def has_work(lane: str, *, without_engines: dict[str, str] | None = None) -> bool:
    """Whether a lane has something that a worker could start on now."""
    if lane not in PAINT_LANES:
        painted = StyledVariant.objects.filter(is_due(), state=VariantState.ENCODING, token__isnull=True)
        is_needed = painted.exists() or bool(unplanned_jobs(PAINT_LANES)) or changes.has_due_changes()
        return is_needed or chores.has_work() or reports.has_reports()
    return bool(queued(lane, without_engines or {}, 1)) or has_unplanned([lane])


def _drain_painting(lane: str, report: DrainReport, is_over: Callable[[], bool]) -> None:
    def note(batch: BatchReport, lane: str = "interactive") -> None:
        report.painted += len(batch.painted)
        report.failed += len(batch.failed)
        if lane == "interactive":
            report.encoded += _encode_these(batch.painted)

    with Painter(on_interactive=note) as painter:
        while not is_over():
            if lane != "interactive":
                painter.serve_interactive()
            batch = painter.step(lane, look_ahead=not is_over())
            if batch is None:
                planned = plan_some((lane,), 1.0)
                report.planned += planned
                if not planned:
                    break
                continue
            note(batch, lane)
        report.unavailable = painter.unavailable


def _drain_encoding(report: DrainReport, is_over: Callable[[], bool]) -> None:
    while not is_over():
        claimed, ready = encode_some()
        if not claimed:
            if chores.work_once():
                continue
            break
        report.encoded += len(ready)
        report.failed += claimed - len(ready)


def _encode_these(variant_ids: list[int]) -> int:
    ready = 0
    for _variant in variant_ids:
        claimed, done = encode_some(among=variant_ids)
        if not claimed:
            break
        ready += len(done)
    return ready
