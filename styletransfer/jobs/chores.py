"""Small work of other layers that the encode lane's workers do when they have nothing to encode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Chore:
    """Something to be done now and then.

    Attributes:
        has_work: whether there is something to do now; asked often, so one cheap query at most.
        work: does one piece of it; whether there was one.
    """

    has_work: Callable[[], bool]
    work: Callable[[], bool]


_chores: dict[str, Chore] = {}


def register(name: str, chore: Chore) -> None:
    """Let workers do a chore; replaces by name."""
    _chores[name] = chore


def unregister(name: str) -> None:
    """Forget a chore."""
    _chores.pop(name, None)


def has_work() -> bool:
    """Whether any chore waits."""
    return any(chore.has_work() for chore in tuple(_chores.values()))


def work_once() -> bool:
    """Do one piece of the first chore that has one; whether there was one."""
    return any(chore.work() for chore in tuple(_chores.values()))
