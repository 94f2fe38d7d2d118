"""Painting a list of requests so that one bad picture or a full device costs its mates nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from styletransfer.engine.base import (
    Engine,
    EngineUnavailableError,
    OutOfMemoryError,
    PaintRequest,
    Pixels,
)
from styletransfer.jobs import ceilings
from styletransfer.jobs.engines import exclusive
from styletransfer.jobs.log import get_logger

logger = get_logger(__name__)

Outcome = Pixels | Exception


def paint_all(
    engine_name: str,
    bucket: str,
    requests: Sequence[PaintRequest],
    *,
    between: Callable[[], None] | None = None,
) -> list[Outcome]:
    """Paint every request; each outcome is its pixels or the exception that it alone is to blame for.

    A batch that raises is halved until the culprit stands alone. Out of memory halves the batch too and
    remembers the size that fits for this engine and bucket.

    Args:
        engine_name: which engine paints.
        bucket: the size class of the pictures.
        requests: what to paint.
        between: called between two calls of the engine, which are kept short for its sake.

    Raises:
        EngineUnavailableError: the engine cannot run in this process; nothing was painted.
    """
    outcomes: list[Outcome] = []
    position = 0
    with exclusive(engine_name) as engine:
        while position < len(requests):
            size = ceilings.ceiling(engine_name, bucket, len(requests) - position)
            if between is not None:
                size = ceilings.patient(engine_name, requests[position], size)
            batch = requests[position : position + size]
            begun = time.perf_counter()
            try:
                outcomes += _paint(engine, batch)
                ceilings.note_pace(engine_name, batch, time.perf_counter() - begun)
            except OutOfMemoryError as error:
                if len(batch) > 1:
                    fits = ceilings.lower(engine_name, bucket, len(batch))
                    logger.warning(
                        "%d pictures of %s do not fit the device; painting %d at once from now on.",
                        len(batch),
                        bucket or "unknown size",
                        fits,
                    )
                    continue
                outcomes.append(error)
            position += len(batch)
            if between is not None and position < len(requests):
                between()
    return outcomes


def _paint(engine: Engine, batch: Sequence[PaintRequest]) -> list[Outcome]:
    try:
        painted = engine.paint(batch)
        _check(batch, painted, keeps_size=getattr(engine, "keeps_size", True))
    except (EngineUnavailableError, OutOfMemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (an engine may raise anything; the culprit is found by halving)
        if len(batch) == 1:
            return [error]
        half = len(batch) // 2
        return _paint(engine, batch[:half]) + _paint(engine, batch[half:])
    return list(painted)


def _check(batch: Sequence[PaintRequest], painted: Sequence[Pixels], *, keeps_size: bool) -> None:
    if len(painted) != len(batch):
        raise RuntimeError(f"The engine returned {len(painted)} pictures for {len(batch)} requests.")
    for request, pixels in zip(batch, painted, strict=True):
        if keeps_size and pixels.shape != request.photo.shape:
            raise RuntimeError(f"The engine returned shape {pixels.shape} for a photo {request.photo.shape}.")
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
            raise RuntimeError(f"The engine returned {pixels.shape} {pixels.dtype}, which is no picture.")
