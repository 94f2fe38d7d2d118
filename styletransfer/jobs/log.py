"""Log records that say which job, variants, lane and claim they are about, and a JSON form of them.

Every logger of this package comes from ``get_logger``; whoever works on something binds it::

    with bound(lane="bulk", token=claim.token.hex, variants=claim.ids):
        logger.warning("…")  # the record carries .lane, .token and .variants

Nothing bound here is personal: no user, no address, no file name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

FIELDS = ("job", "variants", "lane", "token")

_bound: ContextVar[dict[str, Any]] = ContextVar("styletransfer_log", default={})  # noqa: B039  (never changed)


class BoundLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose records carry what is bound at that moment as attributes; what a call gives wins."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the bound fields, None for those that are not."""
        kwargs["extra"] = dict.fromkeys(FIELDS) | _bound.get() | dict(kwargs.get("extra") or {})
        return msg, kwargs


def get_logger(name: str) -> BoundLogger:
    """A logger of this package that carries what is bound; every module of ``jobs`` has one of these."""
    return BoundLogger(logging.getLogger(name), {})


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Let the records of this thread carry these fields, on top of those that are bound already.

    Raises:
        ValueError: a field that is not one of ``FIELDS``.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"Log records carry {', '.join(FIELDS)}, not {', '.join(sorted(unknown))}.")
    reset = _bound.set(_bound.get() | fields)
    try:
        yield
    finally:
        _bound.reset(reset)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the bound fields and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; keys without a value are left out."""
        values: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                values[name] = value
        if record.exc_info:
            values["traceback"] = self.formatException(record.exc_info)
        return json.dumps(values, ensure_ascii=False, default=str)
