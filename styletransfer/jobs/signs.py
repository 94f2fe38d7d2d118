"""Signs of life: every few seconds a worker notes on which lane it looked for work, and how much it did.

A sign comes from the loop that does the work, not from a thread beside it: a worker that hangs in a
driver keeps its leases alive, but leaves no sign.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field

from django.db import DatabaseError
from django.db.models.functions import Now

from styletransfer.jobs.log import get_logger
from styletransfer.models import WorkerSign

logger = get_logger(__name__)

EVERY_SECONDS = 3.0
RATE_SECONDS = 60.0


@dataclass
class _Lane:
    """What this process knows of its own work on one lane."""

    written_at: float = float("-inf")
    done: int = 0
    unwritten: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, done: int, now: float) -> None:
        self.done += done
        self.unwritten += done
        self.recent.append((now, done))
        while self.recent[0][0] < now - RATE_SECONDS:
            self.recent.popleft()

    def rate(self, now: float) -> float:
        """Pictures a second since the first sign that is at most a minute old."""
        span = now - self.recent[0][0]
        return sum(done for _when, done in self.recent) / span if span > 0 else 0.0


class _Process:
    """The lanes of one process; a forked child starts with none and another name."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.name = uuid.uuid4().hex
        self.lanes: dict[str, _Lane] = {}


_lock = threading.Lock()
_process = _Process()


def sign(lane: str, done: int = 0) -> None:
    """Note that this process looked for work on a lane just now and brought ``done`` tries to an end.

    Writes at most one row every ``EVERY_SECONDS`` and never raises for a database that does not answer.
    """
    now = time.monotonic()
    with _lock:
        process = _current()
        known = process.lanes.setdefault(lane, _Lane())
        known.add(done, now)
        if now - known.written_at < EVERY_SECONDS:
            return
        known.written_at = now
        row = WorkerSign(
            worker=process.name, lane=lane, seen_at=Now(), done=known.done, rate=round(known.rate(now), 3)
        )
        fresh = ["seen_at", "done", "rate"]
        if known.unwritten:
            row.worked_at = Now()
            fresh.append("worked_at")
            known.unwritten = 0
    try:
        WorkerSign.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["worker", "lane"], update_fields=fresh
        )
    except DatabaseError:
        logger.warning("The worker could not leave its sign.", exc_info=True)


def forget() -> None:
    """Start over, as a new process does."""
    global _process  # noqa: PLW0603  (one process has one name)
    with _lock:
        _process = _Process()


def _current() -> _Process:
    global _process  # noqa: PLW0603
    if _process.pid != os.getpid():
        _process = _Process()
    return _process
