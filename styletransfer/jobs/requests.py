"""Asking for variants: a job with a snapshot of the selection, its cancelling and its retrying."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from styletransfer.jobs import claims, dispatch
from styletransfer.jobs.rows import writing_connection
from styletransfer.jobs.snapshot import take_snapshot
from styletransfer.models import RestyleJob, StyledVariant, StylePreset
from styletransfer.sources import Source


def request_restyle(
    source: Source,
    objects: QuerySet[Any] | Iterable[Any],
    presets: Iterable[StylePreset],
    *,
    user: Any = None,
    lane: str = "bulk",
    selection: str = "",
    force: bool = False,
) -> RestyleJob:
    """Record that photos are to be painted in presets; workers plan and paint them after the commit.

    Args:
        source: where the photos are.
        objects: a queryset of the source's model, or primary keys. It is read in bounded memory.
        presets: the looks; at least one.
        user: who asks, if known.
        lane: "bulk" or "interactive".
        selection: what was selected, in words, for the job's page.
        force: paint again what failed or was cancelled before.

    Raises:
        ValueError: no preset was given.
    """
    wanted = list(presets)
    if not wanted:
        raise ValueError(_("Choose at least one preset."))
    with transaction.atomic(using=writing_connection().alias):
        job = RestyleJob.objects.create(
            content_type=ContentType.objects.get_for_model(source.model),
            lane=lane,
            selection=selection[:255],
            options={"force": True} if force else {},
            requested_by=user if user is not None and user.is_authenticated else None,
        )
        job.presets.set(wanted)
        take_snapshot(job, source.model, objects)
        dispatch.hint("encode", lane)
    return job


def cancel_job(job: RestyleJob) -> int:
    """Stop a job: nothing more is planned, and what only this job waits for is cancelled.

    Returns:
        The number of variants that were cancelled.
    """
    with transaction.atomic(using=writing_connection().alias):
        RestyleJob.objects.filter(pk=job.pk, cancelled_at__isnull=True).update(cancelled_at=Now())
        job.refresh_from_db(fields=["cancelled_at"])
        links = RestyleJob.variants.through.objects
        wanted_elsewhere = links.filter(
            styledvariant_id=OuterRef("pk"), restylejob__cancelled_at__isnull=True
        ).exclude(restylejob_id=job.pk)
        mine = links.filter(restylejob_id=job.pk).values("styledvariant_id")
        return claims.cancel(StyledVariant.objects.filter(~Exists(wanted_elsewhere), pk__in=mine))


def retry_failed(job_or_variants: RestyleJob | QuerySet[StyledVariant]) -> int:
    """Queue failed and cancelled variants again with all their tries; a cancelled job goes on.

    Returns:
        The number of variants that were queued.
    """
    with transaction.atomic(using=writing_connection().alias):
        variants = _reopen(job_or_variants) if isinstance(job_or_variants, RestyleJob) else job_or_variants
        ended = variants.filter(state__in=["failed", "cancelled"])
        lanes = sorted(set(ended.order_by().values_list("lane", flat=True).distinct()))
        pks = ended.order_by().values("pk")
        number = claims.requeue(StyledVariant.objects.filter(pk__in=pks))
        dispatch.hint(*lanes)
    return number


def _reopen(job: RestyleJob) -> QuerySet[StyledVariant]:
    """Plan the rest of a job again, selected photos with an error included."""
    job.items.exclude(error="").update(is_planned=False, error="")
    values: dict[str, Any] = {"cancelled_at": None}
    if job.items.filter(is_planned=False).exists() or job.folded.exists():
        values["planned_at"] = None
    RestyleJob.objects.filter(pk=job.pk).update(**values)
    job.refresh_from_db(fields=["cancelled_at", "planned_at"])
    dispatch.hint("encode", job.lane)
    mine = RestyleJob.variants.through.objects.filter(restylejob_id=job.pk).values("styledvariant_id")
    return StyledVariant.objects.filter(pk__in=mine)
