"""The fake engine, with a log of what it painted and a speed of one's choice."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from styletransfer.engine.base import PaintRequest, Pixels
from styletransfer.testing import FakeEngine


class LoggedEngine(FakeEngine):
    """Appends one line per finished picture: process id and the picture's mean."""

    def __init__(self, log: str = "", seconds: float = 0.0) -> None:
        super().__init__()
        self._log = Path(log)
        self._seconds = seconds

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Paint after the pause; a killed process leaves no line."""
        time.sleep(self._seconds * len(requests))
        painted = super().paint(requests)
        lines = "".join(f"{os.getpid()} {pixels.mean():.4f}\n" for pixels in painted)
        with self._log.open("a") as file:
            file.write(lines)
        return painted
