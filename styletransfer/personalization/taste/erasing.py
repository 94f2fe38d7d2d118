"""After somebody was erased: ask for a fit without them, here or by Celery."""

from __future__ import annotations

from styletransfer.conf import get_settings
from styletransfer.jobs.log import get_logger
from styletransfer.personalization.privacy import register_erasure_hook
from styletransfer.personalization.taste.snapshots import refit_after_erasure

logger = get_logger(__name__)


def connect() -> None:
    """Be told of every erasure."""
    register_erasure_hook("taste", forget)


def forget() -> None:
    """Fit anew without the erased data; trouble with that does not undo the erasure."""
    try:
        if get_settings().dispatcher == "celery":
            from styletransfer.personalization.taste.tasks import (  # noqa: PLC0415  (an optional extra)
                refit_taste_after_erasure,
            )

            refit_taste_after_erasure.delay()
        else:
            refit_after_erasure()
    except Exception:
        logger.exception("The taste model could not be fitted anew after an erasure; run fit_taste.")
