"""The short wait that lets a small batch grow: a GPU paints eight pictures in little more time than one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from styletransfer.conf import get_settings
from styletransfer.jobs.rows import is_due
from styletransfer.models import StyledVariant, VariantState

LOOKS = 4  # at the queue during one wait


def queued(lane: str, without_engines: Mapping[str, str], at_most: int) -> int:
    """How many variants of a lane could be painted now by this process, counted up to ``at_most``."""
    due = StyledVariant.objects.filter(is_due(), state=VariantState.QUEUED, lane=lane).order_by()
    if without_engines:
        due = due.exclude(preset__engine__in=without_engines)
    return due[:at_most].count() if at_most > 1 else int(due.exists())


def gather(
    lane: str, without_engines: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep
) -> bool:
    """Wait until a lane holds a full batch, at most for its ``BATCH_WAIT_MS``; whether it holds anything.

    An empty queue is not waited for, and a full one not at all. Rows stay free meanwhile: any other worker
    may take them. The whole lane is counted, whatever its pictures' sizes, for a GPU must not idle
    beside work.
    """
    configured = get_settings()
    wait = configured.batch_wait_ms[lane] / 1000
    wanted = configured.batch_size if wait else 1
    number = queued(lane, without_engines, wanted)
    for _ in range(LOOKS):
        if number in {0, wanted}:
            break
        pause(wait / LOOKS)
        number = queued(lane, without_engines, wanted)
    return number > 0


def is_full(lane: str, without_engines: Mapping[str, str]) -> bool:
    """Whether a lane holds a full batch already."""
    wanted = get_settings().batch_size
    return queued(lane, without_engines, wanted) == wanted
