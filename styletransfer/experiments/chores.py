"""What the encode lane's workers do for experiments: tend the running ones, make ad pictures.

What they need is imported when there is work, so that no other process loads scipy at its start.
"""

from __future__ import annotations

import time

from styletransfer.jobs.chores import Chore, register
from styletransfer.jobs.log import get_logger
from styletransfer.models import CreativeExport, Experiment, ExperimentState

logger = get_logger(__name__)

TEND_SECONDS = 3600.0
_IDLE_SECONDS = 60.0


class Tending:
    """Looks after running experiments once an hour in each worker; harmless when doubled."""

    def __init__(self) -> None:
        self._next = 0.0

    def has_work(self) -> bool:
        """Whether this process has not looked for an hour, and something is running."""
        if time.monotonic() < self._next:
            return False
        if Experiment.objects.filter(state=ExperimentState.RUNNING).exists():
            return True
        self._next = time.monotonic() + _IDLE_SECONDS
        return False

    def work(self) -> bool:
        """Tend every experiment if it is time."""
        if not self.has_work():
            return False
        from styletransfer.experiments.life import tend_all  # noqa: PLC0415

        self._next = time.monotonic() + TEND_SECONDS
        for experiment, done in tend_all():
            logger.info("Experiment %s: %s.", experiment.key, done)
        return True


class AdPictures:
    """Makes the archives that were too large to be made at once."""

    def has_work(self) -> bool:
        """Whether an archive waits, or was left half made."""
        waiting = CreativeExport.objects.filter(state__in=("waiting", "working"))
        if not waiting.exists():
            return False
        from styletransfer.experiments.creatives import has_waiting  # noqa: PLC0415

        return has_waiting()

    def work(self) -> bool:
        """Make one."""
        if not self.has_work():
            return False
        from styletransfer.experiments.creatives import work_once  # noqa: PLC0415

        return work_once()


def connect() -> None:
    """Let the workers know."""
    for name, chore in (("experiments", Tending()), ("ad-pictures", AdPictures())):
        register(name, Chore(chore.has_work, chore.work))
