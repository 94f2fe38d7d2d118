"""Two acts on two connections, the second of which begins while the first is at a given place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

SECONDS = 20
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Act(threading.Thread):
    """A call in a thread with a connection of its own; ``result()`` returns or raises what it did."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self._value: Any = None
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            self._value = self._call()
        except Exception as error:  # noqa: BLE001  (told to whoever asks for the result)
            self._error = error
        finally:
            connection.close()

    def result(self) -> Any:
        self.join(SECONDS)
        assert not self.is_alive(), "it waits for something that never comes"
        if self._error is not None:
            raise self._error
        return self._value


def meet(
    monkeypatch, place: str, first: Callable[[], Any], second: Callable[[], Any], *, after: bool = False
):
    """Run ``second`` while ``first`` stands still at ``place``; then let it go on.

    The first goes on when the second is done or waits for a lock.

    Args:
        monkeypatch: pytest's.
        place: dotted name of a function that ``first`` calls, as it is named where it is called.
        first: stops when it calls ``place`` for the first time.
        second: starts then.
        after: stop when ``place`` has returned instead of before it begins.

    Returns:
        what both returned; what one of them raised is raised.
    """
    module, _dot, name = place.rpartition(".")
    holder = __import__(module, fromlist=[name])
    original = getattr(holder, name)
    is_there, may_go_on = threading.Event(), threading.Event()
    begun = Act(first)

    def stopping(*args: Any, **kwargs: Any) -> Any:
        is_first_time = threading.current_thread() is begun and not is_there.is_set()
        value = original(*args, **kwargs) if after or not is_first_time else None
        if is_first_time:
            is_there.set()
            assert may_go_on.wait(SECONDS)
            return value if after else original(*args, **kwargs)
        return value

    monkeypatch.setattr(holder, name, stopping)
    begun.start()
    assert is_there.wait(SECONDS), f"the first never came to {place}"
    following = Act(second)
    following.start()
    until = time.monotonic() + SECONDS
    while following.is_alive() and not _somebody_waits():
        assert time.monotonic() < until, "the second neither ends nor waits for a lock"
        time.sleep(0.01)
    may_go_on.set()
    return begun.result(), following.result()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
