"""The Celery tasks of recommendations: they carry nothing about anybody."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from styletransfer.jobs.log import get_logger
from styletransfer.personalization.recommendations.fitting import fit_recommendations

logger = get_logger(__name__)


# Acknowledged early: a fit that is lost is made up for by the next one.
@shared_task(name="styletransfer.fit_recommendations", ignore_result=True, acks_late=False)
def fit(*, forget_others: bool = False) -> None:
    """Find anew what goes together; beat runs it every hour."""
    close_old_connections()
    snapshot = fit_recommendations(forget_others=forget_others)
    logger.info(
        "Recommendations were fitted from %d events: neighbours for %d products in %.1f s.",
        snapshot.events,
        snapshot.products,
        snapshot.seconds,
    )
