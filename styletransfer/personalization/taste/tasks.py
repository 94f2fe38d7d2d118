"""The Celery tasks of the taste model: they carry nothing about anybody."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from styletransfer.jobs.log import get_logger
from styletransfer.personalization.taste.profiles import refresh_histories
from styletransfer.personalization.taste.snapshots import fit_snapshot, refit_after_erasure

logger = get_logger(__name__)


# Acknowledged early: what one run leaves undone the next one does.
@shared_task(name="styletransfer.refresh_histories", ignore_result=True, acks_late=False)
def refresh_shopper_histories() -> None:
    """Bring shoppers' histories up to date; beat runs it hourly."""
    close_old_connections()
    logger.info("%d histories were brought up to date.", refresh_histories())


@shared_task(name="styletransfer.fit_taste", ignore_result=True, acks_late=False)
def fit_taste() -> None:
    """Fit the taste model anew; beat runs it nightly."""
    close_old_connections()
    snapshot = fit_snapshot()
    logger.info("Taste policy %s was fitted; it is %s.", snapshot, snapshot.state)


@shared_task(name="styletransfer.refit_taste_after_erasure", ignore_result=True, acks_late=False)
def refit_taste_after_erasure() -> None:
    """Fit without whoever was erased."""
    close_old_connections()
    refit_after_erasure()
