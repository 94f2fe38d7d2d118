"""The nightly Celery task of retention; its message carries nothing."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from styletransfer.jobs.log import get_logger
from styletransfer.personalization.retention import retain as run

logger = get_logger(__name__)


# Acknowledged early, for a run may take longer than a broker waits; what is left is done the next night.
@shared_task(name="styletransfer.retain", ignore_result=True, acks_late=False)
def retain() -> None:
    """Turn old events into totals and forget the absent and the withdrawn; beat runs it nightly."""
    close_old_connections()
    report = run()
    logger.info(
        "%d old rows and %d shoppers were removed.",
        sum(report.rows.values()),
        report.absent + report.withdrawn,
    )
