"""Listening to the host: photos that are saved or deleted, presets that are changed.

Receivers are connected to the registered models alone, so that every other model of the project keeps
its fast deletes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save, pre_save

from styletransfer.conf import get_settings
from styletransfer.jobs import changes
from styletransfer.models import PictureMeasure, StyledVariant, StylePreset
from styletransfer.sources import NotASourceError, Source, all_sources, get_source, registered

_Row = TypeVar("_Row", bound=Model)

_UPLOAD = "_styletransfer_is_upload"
_DIGEST = "_styletransfer_digest_before"


def connect() -> None:
    """Watch the presets and every source, also those that are registered later."""
    for source in all_sources():
        watch(source)
    registered.connect(_on_registration, dispatch_uid="styletransfer.invalidation")
    pre_save.connect(_before_preset, sender=StylePreset, dispatch_uid="styletransfer.invalidation")
    post_save.connect(_after_preset, sender=StylePreset, dispatch_uid="styletransfer.invalidation")


def watch(source: Source) -> None:
    """Watch the photos of one source."""
    uid = f"styletransfer.invalidation.{source.label}"
    pre_save.connect(_before_photo, sender=source.model, dispatch_uid=uid)
    post_save.connect(_after_photo, sender=source.model, dispatch_uid=uid)
    post_delete.connect(_after_photo_is_gone, sender=source.model, dispatch_uid=uid)


def source_of(model: type[Model]) -> Source | None:
    """The source that a model's instances belong to; None for one that was unregistered since."""
    try:
        return get_source(model)
    except NotASourceError:
        return None


def _on_registration(sender: type[Model], source: Source, **_: Any) -> None:
    watch(source)


def _before_photo(sender: type[Model], instance: Model, raw: bool, **_: Any) -> None:
    """Before the save is the only time at which an upload can be told from a file that was there."""
    source = source_of(sender)
    if not raw and source is not None:
        file = source.file(instance)
        setattr(instance, _UPLOAD, bool(file) and not getattr(file, "_committed", True))


def _after_photo(
    sender: type[Model],
    instance: Model,
    *,
    created: bool,
    raw: bool,
    update_fields: Collection[str] | None = None,
    **_: Any,
) -> None:
    source = source_of(sender)
    is_upload = instance.__dict__.pop(_UPLOAD, False)
    if source is None or raw or created:
        return
    if is_upload:
        # The new bytes may have the old name, by which reports know what they have measured.
        _rows_of(PictureMeasure.objects.all(), source, instance).delete()
    if get_settings().refresh == "never":
        return
    if update_fields is None or source.image in update_fields:
        changes.note_photo(source, instance.pk, source.file(instance).name or "", is_upload=is_upload)


def _after_photo_is_gone(sender: type[Model], instance: Model, **_: Any) -> None:
    """The rows go with their photo; the files stay for pages that are cached, until the sweep."""
    source = source_of(sender)
    if source is not None:
        # A drawn mask stays for the sweep: another photo may have the same bytes.
        _rows_of(StyledVariant.objects.all(), source, instance).delete()
        _rows_of(PictureMeasure.objects.all(), source, instance).delete()


def _rows_of(rows: QuerySet[_Row], source: Source, instance: Model) -> QuerySet[_Row]:
    """Those of a source object's rows."""
    content_type = ContentType.objects.get_for_model(source.model)
    return rows.filter(content_type=content_type, field=source.image, object_id=str(instance.pk))


def _before_preset(sender: type[StylePreset], instance: StylePreset, raw: bool, **_: Any) -> None:
    if not raw and instance.pk and instance.draft_of_id is None:
        digests = StylePreset.objects.filter(pk=instance.pk).values_list("digest", flat=True)
        setattr(instance, _DIGEST, digests.first())


def _after_preset(sender: type[StylePreset], instance: StylePreset, **_: Any) -> None:
    before = instance.__dict__.pop(_DIGEST, None)
    if before is None or before == instance.digest or get_settings().refresh == "never":
        return
    if StyledVariant.objects.filter(preset=instance).exists():
        changes.note_presets([instance])
