"""What workers count for Prometheus; every function does nothing where prometheus-client is missing.

The counts live in the process that works. ``contrib.prometheus`` hands them out, together with gauges
that are read from the database.
"""

from __future__ import annotations

from collections.abc import Mapping

try:
    from prometheus_client import Counter, Histogram
except ImportError:
    IS_AVAILABLE = False
else:
    IS_AVAILABLE = True
    _painted = Counter("styletransfer_painted", "Pictures painted.", ["lane"])
    _ready = Counter("styletransfer_ready", "Variants that became ready.", ["lane"])
    _failed = Counter("styletransfer_failed_tries", "Tries that failed.", ["lane", "stage"])
    _swept = Counter("styletransfer_leases_swept", "Variants taken back from workers that died or hung.")
    _batch = Histogram(
        "styletransfer_batch_size", "Pictures painted at once.", ["lane"], buckets=(1, 2, 4, 8, 16, 32, 64)
    )
    _seconds = Histogram(
        "styletransfer_stage_seconds",
        "Seconds a picture spent in a stage: read, decode, paint, store, encode, measure.",
        ["stage"],
        buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0),
    )


def batch_painted(lane: str, painted: int, failed: int) -> None:
    """One batch of a lane came to its end."""
    if not IS_AVAILABLE or not painted + failed:
        return
    _batch.labels(lane).observe(painted + failed)
    _painted.labels(lane).inc(painted)
    if failed:
        _failed.labels(lane, "paint").inc(failed)


def variant_ready(lane: str, timings: Mapping[str, float]) -> None:
    """One variant is ready; ``timings`` are its seconds by stage."""
    if not IS_AVAILABLE:
        return
    _ready.labels(lane).inc()
    for stage, seconds in timings.items():
        _seconds.labels(stage).observe(seconds)


def encoding_failed(lane: str) -> None:
    """One try to encode failed."""
    if IS_AVAILABLE:
        _failed.labels(lane, "encode").inc()


def leases_swept(number: int) -> None:
    """Expired leases were taken back."""
    if IS_AVAILABLE and number:
        _swept.inc(number)
