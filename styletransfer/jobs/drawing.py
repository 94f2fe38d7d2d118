"""What staff draw on a photo: kept beside the found mask, noted so that paintings that used it follow."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.imaging.masking import MaskFileError, drawn_png, from_png
from styletransfer.jobs import changes
from styletransfer.jobs.files import mask_name, write_once
from styletransfer.jobs.photos import PhotoUnreadableError, digest_of, photo_storage, read_bytes
from styletransfer.jobs.rows import writing_connection
from styletransfer.models import NotedChange, PhotoMask, StyledVariant
from styletransfer.models.storage import variant_storage
from styletransfer.sources import Source

MOST_BYTES = 2 * 2**20


class DrawingRefusedError(ValueError):
    """A drawing cannot be kept; the text says why."""


def keep_drawing(
    row: PhotoMask, *, subject: bytes | None = None, areas: bytes | None = None, user: Any = None
) -> bool:
    """Store drawings and note the photos whose paintings they change.

    Args:
        row: of the photo.
        subject: PNG of where the product is; empty goes back to what was found; None leaves it as it is.
        areas: PNG of what must stay the photo's; empty takes all away; None leaves it as it is.
        user: who draws.

    Returns:
        Whether anything has changed.

    Raises:
        DrawingRefusedError: a file is too large, no PNG, or shows no subject.
        StorageDownError: the file cannot be written now; nothing has changed.
    """
    values: dict[str, Any] = {}
    if subject is not None:
        values["drawn_name"] = _store(subject, _("Mark the product before you save."))
    if areas is not None:
        values["areas_name"] = _store(areas, "")
    values = {name: value for name, value in values.items() if value != getattr(row, name)}
    if not values:
        return False
    before = (row.drawn_name, row.areas_name)
    values |= {"drawn_by": user if user is not None and user.is_authenticated else None}
    values |= {"drawn_at": timezone.now()}
    with transaction.atomic(using=writing_connection().alias):
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
        _note(row, before)
    return True


def open_masks(source: Source, instance: Any) -> PhotoMask:
    """The row of a photo's masks, made when nothing is known yet; reads the photo for its digest.

    Raises:
        PhotoUnreadableError: the photo's file is missing or cannot be read.
    """
    name = source.file(instance).name or ""
    if not name:
        raise PhotoUnreadableError(_("This object has no photo. Upload one first."), is_missing=True)
    digest = digest_of(read_bytes(photo_storage(source.model, source.image), name))
    row, _created = PhotoMask.objects.update_or_create(
        source_digest=digest,
        defaults={
            "content_type": ContentType.objects.get_for_model(source.model),
            "object_id": str(instance.pk),
            "field": source.image,
            "source_name": name,
        },
    )
    return row


def _store(data: bytes, refusal: str) -> str:
    """Name of the stored file; empty for no drawing, or one that marks nothing where that is allowed."""
    if not data:
        return ""
    try:
        png = drawn_png(data, MOST_BYTES)
    except MaskFileError as error:
        raise DrawingRefusedError(str(error)) from error
    if not (from_png(png) > 127).any():
        if refusal:
            raise DrawingRefusedError(refusal)
        return ""
    name = mask_name(png)
    write_once(variant_storage(), name, png)
    return name


def _note(row: PhotoMask, before: tuple[str, str]) -> None:
    """Note every photo with these bytes that was painted in a preset whose recipe has changed."""
    if get_settings().refresh == "never":
        return
    painted = StyledVariant.objects.filter(
        source_digest=row.source_digest, hidden_by__isnull=True, preset__draft_of__isnull=True
    ).select_related("preset")
    places = {
        (variant.content_type_id, variant.object_id)
        for variant in painted
        if variant.preset.mask_digest(*before) != variant.preset.mask_digest(row.drawn_name, row.areas_name)
    }
    NotedChange.objects.bulk_create(
        [NotedChange(content_type_id=kind, object_id=key) for kind, key in sorted(places)]
    )
    if places:
        changes.hint_workers()
