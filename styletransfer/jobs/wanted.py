"""The variants a set of photos and presets calls for: inserted, linked, revived or put back in the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone

from styletransfer.jobs import claims
from styletransfer.jobs.photos import PhotoFacts, bucket_of
from styletransfer.models import RestyleJob, StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES
from styletransfer.models.storage import variant_storage
from styletransfer.models.variant import look_of, recipe_of
from styletransfer.sources import Source

BATCH = 500
COLUMNS = ("object_id", "preset_id", "recipe", "state", "lane", "renditions", "source_name", "hidden_by")

Slot = tuple[str, int]


@dataclass(frozen=True)
class WantedPhoto:
    """A photo somebody wants painted.

    Attributes:
        object_id: the source object's key, as text.
        name: of the file in the source field's storage.
        facts: what its bytes say.
    """

    object_id: str
    name: str
    facts: PhotoFacts


def want(
    source: Source,
    photos: Sequence[WantedPhoto],
    presets: Mapping[StylePreset, str],
    *,
    lane: str = "bulk",
    job: RestyleJob | None = None,
    force: bool = False,
) -> dict[Slot, StyledVariant]:
    """Make sure that every photo has a variant in every preset; call it inside a transaction.

    A variant of the same recipe that is ready is left as it is. One that was superseded comes back. One
    that failed or was cancelled is queued again only with ``force``. Variants of the same photo and preset
    with another recipe that never became ready are dropped: nobody wants them any more. A ready one stays
    on show until the new one is ready.

    Args:
        source: where the photos are.
        photos: what to paint.
        presets: the looks, each with its engine's digest.
        lane: who paints; "interactive" also speeds up what waits in the bulk lane.
        job: the request to link the variants to.
        force: see above.

    Returns:
        The variants by (object id, preset id), with the states they were found or put in.
    """
    content_type = ContentType.objects.get_for_model(source.model)
    fresh = [
        _variant(source, photo, preset, content_type=content_type, engine_digest=digest, lane=lane)
        for photo in photos
        for preset, digest in presets.items()
    ]
    fresh.sort(key=lambda variant: variant.recipe)
    StyledVariant.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    recipes = {(variant.object_id, variant.preset_id): variant.recipe for variant in fresh}
    slots = StyledVariant.objects.filter(
        content_type=content_type,
        field=source.image,
        object_id__in={photo.object_id for photo in photos},
        preset__in=[preset.pk for preset in presets],
    ).only(*COLUMNS)
    current: dict[Slot, StyledVariant] = {}
    outdated: dict[int, Slot] = {}
    for variant in slots:
        slot = (variant.object_id, variant.preset_id)
        if variant.recipe == recipes.get(slot):
            current[slot] = variant
        elif variant.state in (*OPEN_STATES, VariantState.FAILED):
            outdated[variant.pk] = slot
    if outdated:
        claims.supersede(StyledVariant.objects.filter(pk__in=outdated))
        _inherit_jobs({old: current[slot].pk for old, slot in outdated.items() if slot in current})
    _follow_moved_files(photos, current)
    _reopen(list(current.values()), lane=lane, force=force)
    if job is not None:
        _link(job, current.values())
        _show_again(list(current.values()))
    return current


def _variant(
    source: Source,
    photo: WantedPhoto,
    preset: StylePreset,
    *,
    content_type: ContentType,
    engine_digest: str,
    lane: str,
) -> StyledVariant:
    facts = photo.facts
    values: dict[str, Any] = {}
    if facts.error:
        values = {"state": VariantState.FAILED, "error": facts.error, "finished_at": timezone.now()}
    return StyledVariant(
        content_type=content_type,
        object_id=photo.object_id,
        field=source.image,
        preset=preset,
        recipe=recipe_of(facts.digest, preset.digest, engine_digest),
        look=look_of(preset.digest, engine_digest),
        source_name=photo.name,
        source_digest=facts.digest,
        source_width=facts.width,
        source_height=facts.height,
        bucket=bucket_of(facts.width, facts.height, preset.widths),
        lane=lane,
        **values,
    )


def _follow_moved_files(photos: Sequence[WantedPhoto], current: Mapping[Slot, StyledVariant]) -> None:
    """Keep the name of a photo that was moved or renamed: pages show paintings of the current file only."""
    names = {photo.object_id: photo.name for photo in photos}
    moved = [variant for variant in current.values() if variant.source_name != names[variant.object_id]]
    for variant in moved:
        variant.source_name = names[variant.object_id]
    StyledVariant.objects.bulk_update(moved, ["source_name"], batch_size=BATCH)


def _reopen(variants: Sequence[StyledVariant], *, lane: str, force: bool) -> None:
    """Bring back what is wanted again, and hurry what somebody is waiting for."""
    by_state: dict[str, list[StyledVariant]] = {}
    for variant in variants:
        by_state.setdefault(variant.state, []).append(variant)
    superseded = by_state.get(VariantState.SUPERSEDED, [])
    whole = [variant.pk for variant in superseded if _has_files(variant)]
    again = [variant.pk for variant in superseded if variant.pk not in whole]
    if force:
        for state in (VariantState.FAILED, VariantState.CANCELLED):
            again += [variant.pk for variant in by_state.get(state, [])]
    if whole:
        claims.revive(StyledVariant.objects.filter(pk__in=whole))
    if again:
        claims.requeue(StyledVariant.objects.filter(pk__in=again))
    if lane == "interactive":
        waiting = Q(pk__in=[variant.pk for variant in variants])
        claims.hurry(StyledVariant.objects.filter(waiting))


def _show_again(variants: Sequence[StyledVariant]) -> None:
    """Who asks for a picture that an undone job has hidden wants to see it."""
    hidden = [variant.pk for variant in variants if variant.hidden_by_id is not None]
    if hidden:
        StyledVariant.objects.filter(pk__in=hidden).update(hidden_by=None)


def _has_files(variant: StyledVariant) -> bool:
    storage = variant_storage()
    return bool(variant.renditions) and all(
        storage.exists(rendition["name"]) for rendition in variant.renditions
    )


def _link(job: RestyleJob, variants: Any) -> None:
    link = RestyleJob.variants.through
    link.objects.bulk_create(
        [link(restylejob_id=job.pk, styledvariant_id=variant.pk) for variant in variants],
        batch_size=2 * BATCH,
        ignore_conflicts=True,
    )


def _inherit_jobs(heirs: Mapping[int, int]) -> None:
    """Put variants into every job that waits for those they replace: ``heirs`` is new id by old id."""
    link = RestyleJob.variants.through
    waiting = link.objects.filter(styledvariant_id__in=list(heirs))
    link.objects.bulk_create(
        [
            link(restylejob_id=job_id, styledvariant_id=heirs[old_id])
            for job_id, old_id in waiting.values_list("restylejob_id", "styledvariant_id")
        ],
        batch_size=2 * BATCH,
        ignore_conflicts=True,
    )
