"""Hints to Celery workers that a lane has work. A lost or doubled hint is harmless: the rows decide."""

from __future__ import annotations

import threading
import time
from functools import partial

from django.db import transaction

from styletransfer.conf import get_settings
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.rows import writing_connection

logger = get_logger(__name__)

WAIT_SECONDS = 0.1
SILENCE_SECONDS = 5.0


class _Silence:
    """After a failure nothing is sent for a while, so that only one request in seconds has to wait."""

    until = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + SILENCE_SECONDS

    def end(self) -> None:
        self.until = 0.0


_silence = _Silence()


def hint(*lanes: str) -> None:
    """After the transaction commits, tell the workers of these lanes to look for work.

    Never raises and never holds a request up for longer than ``WAIT_SECONDS``: workers poll, and beat
    asks for lanes that have work, so that a hint only saves time.
    """
    if get_settings().dispatcher != "celery":
        return
    alias = writing_connection().alias
    for lane in lanes:
        transaction.on_commit(partial(_send, lane), using=alias, robust=True)


def _send(lane: str) -> None:
    if time.monotonic() < _silence.until:
        return
    answered = threading.Event()
    # A thread bounds what no socket option does, such as name resolution. It only holds the broker's socket.
    threading.Thread(target=_publish, args=(lane, answered), name=f"hint-{lane}", daemon=True).start()
    if not answered.wait(WAIT_SECONDS):
        _silence.begin()
        logger.warning("The broker did not take the hint for lane %s; its rows wait for a worker.", lane)


def _publish(lane: str, answered: threading.Event) -> None:
    try:
        from kombu.pools import producers  # noqa: PLC0415  (Celery is optional)

        from styletransfer.jobs.tasks import drain  # noqa: PLC0415

        # Without these limits the client looks for a dead broker for ever, and one thread more each time.
        limits = {"max_retries": 0, "socket_connect_timeout": 1.0, "socket_timeout": 1.0}
        connection = drain.app.connection_for_write(connect_timeout=1.0, transport_options=limits)
        with producers[connection].acquire(block=True, timeout=1.0) as producer:
            drain.apply_async(
                args=(lane,),
                queue=get_settings().queues[lane],
                expires=60,
                ignore_result=True,
                retry=False,
                producer=producer,
            )
        # An answer that came late, as a process's first one may, does not silence the next hint.
        _silence.end()
    except Exception:
        _silence.begin()
        logger.warning(
            "The hint for lane %s could not be sent; its rows wait for a worker.", lane, exc_info=True
        )
    finally:
        answered.set()
