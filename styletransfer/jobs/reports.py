"""Catalogue reports: asked for in a request, measured by workers in slices, resumed where they stood."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.jobs import dispatch
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.measuring import Picture, measure_all, version
from styletransfer.jobs.photos import photo_storage
from styletransfer.jobs.report_summary import summarise
from styletransfer.models import CatalogueReport, PictureMeasure, StyledVariant, StylePreset, VariantState
from styletransfer.models.storage import variant_storage
from styletransfer.sources import NotASourceError, Source, get_source

logger = get_logger(__name__)

CHUNK = 16
WANTED_WIDTH = 640

Stage = CatalogueReport.Stage


def request_report(source: Source, preset: StylePreset | None = None, user: Any = None) -> CatalogueReport:
    """Ask for a report on a source's photos, and on their paintings in a preset; workers do the rest."""
    report = CatalogueReport.objects.create(
        content_type=ContentType.objects.get_for_model(source.model),
        preset=preset,
        requested_by=user if user is not None and user.is_authenticated else None,
    )
    report.total = photos_with_file(source).count() + paintings(report).count()
    report.save(update_fields=["total"])
    dispatch.hint("encode")
    return report


def has_reports() -> bool:
    """Whether any report is unfinished."""
    return CatalogueReport.objects.exclude(stage=Stage.FINISHED).exists()


def measure_some(budget_seconds: float, tell: Callable[[CatalogueReport], None] | None = None) -> int:
    """Work on unfinished reports for a while, the oldest first; the number of pictures measured or known."""
    deadline = time.monotonic() + budget_seconds
    measured = 0
    for report in (
        CatalogueReport.objects.filter(_is_free()).exclude(stage=Stage.FINISHED).order_by("pk")[:20]
    ):
        if not _take(report):
            continue
        try:
            while report.is_open and time.monotonic() < deadline:
                measured += _step(report)
                _renew(report)
                if tell is not None:
                    tell(report)
        finally:
            CatalogueReport.objects.filter(pk=report.pk).update(lease_until=None)
        if time.monotonic() >= deadline:
            break
    return measured


def photos_with_file(source: Source) -> Any:
    """Rows of a source that have a photo."""
    has_none = Q(**{source.image: ""}) | Q(**{f"{source.image}__isnull": True})
    return source.model._default_manager.exclude(has_none)


def paintings(report: CatalogueReport) -> Any:
    """The finished paintings that a report sets beside the photos."""
    if report.preset_id is None:
        return StyledVariant.objects.none()
    return StyledVariant.objects.filter(
        content_type=report.content_type_id,
        preset=report.preset_id,
        state=VariantState.READY,
        hidden_by__isnull=True,
    )


def source_of(report: CatalogueReport) -> Source | None:
    """The report's source; None when it is no longer registered."""
    try:
        return get_source(report.content_type.model_class() or report.content_type.model)
    except NotASourceError:
        return None


def _is_free() -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=Now())


def _take(report: CatalogueReport) -> bool:
    free = CatalogueReport.objects.filter(_is_free(), pk=report.pk)
    taken = bool(free.update(lease_until=_lease()))
    if taken:
        report.refresh_from_db()
    return taken


def _renew(report: CatalogueReport) -> None:
    CatalogueReport.objects.filter(pk=report.pk, lease_until__isnull=False).update(lease_until=_lease())


def _lease() -> Any:
    return Now() + timedelta(seconds=get_settings().lease_seconds)


def _step(report: CatalogueReport) -> int:
    """Measure the next chunk, or go on to the next stage; the report says where it stands."""
    source = source_of(report)
    if source is None:
        _finish(report, {"problem": _("This source is no longer registered.")})
        return 0
    if report.stage == Stage.PHOTOS:
        chunk = list(_next_photos(report, source))
    else:
        chunk = list(_next_paintings(report))
    if chunk:
        _measure_unknown([picture for _key, picture in chunk], are_photos=report.stage == Stage.PHOTOS)
        report.cursor = chunk[-1][0]
        report.done += len(chunk)
        report.save(update_fields=["cursor", "done"])
        return len(chunk)
    if report.stage == Stage.PHOTOS and report.preset_id is not None:
        report.stage, report.cursor = Stage.PAINTINGS, ""
        report.save(update_fields=["stage", "cursor"])
        return 0
    keys = {str(pk) for pk in photos_with_file(source).values_list("pk", flat=True).iterator()}
    _finish(report, summarise(report, source, keys, paintings(report)))
    return 0


def _finish(report: CatalogueReport, summary: dict[str, Any]) -> None:
    report.stage, report.summary = Stage.FINISHED, summary
    report.save(update_fields=["stage", "summary"])
    CatalogueReport.objects.filter(pk=report.pk).update(finished_at=Now())
    logger.info("Report %d on %s is finished: %d pictures.", report.pk, report.content_type, report.done)


def _next_photos(report: CatalogueReport, source: Source) -> Iterator[tuple[str, Picture]]:
    rows = photos_with_file(source).order_by("pk")
    if report.cursor:
        rows = rows.filter(pk__gt=source.model._meta.pk.to_python(report.cursor))
    storage = photo_storage(source.model, source.image)
    for pk, name in rows.values_list("pk", source.image)[:CHUNK]:
        yield str(pk), Picture((report.content_type_id, str(pk), source.image, str(name)), storage)


def _next_paintings(report: CatalogueReport) -> Iterator[tuple[str, Picture]]:
    rows = paintings(report).order_by("pk")
    if report.cursor:
        rows = rows.filter(pk__gt=int(report.cursor))
    kind = ContentType.objects.get_for_model(StyledVariant).pk
    keeps_size = report.preset is None or report.preset.abilities.keeps_size
    for variant in rows[:CHUNK]:
        place = (kind, str(variant.pk), "renditions", _rendition(variant.renditions))
        mask_of = variant.source_digest if keeps_size else ""
        yield str(variant.pk), Picture(place, variant_storage(), mask_of)


def _rendition(renditions: Sequence[dict[str, Any]]) -> str:
    """Name of the smallest JPEG that is wide enough, else of the widest."""
    found = sorted((each for each in renditions if each["format"] == "jpeg"), key=lambda each: each["width"])
    wide = [each for each in found if each["width"] >= WANTED_WIDTH]
    return str((wide or found[-1:])[0]["name"]) if found else ""


def _measure_unknown(pictures: Sequence[Picture], *, are_photos: bool) -> None:
    """Leave out what was measured under this name already; an upload under an old name drops its measure."""
    kind, _key, field, _name = pictures[0].place
    known = {
        (row.object_id, row.source_name)
        for row in PictureMeasure.objects.filter(
            content_type_id=kind,
            field=field,
            object_id__in=[picture.place[1] for picture in pictures],
            version=version(),
            error="",
        ).only("object_id", "source_name")
    }
    unknown = [picture for picture in pictures if (picture.place[1], picture.place[3]) not in known]
    if unknown:
        measure_all(unknown, are_photos=are_photos)
