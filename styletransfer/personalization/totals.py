"""Daily totals: what is left of events whose time is up, with nobody in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any

from django.db.models import F

from styletransfer.models import PersonalStyle, StyleEvent, StyleTotal

# A style of one's own has one shopper's deeds only, so all of them are added up under one name.
OWN = "own"
KEYS = ("day", "kind", "style", "category", "surface", "currency")


@dataclass
class _Sum:
    events: int = 0
    quantity: int = 0
    value: Decimal = Decimal(0)


def add_up(events: Sequence[StyleEvent]) -> None:
    """Add events to the totals of their days (UTC); call it in the transaction that deletes them."""
    sums: dict[tuple[Any, ...], _Sum] = {}
    for event in events:
        day = event.occurred_at.astimezone(UTC).date()
        style = OWN if event.style.startswith(PersonalStyle.PREFIX) else event.style
        key: tuple[Any, ...] = (day, event.kind, style, event.category, event.surface, event.currency)
        total = sums.setdefault(key, _Sum())
        total.events += 1
        total.quantity += event.quantity
        total.value += event.value or 0
    for key, total in sums.items():
        row, _ = StyleTotal.objects.get_or_create(**dict(zip(KEYS, key, strict=True)))
        StyleTotal.objects.filter(pk=row.pk).update(
            events=F("events") + total.events,
            quantity=F("quantity") + total.quantity,
            value=F("value") + total.value,
        )
