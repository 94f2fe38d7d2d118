"""The storage alias of the settings, resolved late so that migrations never depend on it."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from django.core.files.storage import Storage, storages

from styletransfer.conf import get_settings

if TYPE_CHECKING:
    from styletransfer.models.reference import StyleReference


def variant_storage() -> Storage:
    """The storage that keeps reference pictures, masters and renditions."""
    return storages[get_settings().storage]


def reference_path(instance: StyleReference, filename: str) -> str:
    """Content-addressed name of a reference picture, so that equal pictures share a file."""
    digest = instance.content_digest or hashlib.sha256(filename.encode()).hexdigest()
    suffix = PurePosixPath(filename).suffix.lower()
    return f"{get_settings().upload_prefix}/references/{digest[:32]}{suffix}"
