"""Metrics for Prometheus: what workers counted, and gauges read from the database at each scrape.

Add the page to the project's addresses, and let Prometheus send ``MONITORING_TOKEN`` as its bearer token::

    path("metrics/", styletransfer.contrib.prometheus.metrics)

Workers count in their own processes. On one machine set ``PROMETHEUS_MULTIPROC_DIR`` to the same empty
folder for web and workers: the page then adds them up. Elsewhere let each worker answer for itself:
``manage.py restyle_worker --metrics-port 9100``, or ``serve(9100)`` under Celery.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Thread
from wsgiref.simple_server import WSGIServer

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from styletransfer.conf import LANES
from styletransfer.jobs import metrics as _counts
from styletransfer.jobs.health import read_health
from styletransfer.jobs.views import may_monitor
from styletransfer.models import StyledVariant
from styletransfer.models.job import OPEN_STATES

if not _counts.IS_AVAILABLE:
    raise ImproperlyConfigured('Run pip install "django-styletransfer[metrics]" to hand out metrics.')

from prometheus_client import REGISTRY, CollectorRegistry, exposition, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector


class DatabaseCollector(Collector):
    """Gauges that every scrape reads anew: the same numbers whichever process is asked."""

    def collect(self) -> Iterator[Metric]:
        """Queue lengths, leases, ages, workers and open variants."""
        health = read_health()
        ages = GaugeMetricFamily(
            "styletransfer_oldest_seconds", "Age of the oldest variant that waits.", labels=["lane"]
        )
        stuck = GaugeMetricFamily(
            "styletransfer_stuck", "1 while a lane has work and makes no progress.", labels=["lane"]
        )
        queued = GaugeMetricFamily(
            "styletransfer_queued", "Variants that wait and may be started.", labels=["lane"]
        )
        leased = GaugeMetricFamily("styletransfer_leased", "Variants a worker holds.", labels=["lane"])
        workers = GaugeMetricFamily("styletransfer_workers", "Workers seen of late.", labels=["lane"])
        for lane in health.lanes:
            queued.add_metric([lane.lane], lane.queued)
            leased.add_metric([lane.lane], lane.leased)
            ages.add_metric([lane.lane], lane.oldest_seconds or 0.0)
            stuck.add_metric([lane.lane], float(bool(lane.stuck)))
            workers.add_metric([lane.lane], lane.workers)
        yield from (queued, leased, ages, stuck, workers)
        yield GaugeMetricFamily(
            "styletransfer_unplanned_jobs", "Jobs that wait for a planner.", value=health.unplanned_jobs
        )
        yield _open_variants()


def _open_variants() -> Metric:
    family = GaugeMetricFamily(
        "styletransfer_open", "Variants on their way, by state.", labels=["lane", "state"]
    )
    found = {
        (row["lane"], row["state"]): row["number"]
        for row in StyledVariant.objects.filter(state__in=OPEN_STATES)
        .order_by()
        .values("lane", "state")
        .annotate(number=Count("pk"))
    }
    for lane in LANES[:2]:
        for state in OPEN_STATES:
            family.add_metric([lane, str(state)], found.get((lane, str(state)), 0))
    return family


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics page; for staff and for holders of ``MONITORING_TOKEN``."""
    if not may_monitor(request):
        return HttpResponseForbidden(_("Metrics are for staff and for holders of the monitoring token."))
    encode, content_type = exposition.choose_encoder(request.headers.get("Accept", ""))
    registry = _counted()
    registry.register(DatabaseCollector())
    return HttpResponse(encode(registry), content_type=content_type)


def serve(port: int, address: str = "127.0.0.1") -> tuple[WSGIServer, Thread]:
    """Hand out this process's counts, or those of its children that share ``PROMETHEUS_MULTIPROC_DIR``.

    Under Celery call it in the worker's parent, from the signal ``worker_ready``.

    Returns:
        The server and the thread in which it answers.

    Raises:
        OSError: the port is taken.
    """
    return start_http_server(port, address, registry=_counted())


def _counted() -> CollectorRegistry:
    """What processes counted, in a registry of its own so that database gauges can join it."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    return registry
