"""The worker settings this app has been tested to lose nothing with, and a model that is warm at start.

Call ``configure(app)`` in the project's ``celery.py``. What the project itself sets wins.

Start a GPU worker with one child per GPU, and encoders with one child per processor::

    celery -A shop worker -Q styletransfer.interactive,styletransfer.bulk -c 1
    celery -A shop worker -Q styletransfer.encode
    celery -A shop beat
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import celeryd_after_setup, worker_process_init

from styletransfer.conf import get_settings
from styletransfer.jobs.log import get_logger

logger = get_logger(__name__)

SWEEP_SECONDS = 10.0
WARM_VARIABLE = "STYLETRANSFER_WARM"


def worker_settings() -> dict[str, Any]:
    """Celery settings; each line's reason stands beside it."""
    return {
        # CUDA cannot be used in a forked child of a process that has so much as asked for devices.
        "worker_pool_start_method": "spawn",
        # A spawned child imports torch and loads the model before it reports for work.
        "worker_proc_alive_timeout": 180.0,
        # One message at a time: a hint that waits in a busy child could wake an idle one.
        "worker_prefetch_multiplier": 1,
        # Both are needed to survive kill -9: late acknowledgement alone counts a lost child as failed.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_soft_shutdown_timeout": 30.0,
        # In KiB, looked at between tasks: a leaking decoder costs a restart, not the machine.
        "worker_max_memory_per_child": 8 * 2**20,
        "task_ignore_result": True,
        "task_routes": {
            f"styletransfer.{name}": {"queue": get_settings().queues["encode"]}
            for name in (
                "sweep",
                "refresh_outdated",
                "tidy",
                "retain",
                "fit_recommendations",
                "refresh_histories",
                "fit_taste",
                "refit_taste_after_erasure",
            )
        },
        "broker_connection_retry_on_startup": True,
        # Redis gives a dead worker's messages to others after this many seconds, and looks every second.
        "broker_transport_options": {
            "visibility_timeout": 60,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 2,
        },
        "beat_schedule": beat_schedule(),
    }


def beat_schedule() -> dict[str, Any]:
    """What beat runs; add it to the project's own ``beat_schedule`` if there is one."""
    queue = get_settings().queues["encode"]
    return {
        "styletransfer-sweep": {
            "task": "styletransfer.sweep",
            "schedule": SWEEP_SECONDS,
            "options": {"expires": SWEEP_SECONDS, "queue": queue},
        },
        "styletransfer-refresh-outdated": {
            "task": "styletransfer.refresh_outdated",
            "schedule": crontab(hour=2, minute=30),
            "options": {"queue": queue},
        },
        "styletransfer-tidy": {
            "task": "styletransfer.tidy",
            "schedule": crontab(hour=3, minute=30),
            "options": {"queue": queue},
        },
        "styletransfer-retain": {
            "task": "styletransfer.retain",
            "schedule": crontab(hour=4, minute=30),
            "options": {"queue": queue},
        },
        "styletransfer-fit-recommendations": {
            "task": "styletransfer.fit_recommendations",
            "schedule": crontab(minute=20),
            "options": {"expires": 3600.0, "queue": queue},
        },
        "styletransfer-refresh-histories": {
            "task": "styletransfer.refresh_histories",
            "schedule": crontab(minute=5),
            "options": {"expires": 3600.0, "queue": queue},
        },
        "styletransfer-fit-taste": {
            "task": "styletransfer.fit_taste",
            "schedule": crontab(hour=4, minute=30),
            "options": {"queue": queue},
        },
    }


def configure(app: Celery) -> None:
    """Give an app the settings above as defaults, and workers of paint lanes a warm model."""
    app.add_defaults(worker_settings)
    celeryd_after_setup.connect(_note_lanes, dispatch_uid="styletransfer.note_lanes")
    worker_process_init.connect(_warm_up, dispatch_uid="styletransfer.warm_up")


def _note_lanes(sender: Any = None, instance: Any = None, **_kwargs: Any) -> None:
    """In the parent: tell the children, which are spawned without arguments, whether they will paint."""
    queues = get_settings().queues
    paints = {queues["interactive"], queues["bulk"]} & set(instance.app.amqp.queues.consume_from)
    os.environ[WARM_VARIABLE] = "1" if paints else ""


def _warm_up(**_kwargs: Any) -> None:
    """In the child: load the models of all presets, so that the first preview does not wait for them."""
    if not os.environ.get(WARM_VARIABLE):
        return
    from django.db import DatabaseError, connections  # noqa: PLC0415  (Django is set up only now)

    from styletransfer.engine.base import EngineUnavailableError  # noqa: PLC0415
    from styletransfer.jobs.engines import warm_up  # noqa: PLC0415
    from styletransfer.models import StylePreset  # noqa: PLC0415

    try:
        names = set(StylePreset.objects.looks().filter(is_active=True).values_list("engine", flat=True))
    except DatabaseError:
        logger.warning("No presets can be read yet; models are loaded by their first picture.", exc_info=True)
        return
    finally:
        connections.close_all()
    for name in sorted(names):
        try:
            warm_up(name)
        except EngineUnavailableError as error:
            logger.error("Engine %s cannot run in this worker: %s", name, error)  # noqa: TRY400
        except Exception:
            logger.exception("Engine %s could not be warmed up; its first picture will tell why.", name)
