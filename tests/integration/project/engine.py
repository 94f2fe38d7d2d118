"""The fake engine, with a log of what it painted, a speed of one's choice, and the perils of real ones."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from styletransfer.engine.base import OutOfMemoryError, PaintRequest, Pixels
from styletransfer.testing import FakeEngine

KILLS = (255, 0, 0)
RAISES = (0, 0, 255)


class LoggedEngine(FakeEngine):
    """Appends one line per finished picture: process id and the picture's mean.

    A file ``painting-<process id>`` beside the log exists for as long as a batch is painted.

    Args:
        log: the log's path.
        seconds: per picture.
        fits: the most pictures for which memory suffices; 0 sets no limit.
    """

    def __init__(self, log: str = "", seconds: float = 0.0, fits: int = 0) -> None:
        super().__init__()
        self._log = Path(log)
        self._seconds = seconds
        self._fits = fits

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Paint after the pause; a killed process leaves no line.

        A plain red picture kills the process, a plain blue one raises.
        """
        with self._marked():
            if self._fits and len(requests) > self._fits:
                self._append("memory.log", [f"{os.getpid()} {len(requests)}"])
                raise OutOfMemoryError
            if any(_is_plain(request.photo, KILLS) for request in requests):
                self._append("kills.log", [str(os.getpid())])
                os.kill(os.getpid(), signal.SIGKILL)
            if any(_is_plain(request.photo, RAISES) for request in requests):
                raise RuntimeError("kernel went wrong")
            time.sleep(self._seconds * len(requests))
            painted = super().paint(requests)
            self._append(self._log.name, [f"{os.getpid()} {pixels.mean():.4f}" for pixels in painted])
        return painted

    @contextmanager
    def _marked(self):
        mark = self._log.with_name(f"painting-{os.getpid()}")
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def _append(self, name: str, lines: list[str]) -> None:
        with self._log.with_name(name).open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))


def _is_plain(photo: Pixels, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(photo[..., :3].reshape(-1, 3).mean(axis=0) - colour).max() < 8)
