"""Undoing a job: what it painted is hidden from the shop with one UPDATE, and can be brought back."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from styletransfer.jobs.requests import cancel_job
from styletransfer.jobs.rows import writing_connection
from styletransfer.models import RestyleJob, StyledVariant, VariantState
from styletransfer.models.job import OPEN_STATES


def painted_by(job: RestyleJob) -> QuerySet[StyledVariant]:
    """What is ready because of this job; what was ready before it was requested is not its work."""
    links = RestyleJob.variants.through.objects.filter(restylejob_id=job.pk)
    return StyledVariant.objects.filter(
        Q(finished_at__isnull=True) | Q(finished_at__gte=job.created_at),
        pk__in=links.values("styledvariant_id"),
        state=VariantState.READY,
    )


def undo_job(job: RestyleJob) -> int:
    """Stop a job and hide what it painted: the shop shows the photos again with its next page.

    Reviews stay as they are. Pictures that were ready before the job stay on show.

    Returns:
        The number of pictures that were hidden.
    """
    with transaction.atomic(using=writing_connection().alias):
        if not job.is_planned or job.variants.filter(state__in=OPEN_STATES).exists():
            cancel_job(job)
        RestyleJob.objects.filter(pk=job.pk, undone_at__isnull=True).update(undone_at=Now(), summary=None)
        job.refresh_from_db(fields=["undone_at", "summary"])
        return painted_by(job).filter(hidden_by__isnull=True).update(hidden_by=job)


def restore_job(job: RestyleJob) -> int:
    """Show again what ``undo_job`` has hidden. What it cancelled stays cancelled until it is retried.

    Returns:
        The number of pictures that came back.
    """
    with transaction.atomic(using=writing_connection().alias):
        RestyleJob.objects.filter(pk=job.pk).update(undone_at=None, summary=None)
        job.refresh_from_db(fields=["undone_at", "summary"])
        return StyledVariant.objects.filter(hidden_by=job).update(hidden_by=None)
