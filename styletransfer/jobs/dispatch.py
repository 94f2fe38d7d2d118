"""Hints to Celery workers that a lane has work. A lost or doubled hint is harmless: the rows decide."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial

from django.db import transaction

from styletransfer.conf import get_settings
from styletransfer.jobs.rows import writing_connection

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.2
SILENCE_SECONDS = 5.0

_silent_until = 0.0


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
    global _silent_until  # noqa: PLW0603  (one breaker for the process)
    if time.monotonic() < _silent_until:
        return
    sent = threading.Event()
    # A thread bounds what no socket option does, such as name resolution. It only holds the broker's socket.
    threading.Thread(target=_publish, args=(lane, sent), name=f"hint-{lane}", daemon=True).start()
    if not sent.wait(WAIT_SECONDS):
        _silent_until = time.monotonic() + SILENCE_SECONDS
        logger.warning("The broker did not take the hint for lane %s; its rows wait for a worker.", lane)


def _publish(lane: str, sent: threading.Event) -> None:
    try:
        from styletransfer.jobs.tasks import drain  # noqa: PLC0415  (Celery is optional)

        drain.apply_async(
            args=(lane,),
            queue=get_settings().queues[lane],
            expires=60,
            ignore_result=True,
            retry=False,
        )
    except Exception:
        logger.warning("The hint for lane %s could not be sent.", lane, exc_info=True)
    else:
        sent.set()
