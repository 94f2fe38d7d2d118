"""The variants a set of photos and presets calls for: inserted, linked, revived or put back in the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from styletransfer.jobs import claims, rows
from styletransfer.jobs.masks import mask_digests
from styletransfer.jobs.photos import PhotoFacts, bucket_of
from styletransfer.models import RestyleJob, StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES
from styletransfer.models.storage import variant_storage
from styletransfer.models.variant import look_of, recipe_of
from styletransfer.sources import Source

BATCH = 500
COLUMNS = ("recipe", "object_id", "preset_id", "look", "source_name", "source_digest",
           "source_width", "source_height", "bucket", "error")  # fmt: skip

_KEY = itemgetter(0, 1, 2)

Slot = tuple[str, int]
Row = tuple[str | int | None, ...]


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


class FoundVariant(NamedTuple):
    """A variant as it was found; made for each of thousands, so it is no model instance."""

    pk: int
    object_id: str
    preset_id: int
    recipe: str
    state: str
    source_name: str
    hidden_by_id: int | None


def want(
    source: Source,
    photos: Sequence[WantedPhoto],
    presets: Mapping[StylePreset, str],
    *,
    lane: str = "bulk",
    job: RestyleJob | None = None,
    force: bool = False,
) -> dict[Slot, FoundVariant]:
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
        The variants by (object id, preset id), with the states they were found in.
    """
    content_type = ContentType.objects.get_for_model(source.model)
    recipes = _insert(source, photos, presets, content_type_id=content_type.pk, lane=lane)
    slots = StyledVariant.objects.filter(
        content_type=content_type,
        field=source.image,
        object_id__in={photo.object_id for photo in photos},
        preset__in=[preset.pk for preset in presets],
    ).order_by()
    current: dict[Slot, FoundVariant] = {}
    outdated: dict[int, Slot] = {}
    for variant in map(FoundVariant._make, slots.values_list(*FoundVariant._fields)):
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
        _link((job.pk, variant.pk) for variant in current.values())
        _show_again(list(current.values()))
    return current


def _insert(
    source: Source,
    photos: Sequence[WantedPhoto],
    presets: Mapping[StylePreset, str],
    *,
    content_type_id: int,
    lane: str,
) -> dict[Slot, str]:
    """Insert the variants that are not there yet; the recipe wanted for every slot."""
    looks = {preset: look_of(preset.digest, digest) for preset, digest in presets.items()}
    whole: list[Row] = []
    failed: list[Row] = []
    recipes: dict[Slot, str] = {}
    drawn = mask_digests(list(presets), [photo.facts.digest for photo in photos])
    for photo in photos:
        facts = photo.facts
        for preset, engine_digest in presets.items():
            recipe = recipe_of(
                facts.digest, preset.digest, engine_digest, drawn.get((facts.digest, preset.pk), "")
            )
            recipes[photo.object_id, preset.pk] = recipe
            bucket = bucket_of(facts.width, facts.height, preset.paint_widths)
            row = (recipe, photo.object_id, preset.pk, looks[preset], photo.name, facts.digest,
                   facts.width, facts.height, bucket, facts.error)  # fmt: skip
            (failed if facts.error else whole).append(row)
    now = timezone.now()
    common = {"content_type_id": content_type_id, "field": source.image, "lane": lane, "created_at": now}
    # Always in the order of their recipes: two that insert the same rows wait for one another in turn.
    rows.insert_missing(StyledVariant, COLUMNS, sorted(whole, key=_KEY), common)
    ended = {"state": VariantState.FAILED.value, "finished_at": now}
    rows.insert_missing(StyledVariant, COLUMNS, sorted(failed, key=_KEY), common | ended)
    return recipes


def _follow_moved_files(photos: Sequence[WantedPhoto], current: Mapping[Slot, FoundVariant]) -> None:
    """Keep the name of a photo that was moved or renamed: pages show paintings of the current file only."""
    names = {photo.object_id: photo.name for photo in photos}
    moved = [variant for variant in current.values() if variant.source_name != names[variant.object_id]]
    StyledVariant.objects.bulk_update(
        [StyledVariant(pk=variant.pk, source_name=names[variant.object_id]) for variant in moved],
        ["source_name"],
        batch_size=BATCH,
    )


def _reopen(variants: Sequence[FoundVariant], *, lane: str, force: bool) -> None:
    """Bring back what is wanted again, and hurry what somebody is waiting for."""
    by_state: dict[str, list[int]] = {}
    for variant in variants:
        by_state.setdefault(variant.state, []).append(variant.pk)
    superseded = by_state.get(VariantState.SUPERSEDED, [])
    whole = _with_files(superseded)
    again = [pk for pk in superseded if pk not in whole]
    if force:
        for state in (VariantState.FAILED, VariantState.CANCELLED):
            again += by_state.get(state, [])
    if whole:
        claims.revive(StyledVariant.objects.filter(pk__in=whole))
    if again:
        claims.requeue(StyledVariant.objects.filter(pk__in=again))
    if lane == "interactive":
        claims.hurry(StyledVariant.objects.filter(pk__in=[variant.pk for variant in variants]))


def _show_again(variants: Sequence[FoundVariant]) -> None:
    """Who asks for a picture that an undone job has hidden wants to see it."""
    hidden = [variant.pk for variant in variants if variant.hidden_by_id is not None]
    if hidden:
        StyledVariant.objects.filter(pk__in=hidden).update(hidden_by=None)


def _with_files(variant_ids: Sequence[int]) -> set[int]:
    """Those of the variants whose files are all still there."""
    if not variant_ids:
        return set()
    storage = variant_storage()
    found = StyledVariant.objects.filter(pk__in=variant_ids).values_list("pk", "renditions")
    return {
        pk
        for pk, renditions in found
        if renditions and all(storage.exists(rendition["name"]) for rendition in renditions)
    }


def _link(pairs: Iterable[tuple[int, int]]) -> None:
    """Put variants into jobs: pairs of a job's id and a variant's."""
    link = RestyleJob.variants.through
    rows.insert_missing(link, ("restylejob_id", "styledvariant_id"), list(pairs))


def _inherit_jobs(heirs: Mapping[int, int]) -> None:
    """Put variants into every job that waits for those they replace: ``heirs`` is new id by old id."""
    waiting = RestyleJob.variants.through.objects.filter(styledvariant_id__in=list(heirs))
    links = waiting.values_list("restylejob_id", "styledvariant_id")
    _link((job_id, heirs[old_id]) for job_id, old_id in links)
