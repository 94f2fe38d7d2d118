"""What Celery's ``autodiscover_tasks`` finds; importable without Celery."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("celery") is not None:
    from styletransfer.jobs.tasks import drain, refresh_outdated, sweep, tidy
    from styletransfer.personalization.recommendations.tasks import fit

    __all__ = ["drain", "fit", "refresh_outdated", "sweep", "tidy"]
