"""The Celery tasks: hints to look at the rows. They carry nothing but the name of a lane."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from styletransfer.conf import LANES, get_settings
from styletransfer.jobs import changes, claims, dispatch, lanes, outdated, signs
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.sweep import Sweep

logger = get_logger(__name__)

SLICE_SECONDS = 5.0


@shared_task(name="styletransfer.drain", ignore_result=True, acks_late=True, reject_on_worker_lost=True)
def drain(lane: str) -> None:
    """Work on a lane for one slice of time; ask for another when work remains."""
    report = lanes.drain(lane, budget_seconds=SLICE_SECONDS)
    if report.planned:
        dispatch.hint(*lanes.PAINT_LANES)
    if report.has_more and not report.is_idle:
        dispatch.hint(lane)


@shared_task(name="styletransfer.sweep", ignore_result=True)
def sweep() -> None:
    """Take back expired leases and hint every lane that has work: what beat runs every few seconds."""
    close_old_connections()
    signs.sign("encode")  # This task runs in the encode queue.
    swept = claims.sweep()
    if swept:
        logger.warning("%d variants were taken back from workers that died or hung.", swept)
    for lane in LANES:
        if lanes.has_work(lane):
            dispatch.hint(lane)


# Acknowledged early, for a run may take longer than a broker waits; one that is lost is made up for tomorrow.
@shared_task(name="styletransfer.refresh_outdated", ignore_result=True, acks_late=False)
def refresh_outdated() -> None:
    """Request anew whatever is outdated, unless the policy is never to; beat runs it nightly."""
    close_old_connections()
    if get_settings().refresh == "never":
        return
    jobs = changes.take_all_changes()
    report = outdated.refresh_outdated()
    logger.info("%d jobs for changes that were noted, %d photos found outdated.", len(jobs), report.photos)
    for problem in report.problems:
        logger.warning("Passed over: %s", problem)


@shared_task(name="styletransfer.tidy", ignore_result=True, acks_late=False)
def tidy() -> None:
    """Clear away files and rows that nothing needs; beat runs it nightly."""
    close_old_connections()
    report = Sweep().run()
    logger.info(
        "%d files, %d superseded and %d orphan rows and %d drafts were removed.",
        report.files,
        report.superseded_rows,
        report.orphan_rows,
        report.drafts,
    )
    for problem in report.problems:
        logger.warning("%s", problem)
