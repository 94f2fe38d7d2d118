"""A live preview of amounts that nobody has saved: an ordinary variant of a draft preset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from styletransfer.jobs import dispatch
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.photos import examine, photo_storage
from styletransfer.jobs.rows import writing_connection
from styletransfer.jobs.wanted import WantedPhoto, want
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.models.preset import AMOUNTS, PROTECTIONS
from styletransfer.sources import Source

TRIED = (*AMOUNTS, *PROTECTIONS, "feather", "scope", "statistics", "engine_settings")


def request_preview(
    preset: StylePreset,
    source: Source,
    instance: Model,
    amounts: Mapping[str, Any] | None = None,
    width: int = 480,
) -> StyledVariant:
    """Ask for one photo in a preset with other amounts, at a small width, ahead of all bulk work.

    The same amounts give the same row, which may be ready already.

    Args:
        preset: a saved preset; its references and engine are used.
        source: where the photo is.
        instance: the object with the photo.
        amounts: values of ``TRIED`` fields; those left out are the preset's own.
        width: of the preview, in pixels.

    Returns:
        The variant, in any state; poll it until it is ready or failed.

    Raises:
        ValueError: an unknown field, a value out of range, or an object without a photo.
        EngineUnavailableError: the preset's engine cannot be loaded here.
    """
    name = source.file(instance).name
    if not name:
        raise ValueError(_("This object has no photo to preview. Choose another one."))
    # Read before the transaction: storage may be slow, and SQLite has one writer.
    facts = examine(photo_storage(source.model, source.image), name)
    digest = engine_digest(preset.engine)
    with transaction.atomic(using=writing_connection().alias):
        draft = _draft(preset.draft_of or preset, _tried(preset, amounts), width)
        found = want(
            source,
            [WantedPhoto(str(instance.pk), name, facts)],
            {draft: digest},
            lane="interactive",
            force=True,
        )
        dispatch.hint("interactive")
    variant = found[str(instance.pk), draft.pk]
    return StyledVariant.objects.select_related("preset").get(pk=variant.pk)


def _tried(preset: StylePreset, given: Mapping[str, Any] | None) -> dict[str, Any]:
    values = {name: getattr(preset, name) for name in TRIED}
    for name, value in (given or {}).items():
        if name not in values:
            raise ValueError(
                _("There is no amount %(name)s; known amounts are %(known)s.")
                % {"name": name, "known": ", ".join(TRIED)}
            )
        if name in (*AMOUNTS, *PROTECTIONS) and not 0 <= float(value) <= 1:
            raise ValueError(_("%(name)s must lie between 0 and 1.") % {"name": name})
        values[name] = value
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}


def _draft(owner: StylePreset, tried: Mapping[str, Any], width: int) -> StylePreset:
    described = json.dumps([owner.pk, owner.engine, owner.look_digest, dict(tried), width], sort_keys=True)
    values = {"engine": owner.engine, "widths": [width], "is_public": False, "draft_of": owner, **tried}
    try:
        StylePreset(name=owner.name[:80], slug="draft", **values).full_clean(validate_unique=False)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from error
    draft, created = StylePreset.objects.get_or_create(
        slug=f"draft-{hashlib.sha256(described.encode()).hexdigest()[:24]}",
        defaults={"name": owner.name[:80], **values},
    )
    if not created and draft.digest != draft.compute_digest():
        draft.refresh_digest()
    return draft
