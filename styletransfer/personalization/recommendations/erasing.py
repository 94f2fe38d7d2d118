"""After somebody was erased: ask for lists that were fitted without them, here or by Celery."""

from __future__ import annotations

from styletransfer.conf import get_settings
from styletransfer.jobs.log import get_logger
from styletransfer.models import RecommendationSnapshot
from styletransfer.personalization.privacy import register_erasure_hook
from styletransfer.personalization.recommendations.fitting import fit_recommendations

logger = get_logger(__name__)


def connect() -> None:
    """Be told of every erasure."""
    register_erasure_hook("recommendations", forget)


def forget() -> None:
    """Fit anew and drop every older snapshot; trouble with that does not undo the erasure."""
    if not RecommendationSnapshot.objects.exists():
        return
    try:
        if get_settings().dispatcher == "celery":
            from styletransfer.personalization.recommendations.tasks import fit  # noqa: PLC0415  (an extra)

            fit.delay(forget_others=True)
        else:
            fit_recommendations(forget_others=True)
    except Exception:
        logger.exception(
            "Recommendations could not be fitted anew after an erasure; run fit_recommendations."
        )
