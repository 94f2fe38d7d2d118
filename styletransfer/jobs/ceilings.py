"""How many pictures one call of an engine should paint: as many as fit the device, or as others can wait for.

Both are found out by painting and remembered for the life of the process.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from styletransfer.engine.base import PaintRequest

PATIENCE_SECONDS = 0.4

_lock = threading.Lock()
_ceilings: dict[tuple[str, str], int] = {}
_seconds_per_pixel: dict[str, float] = {}


def ceiling(engine: str, bucket: str, wanted: int) -> int:
    """The largest batch to try: ``wanted``, or what is known to fit if that is less."""
    with _lock:
        return min(wanted, _ceilings.get((engine, bucket), wanted))


def lower(engine: str, bucket: str, tried: int) -> int:
    """Remember that ``tried`` pictures did not fit; the next size to try, at least 1."""
    with _lock:
        now = max(1, min(_ceilings.get((engine, bucket), tried), tried) // 2)
        _ceilings[engine, bucket] = now
        return now


def note_pace(engine: str, requests: Sequence[PaintRequest], seconds: float) -> None:
    """Remember how long an engine took for these pictures."""
    with _lock:
        _seconds_per_pixel[engine] = seconds / sum(_pixels(request) for request in requests)


def patient(engine: str, request: PaintRequest, wanted: int) -> int:
    """How many pictures like this one take ``PATIENCE_SECONDS``; ``wanted`` while the pace is unknown."""
    with _lock:
        one = _seconds_per_pixel.get(engine, 0.0) * _pixels(request)
    return max(1, min(wanted, int(PATIENCE_SECONDS / one))) if one else wanted


def _pixels(request: PaintRequest) -> int:
    height, width = request.photo.shape[:2]
    return int(height * width)


def forget() -> None:
    """Start over, as a new process does."""
    with _lock:
        _ceilings.clear()
        _seconds_per_pixel.clear()
