"""What staff think of finished variants."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from styletransfer.jobs import claims
from styletransfer.models import ReviewState, StyledVariant

_AT_ONCE = 500


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
    changed = variants.exclude(review=state)
    if state != ReviewState.APPROVED:
        return changed.update(review=state, **decided)
    number = 0
    ids = list(changed.values_list("pk", flat=True))
    for start in range(0, len(ids), _AT_ONCE):
        some = StyledVariant.objects.filter(pk__in=ids[start : start + _AT_ONCE])
        number += some.exclude(review=state).update(review=state, **decided)
        claims.give_way(some)
    return number
