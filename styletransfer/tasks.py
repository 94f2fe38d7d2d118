"""What Celery's ``autodiscover_tasks`` finds; importable without Celery."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("celery") is not None:
    from styletransfer.jobs.tasks import drain, refresh_outdated, sweep, tidy
    from styletransfer.personalization.recommendations.tasks import fit
    from styletransfer.personalization.tasks import retain
    from styletransfer.personalization.taste.tasks import (
        fit_taste,
        refit_taste_after_erasure,
        refresh_shopper_histories,
    )

    __all__ = [
        "drain",
        "fit",
        "fit_taste",
        "refit_taste_after_erasure",
        "refresh_outdated",
        "refresh_shopper_histories",
        "retain",
        "sweep",
        "tidy",
    ]
