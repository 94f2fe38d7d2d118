"""Finding variants whose photo, preset or engine is no longer what they were painted from.

Nothing but the database is read: a variant's recipe follows from the digests in its row, and whether a
photo was replaced is told by its file's name. Files overwritten in place, behind Django's back, are found
only by requesting the photos again (``manage.py restyle``), which reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, groupby, islice

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.masks import mask_digests
from styletransfer.jobs.photos import photo_names
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.snapshot import unfold
from styletransfer.models import RestyleJob, RestyleJobItem, StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES
from styletransfer.models.variant import recipe_of
from styletransfer.sources import Source, all_sources

CHUNK = 1000
WANTED_STATES = (VariantState.READY, *OPEN_STATES, VariantState.FAILED)

_Row = tuple[str, str, str, str, str]


@dataclass
class RefreshReport:
    """What a search for outdated variants led to.

    Attributes:
        jobs: requested, each of one source in one preset.
        photos: number of photos in them.
        problems: why presets were passed over.
    """

    jobs: list[RestyleJob] = field(default_factory=list)
    photos: int = 0
    problems: list[str] = field(default_factory=list)


def refresh_outdated(presets: Iterable[StylePreset] | None = None, *, is_dry: bool = False) -> RefreshReport:
    """Request anew whatever is outdated, in all sources.

    Args:
        presets: where to look; all active presets by default.
        is_dry: only count the photos.
    """
    report = RefreshReport()
    looks = StylePreset.objects.looks().filter(is_active=True) if presets is None else presets
    for preset in looks:
        # The settings' formats and qualities are part of the digest, and nobody saves presets for them.
        if not is_dry and preset.digest != preset.compute_digest():
            preset.refresh_digest()
        try:
            digest = engine_digest(preset.engine)
        except EngineUnavailableError as error:
            report.problems.append(f"{preset}: {error}")
            continue
        for source in all_sources():
            if is_dry:
                report.photos += sum(1 for _key in outdated_keys(source, preset, digest))
            elif (job := request_outdated(source, preset, digest)) is not None:
                report.jobs.append(job)
                report.photos += job.selected_count()
    return report


def request_outdated(source: Source, preset: StylePreset, digest: str) -> RestyleJob | None:
    """One job for all outdated photos of a source in a preset; None when there are none."""
    keys = outdated_keys(source, preset, digest)
    first = next(keys, None)
    if first is None:
        return None
    selection = _("%(label)s painted before %(preset)s was changed") % {
        "label": source.label,
        "preset": preset,
    }
    return request_restyle(source, chain([first], keys), [preset], selection=selection)


def outdated_keys(source: Source, preset: StylePreset, digest: str) -> Iterator[str]:
    """Keys of painted photos without a variant of today's recipe, in bounded memory.

    Photos of jobs that wait for planning are left out: their variants are on the way.

    Args:
        source: where the photos are.
        preset: the look.
        digest: of the preset's engine.
    """
    content_type = ContentType.objects.get_for_model(source.model)
    waiting = RestyleJob.objects.filter(
        content_type=content_type, presets=preset, planned_at__isnull=True, cancelled_at__isnull=True
    )
    for job in waiting.filter(folded__isnull=False).distinct():
        while unfold(job):
            pass
    on_the_way = RestyleJobItem.objects.filter(is_planned=False, job__in=waiting)
    rows: Iterator[_Row] = (
        StyledVariant.objects.filter(
            content_type=content_type, field=source.image, preset=preset, hidden_by__isnull=True
        )
        .exclude(state=VariantState.SUPERSEDED)
        .order_by("object_id")
        .values_list("object_id", "state", "source_name", "source_digest", "recipe")
        .iterator(chunk_size=CHUNK)
    )
    photos = ((key, list(group)) for key, group in groupby(rows, key=lambda row: row[0]))
    while chunk := dict(islice(photos, CHUNK)):
        names = photo_names(source, list(chunk))
        requested = set(on_the_way.filter(object_id__in=list(chunk)).values_list("object_id", flat=True))
        drawn = mask_digests([preset], {row[3] for variants in chunk.values() for row in variants})
        for key, variants in chunk.items():
            if (
                key not in requested
                and names.get(key)
                and _is_outdated(variants, names[key], preset, digest, drawn)
            ):
                yield key


def _is_outdated(
    variants: Iterable[_Row],
    name: str,
    preset: StylePreset,
    digest: str,
    drawn: Mapping[tuple[str, int], str],
) -> bool:
    is_wanted = False
    for _key, state, source_name, source_digest, recipe in variants:
        mask = drawn.get((source_digest, preset.pk), "")
        if source_name == name and recipe == recipe_of(source_digest, preset.digest, digest, mask):
            return False
        is_wanted = is_wanted or state in WANTED_STATES
    return is_wanted
