"""A sample for the confirm page: a few of the selected photos, painted at once in the ticked looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from styletransfer.admin.photos import before_url, named_rows, source_prefetch, with_file
from styletransfer.admin.previews import PREVIEW_WIDTH, preview_text
from styletransfer.admin.rendering import largest_url
from styletransfer.admin.selection import Reach
from styletransfer.admin.workers import worker_hint
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs.previews import request_preview
from styletransfer.models import StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES
from styletransfer.sources import Source

PHOTOS = 3
LOOKS = 3
GRID_TEMPLATE = "admin/styletransfer/includes/sample.html"


def sample_photos(found: Sequence[Reach], number: int = PHOTOS) -> list[tuple[Source, Any]]:
    """The first, the middle and the last of the selected photos, or fewer where there are fewer."""
    total = sum(reach.count for reach in found)
    if not total:
        return []
    places = sorted({round(place * (total - 1) / (number - 1)) for place in range(number)})
    return [chosen for place in places if (chosen := _at(found, place)) is not None]


def first_photos(found: Sequence[Reach], number: int) -> list[str]:
    """Addresses of the first selected photos."""
    urls: list[str] = []
    for reach in found:
        rows = named_rows(reach.source, reach.photos).order_by("pk")[: number - len(urls)]
        urls += [reach.source.file(with_file(reach.source, row)).url for row in rows]
    return urls


def names_of(source: Source, rows: QuerySet[Any]) -> list[str]:
    """What photos show, for a list of those that were left out."""
    return [
        source.alt_text(with_file(source, row)) or (source.file(row).name or str(row.pk))
        for row in named_rows(source, rows)
    ]


def request_samples(found: Sequence[Reach], presets: Iterable[StylePreset]) -> list[int]:
    """Queue small previews ahead of all bulk work; asking twice gives the same ones.

    Returns:
        Ids of the previews.

    Raises:
        ValueError: a photo's file is gone; the text names it.
        EngineUnavailableError: a look cannot be painted here.
    """
    chosen = sample_photos(found)
    return [
        request_preview(preset, source, instance, width=PREVIEW_WIDTH).pk
        for preset in list(presets)[:LOOKS]
        for source, instance in chosen
    ]


def sample_state(request: HttpRequest, variant_ids: Sequence[int]) -> dict[str, Any]:
    """Where the previews stand: pictures in rows by look, as HTML, and one sentence."""
    variants = list(
        StyledVariant.objects.filter(pk__in=variant_ids)
        .select_related("preset__draft_of", "content_type")
        .prefetch_related(source_prefetch())
    )
    variants.sort(key=lambda variant: list(variant_ids).index(variant.pk))
    looks: dict[str, list[dict[str, Any]]] = {}
    for variant in variants:
        owner = variant.preset.draft_of or variant.preset
        looks.setdefault(owner.name, []).append(_described(variant))
    is_open = any(variant.state in OPEN_STATES for variant in variants)
    is_waiting = any(variant.state == VariantState.QUEUED for variant in variants)
    return {
        "is_open": is_open,
        "html": render_to_string(GRID_TEMPLATE, {"looks": looks}, request),
        "text": _sentence(variants, is_open=is_open),
        "hint": worker_hint("interactive") if is_waiting else "",
    }


def refusal(error: ValueError | EngineUnavailableError) -> str:
    """Why no sample can be painted."""
    return _("No sample: %(reason)s") % {"reason": error}


def _sentence(variants: Sequence[StyledVariant], *, is_open: bool) -> str:
    if not variants:
        return ""
    ready = sum(variant.state == VariantState.READY for variant in variants)
    numbers = {"ready": ready, "total": len(variants)}
    if is_open:
        return _("Painting the sample: %(ready)d of %(total)d ready.") % numbers
    return _("The sample is finished: %(ready)d of %(total)d ready.") % numbers


def _described(variant: StyledVariant) -> dict[str, Any]:
    state = VariantState(variant.state)
    is_ready = state == VariantState.READY
    return {
        "before": before_url(variant),
        "after": largest_url(variant) if is_ready else "",
        "text": "" if is_ready else preview_text(variant, state),
    }


def _at(found: Sequence[Reach], place: int) -> tuple[Source, Any] | None:
    for reach in found:
        if place < reach.count:
            row = named_rows(reach.source, reach.photos).order_by("pk")[place : place + 1].first()
            return (reach.source, with_file(reach.source, row)) if row is not None else None
        place -= reach.count
    return None
