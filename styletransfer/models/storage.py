"""The storage alias of the settings, resolved late so that migrations never depend on it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from django.core.files.storage import FileSystemStorage, Storage, storages

from styletransfer.conf import get_settings

if TYPE_CHECKING:
    from styletransfer.models.reference import StyleReference


def variant_storage() -> Storage:
    """The storage that keeps reference pictures, masters and renditions."""
    return storages[get_settings().storage]


# Folders and a file whose characters need no quoting; no segment is "." or "..".
_PLAIN_NAME = re.compile(r"(?:\w[\w-]*/)*\w[\w.-]*", re.ASCII)


def variant_url() -> Callable[[str], str]:
    """``url`` of the variants' storage, without joining and quoting where nothing needs it.

    A page of 24 pictures asks for 240 addresses. Django's own storage joins each with two parses, although
    for a plain name the answer is the base and the name; other storages are asked every time.
    """
    storage = variant_storage()
    if not isinstance(storage, FileSystemStorage) or type(storage).url is not FileSystemStorage.url:
        return storage.url
    base = storage.base_url

    def url(name: str) -> str:
        return f"{base}{name}" if base and _PLAIN_NAME.fullmatch(name) else storage.url(name)

    return url


def reference_path(instance: StyleReference, filename: str) -> str:
    """Content-addressed name of a reference picture, so that equal pictures share a file."""
    digest = instance.content_digest or hashlib.sha256(filename.encode()).hexdigest()
    suffix = PurePosixPath(filename).suffix.lower()
    return f"{get_settings().upload_prefix}/references/{digest[:32]}{suffix}"
