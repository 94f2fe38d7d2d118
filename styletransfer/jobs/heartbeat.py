"""Keeping a lease alive while a batch is at work."""

from __future__ import annotations

import threading
import uuid
from types import TracebackType

from django.db import DatabaseError

from styletransfer.conf import get_settings
from styletransfer.jobs import claims
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.rows import writing_connection

logger = get_logger(__name__)


class Heartbeat:
    """Renews the leases of the tokens it was given every third of a lease, in one thread.

    A token is added when a claim is made and dropped when its work is handed over. The thread starts
    with the first token and touches the database only when a third of a lease has passed.
    """

    def __init__(self) -> None:
        self._tokens: set[uuid.UUID] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, token: uuid.UUID) -> None:
        """Keep this claim alive."""
        with self._lock:
            self._tokens.add(token)
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
                self._thread.start()

    def drop(self, token: uuid.UUID) -> None:
        """Stop renewing this claim."""
        with self._lock:
            self._tokens.discard(token)

    def __enter__(self) -> Heartbeat:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self) -> None:
        connection = writing_connection()
        try:
            while not self._stopped.wait(get_settings().lease_seconds / 3):
                self._renew_all()
        finally:
            connection.close()

    def _renew_all(self) -> None:
        with self._lock:
            tokens = tuple(self._tokens)
        for token in tokens:
            try:
                claims.renew(token)
            except DatabaseError:
                logger.warning("A lease could not be renewed; trying again.", exc_info=True)
                writing_connection().close_if_unusable_or_obsolete()
