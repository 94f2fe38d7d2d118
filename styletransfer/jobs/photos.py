"""The source photos: their bytes, what their headers say, and the size at which they are painted."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.files.storage import Storage
from django.db.models import FileField, Model
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.imaging.decode import DecodeLimits, ImageRefusedError, read_header
from styletransfer.sources import Source

BUCKET_STEP = 64
LEAST_SIDE = 16
_CHUNK = 256 * 1024
_PAUSES = (0.2, 0.6)
_HOPELESS = (FileNotFoundError, PermissionError, IsADirectoryError, SuspiciousOperation)


class PhotoUnreadableError(Exception):
    """The file cannot be read; the text names it and says what to do.

    Attributes:
        is_missing: there is no such file, so that trying again will not help.
    """

    def __init__(self, text: str, *, is_missing: bool = False) -> None:
        super().__init__(text)
        self.is_missing = is_missing


@dataclass(frozen=True)
class PhotoFacts:
    """What planning needs to know of a photo.

    Attributes:
        digest: sha256 of the bytes, hexadecimal; empty when they cannot be read.
        width: upright, in pixels; None when the header is refused.
        height: upright, in pixels; None when the header is refused.
        error: why the photo cannot be painted; empty when it can.
    """

    digest: str
    width: int | None = None
    height: int | None = None
    error: str = ""


def decode_limits() -> DecodeLimits:
    """What the settings accept as a photo."""
    configured = get_settings()
    return DecodeLimits(max_bytes=configured.max_bytes, max_pixels=configured.max_pixels)


def photo_storage(model: type[Model], field: str) -> Storage:
    """The storage behind an image field."""
    return cast("FileField", model._meta.get_field(field)).storage


def photo_names(source: Source, keys: Sequence[str]) -> dict[str, str]:
    """File names of photos by the text of their primary keys; keys that lead to no row are left out.

    Rows are not turned into instances: an ImageField with dimension columns would open every file.
    """
    parsed: list[Any] = []
    for key in keys:
        try:
            parsed.append(source.model._meta.pk.to_python(key))
        except (ValidationError, ValueError):
            continue
    found = source.model._base_manager.filter(pk__in=parsed).values_list("pk", source.image)
    return {str(pk): str(name or "") for pk, name in found}


def read_bytes(storage: Storage, name: str) -> bytes:
    """A photo's bytes, at most one more than the limit; short outages are waited out.

    Raises:
        PhotoUnreadableError: the file is missing or cannot be read.
    """
    for pause in (*_PAUSES, None):
        try:
            return _read(storage, name)
        except Exception as error:
            if isinstance(error, _HOPELESS) or pause is None:
                raise _unreadable(name, error) from error
            time.sleep(pause)
    raise AssertionError("unreachable")


def examine(storage: Storage, name: str) -> PhotoFacts:
    """Digest and upright size of a photo, or why it cannot be painted; never raises for a bad photo."""
    try:
        data = read_bytes(storage, name)
    except PhotoUnreadableError as error:
        return PhotoFacts("", error=str(error))
    digest = digest_of(data)
    try:
        header = read_header(data, decode_limits())
    except ImageRefusedError as error:
        return PhotoFacts(digest, error=f"{name}: {error}")
    return PhotoFacts(digest, header.width, header.height)


def digest_of(data: bytes) -> str:
    """sha256 of a photo's bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def paint_size(width: int, height: int, widths: Sequence[int]) -> tuple[int, int]:
    """(width, height) in pixels at which a photo is painted.

    As wide as the widest rendition, no side longer than ``MAX_PAINT_SIDE``, never enlarged, and no side
    below the 16 px an engine needs.
    """
    longest = get_settings().max_paint_side
    scale = min(1.0, max(widths) / width, longest / max(width, height))
    scale = min(1.0, max(scale, LEAST_SIDE / min(width, height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def bucket_of(width: int | None, height: int | None, widths: Sequence[int]) -> str:
    """The paint size rounded up to multiples of 64, such as "768x512"; empty for an unknown size."""
    if not width or not height:
        return ""
    return "x".join(str(-(-side // BUCKET_STEP) * BUCKET_STEP) for side in paint_size(width, height, widths))


def _read(storage: Storage, name: str) -> bytes:
    wanted = get_settings().max_bytes + 1
    chunks: list[bytes] = []
    with storage.open(name, "rb") as file:
        while wanted > 0 and (chunk := file.read(min(_CHUNK, wanted))):
            chunks.append(chunk)
            wanted -= len(chunk)
    return b"".join(chunks)


def _unreadable(name: str, error: Exception) -> PhotoUnreadableError:
    if isinstance(error, FileNotFoundError):
        text = _("The photo file %(name)s is missing from its storage. Upload the photo again.")
        return PhotoUnreadableError(text % {"name": name}, is_missing=True)
    text = _("The photo file %(name)s cannot be read (%(reason)s). Check the storage and retry.")
    return PhotoUnreadableError(text % {"name": name, "reason": f"{type(error).__name__}: {error}"})
