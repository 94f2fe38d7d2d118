"""Noting that a photo, a preset or an engine was changed, and turning the notes into jobs.

A web request only compares names and writes a note in its own transaction; no file is opened. A worker
takes the notes and requests what was painted before once more: the old paintings stay on show until the
new ones are ready. Notes need no care: a doubled one finds nothing left to do, and what no note was
written for (a queryset's ``update()``, a restored database) is found by ``jobs.outdated``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs import dispatch
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.outdated import WANTED_STATES, request_outdated
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.rows import writing_connection
from styletransfer.models import EngineSeen, NotedChange, RestyleJob, StyledVariant, StylePreset
from styletransfer.sources import Source, all_sources

logger = get_logger(__name__)

TAKEN_AT_ONCE = 1000

_has_compared_engines = False


def note_photo(source: Source, key: Any, name: str, *, is_upload: bool) -> bool:
    """Note that a photo may have changed; called in the transaction that saved it.

    Args:
        source: where the photo is.
        key: the object's primary key.
        name: of the photo's file, after the save.
        is_upload: whether this save stored new bytes, perhaps under the old name.

    Returns:
        Whether something had been painted from the photo as it was before.
    """
    content_type = ContentType.objects.get_for_model(source.model)
    painted = StyledVariant.objects.filter(
        content_type=content_type,
        object_id=str(key),
        field=source.image,
        state__in=WANTED_STATES,
        hidden_by__isnull=True,
    )
    if not is_upload:
        painted = painted.exclude(source_name=name)
    if not name or not painted.exists():
        return False
    NotedChange.objects.create(content_type=content_type, object_id=str(key))
    hint_workers()
    return True


def note_presets(presets: Sequence[StylePreset]) -> None:
    """Note that presets no longer look as they did."""
    NotedChange.objects.bulk_create([NotedChange(preset=preset) for preset in presets])
    if presets:
        hint_workers()


def note_engines() -> list[str]:
    """Compare each engine with the one that last painted here; note the presets of those with new weights.

    Returns:
        Names of the engines that changed.
    """
    seen = dict(EngineSeen.objects.values_list("engine", "digest"))
    changed = []
    for name in sorted(_names_of_engines()):
        try:
            digest = engine_digest(name)
        except EngineUnavailableError:
            continue
        if seen.get(name) == digest:
            continue
        with transaction.atomic(using=writing_connection().alias):
            EngineSeen.objects.update_or_create(engine=name, defaults={"digest": digest})
            note_presets(list(StylePreset.objects.looks().filter(engine=name, is_active=True)))
        changed.append(name)
    return changed


def has_due_changes() -> bool:
    """Whether a worker should turn notes into jobs now."""
    return get_settings().refresh == "at-once" and NotedChange.objects.exists()


def take_due_changes() -> list[RestyleJob]:
    """Turn notes into jobs if the policy is to do so at once; cheap when there are none.

    The first call of a process compares the engines too: only a new process can bring new weights.
    """
    global _has_compared_engines  # noqa: PLW0603  (once in the life of a process)
    if get_settings().refresh == "at-once" and not _has_compared_engines:
        _has_compared_engines = True
        note_engines()
    return take_changes() if has_due_changes() else []


def take_all_changes() -> list[RestyleJob]:
    """Turn every note into jobs, whatever the policy: what the nightly run begins with."""
    jobs: list[RestyleJob] = []
    while NotedChange.objects.exists():
        jobs += take_changes()
    return jobs


def take_changes() -> list[RestyleJob]:
    """Turn the oldest notes into jobs for the bulk lane.

    The notes go and the jobs come in one transaction; a worker that comes second finds nothing to take.
    """
    notes = list(NotedChange.objects.order_by("pk")[:TAKEN_AT_ONCE])
    with transaction.atomic(using=writing_connection().alias):
        taken, _by_model = NotedChange.objects.filter(pk__in=[note.pk for note in notes]).delete()
        if not taken:
            return []
        jobs = []
        for source in all_sources():
            jobs += _request_photos(source, notes)
        presets = StylePreset.objects.looks().filter(
            pk__in={note.preset_id for note in notes if note.preset_id}, is_active=True
        )
        for preset in presets:
            jobs += _request_preset(preset)
    for job in jobs:
        logger.info("What was changed is painted again: %s", job.selection, extra={"job": job.pk})
    return jobs


def _request_photos(source: Source, notes: Sequence[NotedChange]) -> list[RestyleJob]:
    """One job for all photos that were painted in the same presets."""
    content_type = ContentType.objects.get_for_model(source.model)
    keys = {note.object_id for note in notes if note.content_type_id == content_type.pk}
    painted = StyledVariant.objects.filter(
        content_type=content_type,
        object_id__in=keys,
        field=source.image,
        state__in=WANTED_STATES,
        hidden_by__isnull=True,
        preset__is_active=True,
        preset__draft_of__isnull=True,
    )
    looks: dict[str, set[int]] = {}
    for object_id, preset_id in painted.order_by().values_list("object_id", "preset_id"):
        looks.setdefault(object_id, set()).add(preset_id)
    alike: dict[frozenset[int], list[str]] = {}
    for object_id in sorted(looks):
        alike.setdefault(frozenset(looks[object_id]), []).append(object_id)
    return [
        request_restyle(
            source, ids, StylePreset.objects.filter(pk__in=presets), selection=_("Photos that were replaced")
        )
        for presets, ids in alike.items()
    ]


def _request_preset(preset: StylePreset) -> list[RestyleJob]:
    try:
        digest = engine_digest(preset.engine)
    except EngineUnavailableError as error:
        logger.warning("The changed preset %s is not painted again: %s", preset.slug, error)
        return []
    jobs = (request_outdated(source, preset, digest) for source in all_sources())
    return [job for job in jobs if job is not None]


def _names_of_engines() -> set[str]:
    return set(StylePreset.objects.looks().filter(is_active=True).values_list("engine", flat=True))


def hint_workers() -> None:
    """Tell the workers that changes were noted, where the policy is to follow them at once."""
    if get_settings().refresh == "at-once":
        dispatch.hint("encode")
