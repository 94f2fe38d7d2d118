"""Recording what shoppers do: whole batches, each event once, and only under consent.

``record`` is the one door for events, whether they come from the page's script, from the API or from the
shop's own cart and orders (``hooks.py``). A bad event is refused with its reason and takes nothing with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.models import ConsentBasis, Device, EventKind, Purpose, Shopper, StyleEvent
from styletransfer.personalization.consent import basis
from styletransfer.personalization.locking import lock_owner
from styletransfer.personalization.references import NewEvent, References
from styletransfer.personalization.shoppers import touch

__all__ = ["NewEvent", "Recorded", "record"]

# How far a sender's clock may run ahead.
CLOCK_SKEW = timedelta(minutes=5)
# A click, a cart or a purchase follows the last impression of its product within this time.
ATTRIBUTION = timedelta(days=7)
_FOLLOWERS = frozenset(EventKind) - {EventKind.IMPRESSION, EventKind.PICK}


@dataclass
class Recorded:
    """What became of a batch.

    Attributes:
        accepted: ids that are in the log now for the first time.
        duplicates: ids that were there already; an id that comes twice in one batch counts once.
        refused: reason by position in the batch.
    """

    accepted: list[uuid.UUID] = field(default_factory=list)
    duplicates: list[uuid.UUID] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def record(
    batch: Sequence[NewEvent],
    *,
    shopper: Shopper,
    purposes: frozenset[Purpose],
    device: Device | str = Device.UNKNOWN,
) -> Recorded:
    """Write a batch: five queries for products of one model, one more where styles are named.

    SQLite takes at most 999 parameters a statement, so there every 43 events cost one insert more.

    Args:
        batch: events of one shopper.
        shopper: whose they are.
        purposes: what the shopper allows now (``consent.granted``).
        device: class of device they were sent from.

    Returns:
        What became of each. Without any purpose, or when the shopper was erased meanwhile, all are refused.
    """
    allowed = basis(purposes)
    if allowed is None:
        return _all_refused(batch, _("The shopper has not allowed it."))
    references = References.of(batch)
    with transaction.atomic():
        # A merge or an erasure of this shopper waits until the batch is in, or the batch until it is done.
        owner = lock_owner(shopper)
        if owner is None:
            return _all_refused(batch, _("This shopper is not known any more."))
        outcome, rows = _rows(batch, references, owner.pk, allowed, device)
        known = set(StyleEvent.objects.filter(pk__in=rows).values_list("pk", flat=True)) if rows else set()
        fresh = [row for pk, row in rows.items() if pk not in known]
        _attribute(fresh)
        StyleEvent.objects.bulk_create(fresh, ignore_conflicts=True)
        if fresh:
            touch(owner)
    outcome.accepted += [row.pk for row in fresh]
    outcome.duplicates += known
    return outcome


def _all_refused(batch: Sequence[NewEvent], reason: str) -> Recorded:
    return Recorded(refused=dict.fromkeys(range(len(batch)), reason))


def _rows(
    batch: Sequence[NewEvent], references: References, owner: int, allowed: ConsentBasis, device: str
) -> tuple[Recorded, dict[uuid.UUID, StyleEvent]]:
    """The rows of the good events by id, and the reasons of the others."""
    outcome, rows, now = Recorded(), dict[uuid.UUID, StyleEvent](), timezone.now()
    for position, event in enumerate(batch):
        reason = references.problem(event) or _time_problem(event, now)
        if reason:
            outcome.refused[position] = reason
        elif event.id not in rows:
            row = references.row(event)
            row.shopper_id, row.consent_basis, row.device = owner, allowed, device
            row.occurred_at, row.received_at = event.occurred_at or now, now
            rows[event.id] = row
    return outcome, rows


def _time_problem(event: NewEvent, now: datetime) -> str:
    if event.occurred_at is None:
        return ""
    if event.occurred_at > now + CLOCK_SKEW:
        return _("It lies in the future.")
    days = get_settings().event_days
    if event.occurred_at < now - timedelta(days=days):
        return _("It is older than the %(days)d days for which events are kept.") % {"days": days}
    return ""


def _attribute(rows: Sequence[StyleEvent]) -> None:
    """Point followers at the shopper's last impression of their product before them; one query."""
    followers = [row for row in rows if row.kind in _FOLLOWERS and row.impression_id is None]
    if not followers:
        return
    columns = ("pk", "content_type_id", "object_id", "style", "preset_id", "occurred_at")
    seen = list(
        StyleEvent.objects.filter(
            shopper_id=followers[0].shopper_id,
            kind=EventKind.IMPRESSION,
            object_id__in={row.object_id for row in followers},
            occurred_at__gte=min(row.occurred_at for row in followers) - ATTRIBUTION,
        )
        .order_by("-occurred_at")
        .only(*columns)[:1000]
    )
    seen += [row for row in rows if row.kind == EventKind.IMPRESSION]
    seen.sort(key=lambda row: row.occurred_at, reverse=True)
    for row in followers:
        for impression in seen:
            if _may_follow(row, impression):
                row.impression_id = impression.pk
                if not row.style:
                    row.style, row.preset_id = impression.style, impression.preset_id
                break


def _may_follow(row: StyleEvent, impression: StyleEvent) -> bool:
    return (
        (impression.content_type_id, impression.object_id) == (row.content_type_id, row.object_id)
        and row.style in ("", impression.style)
        and row.occurred_at - ATTRIBUTION <= impression.occurred_at <= row.occurred_at
    )
