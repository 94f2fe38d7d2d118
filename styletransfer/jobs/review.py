"""What staff think of finished variants."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from styletransfer.models import ReviewState, StyledVariant


def set_review(variants: QuerySet[StyledVariant], review_state: str, user: Any) -> int:
    """Approve, reject or reopen variants.

    Args:
        variants: which ones.
        review_state: a ``ReviewState`` value.
        user: who decided; None for a rule.

    Returns:
        The number of variants that changed.

    Raises:
        ValueError: an unknown review state.
    """
    state = ReviewState(review_state)
    reviewer = user if user is not None and user.is_authenticated else None
    decided = {"reviewed_by": reviewer, "reviewed_at": Now()}
    if state == ReviewState.PENDING:
        decided = {"reviewed_by": None, "reviewed_at": None}
    return variants.exclude(review=state).update(review=state, **decided)
