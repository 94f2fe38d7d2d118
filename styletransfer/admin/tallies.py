"""Counts over very many rows, kept for a moment so that a page that polls does not repeat them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.core.cache import cache

Counted = TypeVar("Counted")

# Below this a count is quicker than it matters, and always fresh.
SLOW_SECONDS = 0.05
# A count that took one second is kept for twenty, so that counting never takes more than a twentieth.
KEPT_TIMES = 20
KINDS = ("progress", "failures", "reviews")


def tallied(kind: str, job_id: int, count: Callable[[], Counted], *, is_large: bool) -> Counted:
    """What ``count`` returns, from the cache where it took long a moment ago.

    Args:
        kind: one of ``KINDS``.
        job_id: the job that is counted.
        count: does the counting.
        is_large: whether there is enough to count to be worth keeping.
    """
    if not is_large:
        return count()
    key = _key(kind, job_id)
    kept: Counted | None = cache.get(key)
    if kept is not None:
        return kept
    begun = time.monotonic()
    found = count()
    took = time.monotonic() - begun
    if took > SLOW_SECONDS:
        cache.set(key, found, max(1, round(KEPT_TIMES * took)))
    return found


def forget(job_ids: Iterable[int]) -> None:
    """Count anew, because somebody has just changed something."""
    cache.delete_many([_key(kind, pk) for pk in job_ids for kind in KINDS])


def _key(kind: str, job_id: int) -> str:
    return f"styletransfer:{kind}:{job_id}"
