"""A live preview of amounts that nobody has saved: an ordinary variant of a draft preset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from styletransfer.jobs import dispatch
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.photos import examine, photo_storage
from styletransfer.jobs.rows import writing_connection
from styletransfer.jobs.wanted import WantedPhoto, want
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.models.preset import AMOUNTS
from styletransfer.sources import Source


def request_preview(
    preset: StylePreset,
    source: Source,
    instance: Model,
    amounts: Mapping[str, float] | None = None,
    width: int = 480,
) -> StyledVariant:
    """Ask for one photo in a preset with other amounts, at a small width, ahead of all bulk work.

    The same amounts give the same row, which may be ready already.

    Args:
        preset: a saved preset; its references and engine are used.
        source: where the photo is.
        instance: the object with the photo.
        amounts: strength, keep_colours, calm, detail, each 0 to 1; those left out are the preset's own.
        width: of the preview, in pixels.

    Returns:
        The variant, in any state; poll it until it is ready or failed.

    Raises:
        ValueError: an unknown amount, one outside 0 to 1, or an object without a photo.
        EngineUnavailableError: the preset's engine cannot be loaded here.
    """
    name = source.file(instance).name
    if not name:
        raise ValueError(_("This object has no photo to preview. Choose another one."))
    # Read before the transaction: storage may be slow, and SQLite has one writer.
    facts = examine(photo_storage(source.model, source.image), name)
    digest = engine_digest(preset.engine)
    with transaction.atomic(using=writing_connection().alias):
        draft = _draft(preset.draft_of or preset, _amounts(preset, amounts), width)
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


def _amounts(preset: StylePreset, given: Mapping[str, float] | None) -> dict[str, float]:
    amounts = {name: float(getattr(preset, name)) for name in AMOUNTS}
    for name, value in (given or {}).items():
        if name not in amounts:
            raise ValueError(
                _("There is no amount %(name)s; known amounts are %(known)s.")
                % {"name": name, "known": ", ".join(AMOUNTS)}
            )
        if not 0 <= float(value) <= 1:
            raise ValueError(_("%(name)s must lie between 0 and 1.") % {"name": name})
        amounts[name] = float(value)
    return {name: round(value, 6) for name, value in amounts.items()}


def _draft(owner: StylePreset, amounts: Mapping[str, float], width: int) -> StylePreset:
    described = json.dumps(
        [owner.pk, owner.engine, owner.scope, owner.look_digest, amounts, width], sort_keys=True
    )
    draft, created = StylePreset.objects.get_or_create(
        slug=f"draft-{hashlib.sha256(described.encode()).hexdigest()[:24]}",
        defaults={
            "name": owner.name[:80],
            "engine": owner.engine,
            "scope": owner.scope,
            "widths": [width],
            "is_public": False,
            "draft_of": owner,
            **amounts,
        },
    )
    if not created and draft.digest != draft.compute_digest():
        draft.refresh_digest()
    return draft
