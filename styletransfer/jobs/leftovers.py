"""Files below the app's folder that no row refers to: left by workers that died, or by rows that are gone.

Memory stays small for any number of files: of every name that a row refers to, eight bytes are kept. Two
names with the same eight bytes would only keep a file that could go.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import numpy as np
from django.core.files.storage import Storage
from django.utils import timezone

from styletransfer.conf import get_settings
from styletransfer.models import CreativeExport, PhotoMask, StyledVariant, StyleReference
from styletransfer.models.storage import variant_storage

CHUNK = 500
_MARGIN = timedelta(minutes=10)
_MASK_FILES = ("found_name", "lettering_name", "drawn_name", "areas_name")


@dataclass(frozen=True)
class Leftover:
    """A file that nothing refers to.

    Attributes:
        name: in the storage.
        size: in bytes.
    """

    name: str
    size: int


class KnownNames:
    """The names that rows refer to, read once, and what was added since."""

    def __init__(self) -> None:
        self._read_at = timezone.now()
        hashes = array("Q")
        rows = StyledVariant.objects.order_by().values_list("renditions", "master_name")
        for renditions, master in rows.iterator(chunk_size=2000):
            hashes.extend(_hash(rendition["name"]) for rendition in renditions)
            if master:
                hashes.append(_hash(master))
        references = StyleReference.objects.order_by().values_list("image", flat=True)
        hashes.extend(_hash(name) for name in references.iterator(chunk_size=2000))
        masks = PhotoMask.objects.order_by().values_list(*_MASK_FILES)
        for names in masks.iterator(chunk_size=2000):
            hashes.extend(_hash(name) for name in names if name)
        archives = CreativeExport.objects.exclude(archive="").values_list("archive", flat=True)
        hashes.extend(_hash(name) for name in archives.iterator(chunk_size=2000))
        self._hashes = np.sort(np.frombuffer(hashes, dtype=np.uint64))
        self._fresh: set[str] = set()

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of the names that no row referred to when the rows were read."""
        asked = list(names)
        hashes = np.array([_hash(name) for name in asked], dtype=np.uint64)
        places = np.searchsorted(self._hashes, hashes)
        found = [
            place < len(self._hashes) and self._hashes[place] == value
            for place, value in zip(places, hashes, strict=True)
        ]
        return [name for name, is_known in zip(asked, found, strict=True) if not is_known]

    def still_unknown(self, names: Iterable[str]) -> list[str]:
        """Those of the names that no row refers to now; asked right before files are deleted."""
        asked = set(names)
        # A finished row carries the time of its end; the margin covers transactions that commit late.
        since, self._read_at = self._read_at - _MARGIN, timezone.now()
        finished = StyledVariant.objects.filter(finished_at__gte=since).order_by()
        for renditions in finished.values_list("renditions", flat=True).iterator(chunk_size=2000):
            self._fresh.update(rendition["name"] for rendition in renditions)
        masters = StyledVariant.objects.filter(master_name__in=asked).values_list("master_name", flat=True)
        references = StyleReference.objects.filter(image__in=asked).values_list("image", flat=True)
        archives = CreativeExport.objects.filter(archive__in=asked).values_list("archive", flat=True)
        kept = asked - self._fresh - set(masters) - set(references) - set(archives)
        for column in _MASK_FILES:
            kept -= set(PhotoMask.objects.filter(**{f"{column}__in": kept}).values_list(column, flat=True))
        return sorted(kept)


def find_leftovers(older_than: datetime) -> Iterator[Leftover]:
    """Unreferenced files last written before a moment; each is safe to delete when it is given out.

    Raises:
        NotImplementedError: the storage cannot list its files or tell their age.
    """
    storage = variant_storage()
    known = KnownNames()
    names = walk(storage, get_settings().upload_prefix)
    while chunk := list(islice(names, CHUNK)):
        old = [name for name in known.unknown(chunk) if _is_older(storage, name, older_than)]
        for name in known.still_unknown(old) if old else ():
            # Asked once more: a worker that stores the same bytes again renews the file's time.
            if _is_older(storage, name, older_than):
                yield Leftover(name, storage.size(name))


def walk(storage: Storage, folder: str) -> Iterator[str]:
    """Names of all files below a folder, one folder in memory at a time; a missing one has none."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in sorted(files) if name)
    for name in sorted(folders):
        if name:
            yield from walk(storage, f"{folder}/{name}")


def _is_older(storage: Storage, name: str, moment: datetime) -> bool:
    try:
        return storage.get_modified_time(name) < moment
    except FileNotFoundError:
        return False
    except Exception as error:
        # S3 says 404 in its own words.
        if not storage.exists(name):
            return False
        raise error from None


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
