"""From selected photos to variants: read each photo once, insert what is missing, link what is there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs import dispatch
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.photos import examine, photo_names, photo_storage
from styletransfer.jobs.rows import writing_connection
from styletransfer.jobs.snapshot import unfold
from styletransfer.jobs.wanted import WantedPhoto, want
from styletransfer.models import RestyleJob, RestyleJobItem, StylePreset
from styletransfer.sources import NotASourceError, Source, get_source

READERS = 4


@dataclass(frozen=True)
class _Selected:
    """An item whose photo exists."""

    item: RestyleJobItem
    name: str


def plan_job(job: RestyleJob, *, chunk: int = 500, budget_seconds: float | None = None) -> int:
    """Turn a job's selected photos into variants; resumes where an earlier call was cut off.

    One planner works on a job at a time (a lease on the job keeps others from reading the same photos),
    but planning twice does no harm. Photos are read outside of any transaction; each chunk is then
    written in one.

    Args:
        job: what to plan.
        chunk: photos per transaction.
        budget_seconds: stop after the chunk in which this time runs out; None plans to the end.

    Returns:
        The number of photos planned by this call; 0 also when another worker is planning the job.
    """
    if not _take(job):
        return 0
    deadline = None if budget_seconds is None else time.monotonic() + budget_seconds
    planned, is_over = 0, False
    try:
        while not is_over and (deadline is None or time.monotonic() < deadline):
            number = _plan_chunk(job, chunk)
            planned += number
            is_over = number == 0
            _renew(job)
    finally:
        _give_back(job)
    return planned


def unplanned_jobs(lanes: Sequence[str]) -> list[RestyleJob]:
    """Jobs of these lanes that still have photos to plan and that nobody is planning; oldest first."""
    return list(RestyleJob.objects.filter(is_free(), lane__in=lanes).order_by("lane", "pk")[:20])


def has_unplanned(lanes: Sequence[str]) -> bool:
    """Whether any job of these lanes waits for planning or is being planned."""
    return RestyleJob.objects.filter(
        planned_at__isnull=True, cancelled_at__isnull=True, lane__in=lanes
    ).exists()


def is_free() -> Q:
    """Jobs that still have photos to plan and that nobody is planning."""
    nobody = Q(planning_until__isnull=True) | Q(planning_until__lt=Now())
    return nobody & Q(planned_at__isnull=True, cancelled_at__isnull=True)


def _take(job: RestyleJob) -> bool:
    until = Now() + timedelta(seconds=get_settings().lease_seconds)
    return bool(RestyleJob.objects.filter(is_free(), pk=job.pk).update(planning_until=until))


def _renew(job: RestyleJob) -> None:
    until = Now() + timedelta(seconds=get_settings().lease_seconds)
    RestyleJob.objects.filter(pk=job.pk, planning_until__isnull=False).update(planning_until=until)


def _give_back(job: RestyleJob) -> None:
    RestyleJob.objects.filter(pk=job.pk).update(planning_until=None)
    job.refresh_from_db(fields=["planned_at", "cancelled_at"])


def _plan_chunk(job: RestyleJob, chunk: int) -> int:
    """Plan the next photos; 0 when there are none left, and then the job is marked as planned."""
    if RestyleJob.objects.filter(pk=job.pk, cancelled_at__isnull=False).exists():
        return 0
    items = _next_items(job, chunk)
    if not items:
        RestyleJob.objects.filter(pk=job.pk, planned_at__isnull=True).update(planned_at=Now())
        return 0
    source, presets, problem = _prepare(job)
    if source is None or not presets:
        _mark_planned(dict.fromkeys((item.pk for item in items), problem))
        return len(items)
    selected, errors = _find_photos(source, items)
    storage = photo_storage(source.model, source.image)
    with ThreadPoolExecutor(READERS, thread_name_prefix="plan") as readers:
        facts = list(readers.map(lambda photo: examine(storage, photo.name), selected))
    photos = [
        WantedPhoto(photo.item.object_id, photo.name, found)
        for photo, found in zip(selected, facts, strict=True)
    ]
    with transaction.atomic(using=writing_connection().alias):
        want(source, photos, presets, lane=job.lane, job=job, force=bool(job.options.get("force")))
        _mark_planned(dict.fromkeys((item.pk for item in items), problem) | errors)
        dispatch.hint(job.lane)
    return len(items)


def _next_items(job: RestyleJob, chunk: int) -> list[RestyleJobItem]:
    """Selected photos that are not planned yet, of a folded selection too."""
    waiting = job.items.filter(is_planned=False).order_by("pk")[:chunk]
    items = list(waiting)
    while not items and unfold(job):
        items = list(waiting.all())
    return items


def _prepare(job: RestyleJob) -> tuple[Source | None, dict[StylePreset, str], str]:
    """The job's source, its presets with the digests of their engines, and what is wrong in words."""
    model = job.content_type.model_class()
    try:
        source = get_source(model or job.content_type.model)
    except NotASourceError as error:
        return None, {}, str(error)
    presets, problems = {}, []
    for preset in job.presets.all():
        try:
            presets[preset] = engine_digest(preset.engine)
        except EngineUnavailableError as error:
            problems.append(f"{preset}: {error}")
    return source, presets, " ".join(problems)


def _find_photos(source: Source, items: Sequence[RestyleJobItem]) -> tuple[list[_Selected], dict[int, str]]:
    """Selected photos that exist, and the errors of those that do not."""
    names = photo_names(source, [item.object_id for item in items])
    selected: list[_Selected] = []
    errors: dict[int, str] = {}
    for item in items:
        described = {"label": source.label, "key": item.object_id}
        name = names.get(item.object_id)
        if name is None:
            errors[item.pk] = _("%(label)s %(key)s is no longer there.") % described
        elif not name:
            errors[item.pk] = _("%(label)s %(key)s has no photo. Upload one.") % described
        else:
            selected.append(_Selected(item, name))
    return selected, errors


def _mark_planned(errors: dict[int, str]) -> None:
    clean = [pk for pk, error in errors.items() if not error]
    RestyleJobItem.objects.filter(pk__in=clean).update(is_planned=True)
    for pk, error in errors.items():
        if error:
            RestyleJobItem.objects.filter(pk=pk).update(is_planned=True, error=error)
