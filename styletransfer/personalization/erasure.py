"""Forgetting a person: every declared row goes, what was learnt is fitted anew, a tombstone stays.

A tombstone is the SHA-256 of the erased key. After a backup is restored, ``replay`` erases everybody in it
who hashes to one. A backup older than the erasure lacks the tombstone's row too, so ``ERASURE_LOG`` may name
a file outside the database to which each erasure is appended first.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from styletransfer.conf import get_settings
from styletransfer.models import ErasureTombstone, Shopper
from styletransfer.personalization.locking import lock_people
from styletransfer.personalization.privacy import Erasure, registered, run_erasure_hooks

Counts = dict[str, int]


def erase(shopper: Shopper) -> Counts:
    """Erase a person, and tell later layers to fit anew without them once that is committed.

    Returns:
        Number of rows deleted or unlinked by model label.

    Raises:
        OSError: ``ERASURE_LOG`` cannot be written; nothing is erased, so that nothing can come back unseen.
    """
    with transaction.atomic():
        counts, digests = forget(shopper)
        _note(digests, timezone.now())
        transaction.on_commit(run_erasure_hooks)
    return counts


def forget(shopper: Shopper) -> tuple[Counts, list[str]]:
    """Delete a person's rows without a tombstone and without hooks; call it in a transaction.

    Returns:
        Rows by model label, and the digests of the keys that are gone.
    """
    # Whoever records an event at this moment waits here, then finds the shopper gone. Who was merged into an
    # account meanwhile is one person with it by now, and goes with it.
    people = lock_people(shopper) or [shopper]
    counts: Counts = {}
    # Rows go before what they refer to; the shopper itself was declared first.
    for personal in reversed(list(registered())):
        rows = personal.rows_of(people)
        if personal.erasure is Erasure.DELETE:
            _, deleted = rows.delete()
            for label, number in deleted.items():
                counts[label.lower()] = counts.get(label.lower(), 0) + number
            continue
        users = [one.user_id for one in people if one.user_id is not None]
        for link in personal.account:
            linked = personal.model._default_manager.filter(**{f"{link}__in": users})
            counts[personal.label] = counts.get(personal.label, 0) + linked.update(**{link: None})
    return counts, [digest_of(one) for one in people]


def digest_of(shopper: Shopper) -> str:
    """What a tombstone keeps of a shopper."""
    return hashlib.sha256(shopper.key.bytes).hexdigest()


def replay(digests: Iterable[str] = ()) -> int:
    """Erase again whoever a restored backup brought back.

    Args:
        digests: tombstones from outside, besides those in the database and in ``ERASURE_LOG``.

    Returns:
        How many people were erased.
    """
    known = {*digests, *ErasureTombstone.objects.values_list("digest", flat=True), *read_log()}
    found = [one for one in Shopper.objects.iterator() if digest_of(one) in known]
    for shopper in found:
        if Shopper.objects.filter(pk=shopper.pk).exists():  # not yet gone with the one it was merged into
            erase(shopper)
    return len(found)


def tombstones() -> Iterator[dict[str, str]]:
    """Every tombstone as the log keeps it, oldest first."""
    for row in ErasureTombstone.objects.order_by("erased_at", "pk"):
        yield _entry(row.digest, row.erased_at)


def read_log() -> set[str]:
    """Digests in ``ERASURE_LOG``; empty where there is none.

    Raises:
        ValueError: a line is not one of ours; the text says which.
    """
    name = get_settings().erasure_log
    path = Path(name)
    return read_digests(path.read_text().splitlines(), name) if name and path.exists() else set()


def read_digests(lines: Iterable[str], name: str) -> set[str]:
    """Digests of the lines that ``tombstones`` or the log wrote.

    Raises:
        ValueError: a line is not one of ours; the text names the file and the line.
    """
    found = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            digest = json.loads(line)["digest"]
            bytes.fromhex(digest)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{name}, line {number}, is no erasure tombstone.") from error
        found.add(digest)
    return found


def _note(digests: list[str], now: datetime) -> None:
    ErasureTombstone.objects.bulk_create(
        (ErasureTombstone(digest=digest, erased_at=now) for digest in digests), ignore_conflicts=True
    )
    name = get_settings().erasure_log
    if not name:
        return
    lines = "".join(json.dumps(_entry(digest, now)) + "\n" for digest in digests)
    # One write to a file opened for appending: two erasures at once do not mix their lines.
    descriptor = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, lines.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entry(digest: str, erased_at: datetime) -> dict[Any, str]:
    return {"digest": digest, "erased_at": erased_at.isoformat()}
