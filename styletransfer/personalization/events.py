"""Recording what shoppers do: whole batches, each event once, and only under consent.

``record`` is the one door for events, whether they come from the page's script, from the API or from the
shop's own cart and orders (``hooks.py``). A bad event is refused with its reason and takes nothing with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.delivery.choosing import ORIGINAL
from styletransfer.models import (
    ConsentBasis,
    Device,
    EventKind,
    Purpose,
    Shopper,
    StyleEvent,
    StylePreset,
)
from styletransfer.personalization.consent import basis
from styletransfer.personalization.decisions import Decision
from styletransfer.personalization.shoppers import touch
from styletransfer.products import NotAProductError, get_product

# How far a sender's clock may run ahead.
CLOCK_SKEW = timedelta(minutes=5)
# A click, a cart or a purchase follows the last impression of its product within this time.
ATTRIBUTION = timedelta(days=7)
_FOLLOWERS = frozenset(EventKind) - {EventKind.IMPRESSION, EventKind.PICK}


@dataclass(frozen=True)
class NewEvent:
    """An event that has not been recorded yet.

    Attributes:
        kind: what happened.
        id: the sender's id; the same id is recorded once.
        product: ``(app_label.model_name, primary key as text)``, or None.
        style: slug of the look it was shown in, "original", or "" when unknown.
        value: money, of the whole quantity, in ``currency`` (ISO 4217).
        quantity: pieces.
        occurred_at: when; now if None.
        impression_id: the impression it follows from; found by itself if None.
        decision: for impressions, how the style was decided.
        surface: for impressions, where it was shown.
    """

    kind: EventKind
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    product: tuple[str, str] | None = None
    style: str = ""
    value: Decimal | None = None
    currency: str = ""
    quantity: int = 1
    occurred_at: datetime | None = None
    impression_id: uuid.UUID | None = None
    decision: Decision | None = None
    surface: str = ""


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
    """Write a batch: four queries for products of one model, one more where styles are named.

    SQLite takes at most 999 parameters a statement, so there every 43 events cost one insert more.

    Args:
        batch: events of one shopper.
        shopper: whose they are.
        purposes: what the shopper allows now (``consent.granted``).
        device: class of device they were sent from.

    Returns:
        What became of each. Without any purpose all are refused.
    """
    outcome = Recorded()
    allowed = basis(purposes)
    if allowed is None:
        outcome.refused = dict.fromkeys(range(len(batch)), _("The shopper has not allowed it."))
        return outcome
    references = _References.of(batch)
    rows: dict[uuid.UUID, StyleEvent] = {}
    now = timezone.now()
    for position, event in enumerate(batch):
        reason = references.problem(event) or _time_problem(event, now)
        if reason:
            outcome.refused[position] = reason
        elif event.id not in rows:
            rows[event.id] = references.row(event, shopper, allowed, device, now)
    known = set(StyleEvent.objects.filter(pk__in=rows).values_list("pk", flat=True)) if rows else set()
    fresh = [row for pk, row in rows.items() if pk not in known]
    _attribute(fresh, shopper, now)
    StyleEvent.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    outcome.accepted += [row.pk for row in fresh]
    outcome.duplicates += known
    if fresh:
        touch(shopper)
    return outcome


@dataclass(frozen=True)
class _References:
    """The rows that a batch refers to, read together: presets by slug, categories by product."""

    presets: Mapping[str, int]
    categories: Mapping[tuple[str, str], str]
    content_types: Mapping[str, ContentType]

    @classmethod
    def of(cls, batch: Iterable[NewEvent]) -> _References:
        slugs = {event.style for event in batch} | {
            event.decision.style for event in batch if event.decision is not None
        }
        presets = dict(
            StylePreset.objects.looks().filter(slug__in=slugs - {"", ORIGINAL}).values_list("slug", "pk")
        )
        keys: dict[str, set[str]] = {}
        for event in batch:
            if event.product is not None:
                keys.setdefault(event.product[0].lower(), set()).add(event.product[1])
        categories: dict[tuple[str, str], str] = {}
        content_types: dict[str, ContentType] = {}
        for label, ids in keys.items():
            try:
                product = get_product(label)
            except NotAProductError:
                continue
            content_types[label] = ContentType.objects.get_for_model(product.model)
            for key, category in product.categories(ids).items():
                categories[label, key] = category
        return cls(presets, categories, content_types)

    def problem(self, event: NewEvent) -> str:
        """Why an event cannot be recorded, or an empty text."""
        style = event.decision.style if event.decision is not None else event.style
        if style not in ("", ORIGINAL) and style not in self.presets:
            return _("There is no style “%(style)s”.") % {"style": style[:64]}
        if event.kind == EventKind.PICK:
            return "" if style else _("A pick names the style that was picked.")
        if event.kind == EventKind.IMPRESSION and event.decision is None:
            return _("An impression needs its context.")
        return self._product_problem(event)

    def _product_problem(self, event: NewEvent) -> str:
        if event.product is None:
            return _("It names no product.")
        label, key = event.product[0].lower(), event.product[1]
        if label not in self.content_types:
            return _("“%(label)s” holds no products.") % {"label": label[:64]}
        if (label, key) not in self.categories:
            return _("There is no such product.")
        return ""

    def row(
        self, event: NewEvent, shopper: Shopper, allowed: ConsentBasis, device: str, now: datetime
    ) -> StyleEvent:
        """The row of an event without problems."""
        decision = event.decision or Decision(event.style)
        label, key = (event.product[0].lower(), event.product[1]) if event.product else ("", "")
        impression = event.kind == EventKind.IMPRESSION
        return StyleEvent(
            id=event.id,
            kind=event.kind,
            shopper=shopper,
            content_type=self.content_types.get(label),
            object_id=key,
            style=decision.style,
            preset_id=self.presets.get(decision.style),
            value=event.value,
            currency=event.currency,
            quantity=event.quantity,
            category=self.categories.get((label, key), ""),
            device=device,
            consent_basis=allowed,
            occurred_at=event.occurred_at or now,
            received_at=now,
            surface=event.surface,
            candidates=list(decision.candidates) if impression else None,
            propensity=decision.propensity if impression else None,
            policy=decision.policy if impression else "",
            seed=decision.seed if impression else None,
            impression_id=event.impression_id,
        )


def _time_problem(event: NewEvent, now: datetime) -> str:
    if event.occurred_at is None:
        return ""
    if event.occurred_at > now + CLOCK_SKEW:
        return _("It lies in the future.")
    days = get_settings().event_days
    if event.occurred_at < now - timedelta(days=days):
        return _("It is older than the %(days)d days for which events are kept.") % {"days": days}
    return ""


def _attribute(rows: Sequence[StyleEvent], shopper: Shopper, now: datetime) -> None:
    """Point followers at the shopper's last impression of their product before them; one query."""
    followers = [row for row in rows if row.kind in _FOLLOWERS and row.impression_id is None]
    if not followers:
        return
    columns = ("pk", "content_type_id", "object_id", "style", "preset_id", "occurred_at")
    seen = list(
        StyleEvent.objects.filter(
            shopper=shopper,
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
