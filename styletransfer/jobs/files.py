"""Writing files whose names say what is in them: whole or not at all, and only once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.utils import timezone

from styletransfer.conf import get_settings

FRESH = timedelta(minutes=30)
_SUFFIXES = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}


class StorageDownError(Exception):
    """The storage did not take a file; the picture is not to blame and is tried again later."""


def rendition_name(data: bytes, width: int, image_format: str) -> str:
    """``<prefix>/<aa>/<sha256[:32]>-<width>.<ext>``: equal bytes share a file, other bytes never do."""
    digest = hashlib.sha256(data).hexdigest()
    return f"{get_settings().upload_prefix}/{digest[:2]}/{digest[:32]}-{width}.{_SUFFIXES[image_format]}"


def master_name(variant_id: int, token: uuid.UUID) -> str:
    """A name that no other claim of the variant can have."""
    return f"{get_settings().upload_prefix}/masters/{variant_id}-{token.hex}.png"


def mask_name(png: bytes) -> str:
    """``<prefix>/masks/<aa>/<sha256[:32]>.png``."""
    digest = hashlib.sha256(png).hexdigest()
    return f"{get_settings().upload_prefix}/masks/{digest[:2]}/{digest[:32]}.png"


def write_once(storage: Storage, name: str, data: bytes) -> None:
    """Store ``data`` under exactly ``name`` unless it is there already; never leaves half a file behind.

    Raises:
        StorageDownError: the storage refused it (disk full, network, rights).
    """
    try:
        if _is_there(storage, name, len(data)) and _renew(storage, name):
            return
        if isinstance(storage, FileSystemStorage):
            _write_whole(storage, name, data)
            return
        saved = storage.save(name, ContentFile(data))
        if saved != name:
            # Another worker stored the same bytes in between.
            storage.delete(saved)
    except SuspiciousOperation:
        raise
    except Exception as error:
        raise StorageDownError(f"{name}: {type(error).__name__}: {error}") from error


def delete_quietly(storage: Storage, name: str) -> None:
    """Delete a file that nothing refers to; one that stays behind is found by the sweep."""
    if name:
        with contextlib.suppress(Exception):
            storage.delete(name)


def _is_there(storage: Storage, name: str, size: int) -> bool:
    """Whether the name holds as many bytes as it should: a file cut short by another tool is replaced."""
    if not storage.exists(name):
        return False
    if storage.size(name) == size:
        return True
    storage.delete(name)
    return False


def _renew(storage: Storage, name: str) -> bool:
    """Keep the sweep from a file that is about to be used again; False when it must be written once more."""
    if isinstance(storage, FileSystemStorage):
        try:
            os.utime(storage.path(name))
        except FileNotFoundError:
            return False
        return True
    # Other storages renew a file's time only by storing it.
    return storage.get_modified_time(name) > timezone.now() - FRESH


def _write_whole(storage: FileSystemStorage, name: str, data: bytes) -> None:
    """Write beside the final name and rename: the name appears with all its bytes or not at all."""
    path = Path(storage.path(name))
    if storage.directory_permissions_mode is None:
        path.parent.mkdir(parents=True, exist_ok=True)
    else:
        path.parent.mkdir(storage.directory_permissions_mode, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        beside.write_bytes(data)
        if storage.file_permissions_mode is not None:
            beside.chmod(storage.file_permissions_mode)
        os.replace(beside, path)  # noqa: PTH105  (atomic, and says so)
    finally:
        beside.unlink(missing_ok=True)
