"""A claimed variant whose photo or preset has changed since it was planned: plan the one wanted now."""

from __future__ import annotations

from django.db import transaction

from styletransfer.jobs import dispatch
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.photos import examine, photo_names, photo_storage
from styletransfer.jobs.rows import writing_connection
from styletransfer.jobs.wanted import WantedPhoto, want
from styletransfer.models import StyledVariant
from styletransfer.sources import NotASourceError, get_source


def replan(variant: StyledVariant) -> bool:
    """Replace an outdated variant by the one its photo and preset call for now, in the same jobs.

    Returns:
        False when nothing has changed after all, or the photo is gone; the variant is still claimed then.
        Otherwise it is superseded and its claim is void.
    """
    model = variant.content_type.model_class()
    try:
        source = get_source(model or variant.content_type.model)
    except NotASourceError:
        return False
    if source.image != variant.field:
        return False
    name = photo_names(source, [variant.object_id]).get(variant.object_id)
    if not name:
        return False
    facts = examine(photo_storage(source.model, source.image), name)
    variant.preset.refresh_from_db()
    digest = engine_digest(variant.preset.engine)
    with transaction.atomic(using=writing_connection().alias):
        photo = WantedPhoto(variant.object_id, name, facts)
        found = want(source, [photo], {variant.preset: digest}, lane=variant.lane)
        wanted = found[variant.object_id, variant.preset_id]
        if wanted.pk == variant.pk:
            return False
        dispatch.hint(variant.lane)
    return True
