"""How many pictures of one size fit the device: found out once, remembered for the life of the process."""

from __future__ import annotations

import threading

_lock = threading.Lock()
_ceilings: dict[tuple[str, str], int] = {}


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


def forget() -> None:
    """Start over, as a new process does."""
    with _lock:
        _ceilings.clear()
