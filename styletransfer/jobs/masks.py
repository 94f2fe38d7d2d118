"""The mask store: found once per photo in the job lanes, kept by the digest of the photo's bytes.

Threads that load photos call ``prepare``, which touches files only. Before and after, the calling thread
reads and writes the rows: ``known_masks`` and ``keep``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from django.core.signals import setting_changed

from styletransfer.conf import get_settings
from styletransfer.engine.base import Alpha, EngineError, Pixels
from styletransfer.imaging.decode import decode
from styletransfer.imaging.masking import (
    MASK_SIDE,
    Grey,
    MaskFileError,
    find_lettering,
    find_mask,
    fitted,
    from_png,
    method_key,
    to_png,
)
from styletransfer.imaging.masks.base import (
    RELIABLE_CONFIDENCE,
    Masker,
    MaskError,
    MaskerUnavailableError,
    create_masker,
)
from styletransfer.jobs.files import mask_name, write_once
from styletransfer.jobs.photos import PhotoUnreadableError, decode_limits, read_bytes
from styletransfer.models import PhotoMask, StyledVariant, StylePreset
from styletransfer.models.storage import variant_storage


@dataclass
class Masks:
    """What a photo's masks mean for one preset.

    Attributes:
        subject: (height, width) in [0, 1]; all 0 where no subject is known; None where none is needed.
        protect: (height, width) in [0, 1], how much of the photo must remain; None where nothing must.
        lettering: (height, width) in [0, 1], how much of the photo's print must remain; None as above.
        confidence: in the subject; None where none is needed.
        found: columns of ``PhotoMask`` that were found just now and are to be kept.
    """

    subject: Alpha | None = None
    protect: Alpha | None = None
    lettering: Alpha | None = None
    confidence: float | None = None
    found: dict[str, str | float] = field(default_factory=dict)


def known_masks(digests: Collection[str]) -> dict[str, PhotoMask]:
    """The stored masks of photos, by the digests of their bytes."""
    return PhotoMask.objects.in_bulk(set(digests), field_name="source_digest")


def drawn_masks(digests: Collection[str]) -> dict[str, tuple[str, str]]:
    """(drawn subject, drawn areas) by digest, for photos that somebody drew on."""
    rows = PhotoMask.objects.filter(source_digest__in=set(digests)).exclude(drawn_name="", areas_name="")
    return {
        digest: (drawn, areas)
        for digest, drawn, areas in rows.values_list("source_digest", "drawn_name", "areas_name")
    }


def prepare(data: bytes, pixels: Pixels, preset: StylePreset, row: PhotoMask | None) -> Masks:
    """The masks that a preset needs, from the store or found now; touches no database.

    Args:
        data: the photo's bytes.
        pixels: the photo at the size it is painted at.
        preset: the look.
        row: what is stored of the photo.

    Raises:
        EngineError: the mask method cannot run here; the text says what to install.
        StorageDownError: a file cannot be written for now.
    """
    masks = Masks()
    row = row or PhotoMask()
    if preset.uses_mask:
        grey, masks.confidence = _subject(data, row, masks.found)
        is_known = masks.confidence >= RELIABLE_CONFIDENCE
        masks.subject = fitted(grey, pixels) if is_known else np.zeros(pixels.shape[:2], np.float32)
    if preset.protect_text > 0:
        lettering = fitted(_lettering(data, row, masks.found), pixels)
        if masks.subject is not None and masks.subject.any():
            lettering = lettering * (masks.subject > 0.25)
        masks.lettering = (lettering * np.float32(preset.protect_text)).astype(np.float32)
    if preset.protect_drawn > 0 and row.areas_name:
        masks.protect = fitted(_read(row.areas_name), pixels) * np.float32(preset.protect_drawn)
    return masks


def subject_of(data: bytes, row: PhotoMask | None) -> tuple[Grey, float, dict[str, str | float]]:
    """A photo's subject at the size masks are kept, the confidence in it, and what is to be kept.

    Raises:
        EngineError: see ``prepare``.
        StorageDownError: see ``prepare``.
    """
    found: dict[str, str | float] = {}
    grey, confidence = _subject(data, row or PhotoMask(), found)
    return grey, confidence, found


def keep(seen: Iterable[tuple[StyledVariant, Masks]]) -> None:
    """Store what was found, each photo once; what another worker stored meanwhile is the same."""
    for variant, masks in seen:
        if masks.found:
            store_found(
                variant.source_digest,
                (variant.content_type_id, variant.object_id, variant.field, variant.source_name),
                masks.found,
            )


def store_found(digest: str, place: tuple[int, str, str, str], found: dict[str, str | float]) -> None:
    """Store columns of a photo's row; ``place`` is its content type, key, field and file name."""
    names = ("content_type_id", "object_id", "field", "source_name")
    PhotoMask.objects.update_or_create(
        source_digest=digest, defaults={**dict(zip(names, place, strict=True)), **found}
    )


def masker_key() -> str:
    """Digest of the method of the settings."""
    return method_key(get_settings().masker, get_settings().masker_options)


@cache
def _masker() -> Masker:
    return create_masker(get_settings().masker, **dict(get_settings().masker_options))


def _subject(data: bytes, row: PhotoMask, found: dict[str, str | float]) -> tuple[Grey, float]:
    if row.drawn_name:
        return _read(row.drawn_name), 1.0
    key = masker_key()
    if row.found_key == key:
        try:
            return _read(row.found_name), row.confidence or 0.0
        except EngineError:
            pass  # A file that is gone or damaged is found anew.
    try:
        mask = find_mask(_small(data), _masker())
    except (MaskError, MaskerUnavailableError) as error:
        raise EngineError(str(error)) from error
    png = to_png(mask.alpha)
    found |= {
        "found_name": _write(png),
        "found_key": key,
        "method": mask.method,
        "confidence": round(mask.confidence, 4),
    }
    return from_png(png), mask.confidence


def _lettering(data: bytes, row: PhotoMask, found: dict[str, str | float]) -> Grey:
    key = method_key("lettering")
    if row.lettering_key == key:
        try:
            return _read(row.lettering_name)
        except EngineError:
            pass
    try:
        png = to_png(find_lettering(_small(data)))
    except MaskerUnavailableError as error:
        raise EngineError(str(error)) from error
    found |= {"lettering_name": _write(png), "lettering_key": key}
    return from_png(png)


def _small(data: bytes) -> Pixels:
    """Always the same copy, so that a mask does not depend on who needed it first."""
    return decode(data, decode_limits(), max_size=(MASK_SIDE, MASK_SIDE)).pixels


def _read(name: str) -> Grey:
    try:
        return from_png(read_bytes(variant_storage(), name))
    except (PhotoUnreadableError, MaskFileError) as error:
        raise EngineError(f"The mask {name} cannot be read: {error} Draw it again.") from error


def _write(png: bytes) -> str:
    name = mask_name(png)
    write_once(variant_storage(), name, png)
    return name


def _forget(*, setting: str, **_kwargs: object) -> None:
    if setting == "STYLETRANSFER":
        _masker.cache_clear()


setting_changed.connect(_forget, dispatch_uid="styletransfer.jobs.masks")


def mask_digests(presets: Sequence[StylePreset], digests: Collection[str]) -> dict[tuple[str, int], str]:
    """What recipes hold of drawn masks, by (source digest, preset id); pairs without any are left out."""
    found = {}
    for digest, (drawn, areas) in drawn_masks(digests).items():
        for preset in presets:
            if held := preset.mask_digest(drawn, areas):
                found[digest, preset.pk] = held
    return found
