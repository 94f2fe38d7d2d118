"""Keeping every shopper's history up to date: done by a worker once an hour, read by pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from styletransfer.conf import get_settings
from styletransfer.models import Shopper, StyleTaste
from styletransfer.personalization.taste.history import History
from styletransfer.personalization.taste.replay import (
    COLUMNS,
    Row,
    consenting_shoppers,
    count,
    usable_events,
)

# Events of so many shoppers wait while their histories are built.
_AT_ONCE = 100


def refresh_histories(moment: datetime | None = None) -> int:
    """Build anew the history of every shopper who did something since theirs was built.

    From the events themselves, not by adding to what was there: late, repeated, merged and erased events
    then need no thought.

    Returns:
        how many histories were written.
    """
    moment = moment or timezone.now()
    events = usable_events(moment)
    latest = events.values("shopper_id").annotate(latest=Max("received_at"))
    as_of = dict(StyleTaste.objects.values_list("shopper_id", "as_of"))
    wanted = [
        row["shopper_id"]
        for row in latest
        if row["shopper_id"] not in as_of or row["latest"] > as_of[row["shopper_id"]]
    ]
    for first in range(0, len(wanted), _AT_ONCE):
        _write(wanted[first : first + _AT_ONCE], moment)
    # Whoever withdrew consent has no history any more.
    StyleTaste.objects.exclude(shopper__in=consenting_shoppers().values("pk")).delete()
    return len(wanted)


@transaction.atomic
def _write(shoppers: list[int], moment: datetime) -> None:
    half_life = get_settings().taste_half_life_days
    # Whoever is erased or merged at this moment is so before, and has no history, or after, and loses it.
    there = Shopper.objects.select_for_update(no_key=True).filter(pk__in=shoppers, merged_into=None)
    alive = list(there.order_by("pk").values_list("pk", flat=True))
    rows = usable_events(moment).filter(shopper__in=alive).order_by("shopper_id", "occurred_at")
    fresh = []
    for shopper, own in groupby(
        (Row(*row) for row in rows.values_list(*COLUMNS)), key=lambda row: row.shopper
    ):
        history = history_of(own, half_life)
        if history is not None:
            history.decay_to(moment, half_life)
            fresh.append(StyleTaste(shopper_id=shopper, history=history.as_json(), as_of=moment))
    StyleTaste.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["shopper"], update_fields=["history", "as_of"]
    )


def history_of(rows: Iterable[Row], half_life_days: float) -> History | None:
    """The history that events in order of time add up to; None without any."""
    history: History | None = None
    for row in rows:
        history = history or History(row.occurred_at)
        count(history, row, half_life_days)
    return history


@transaction.atomic
def merge_histories(old: Shopper, kept: Shopper) -> None:
    """Join the histories of two shoppers who turned out to be one person."""
    pair = {taste.shopper_id: taste for taste in StyleTaste.objects.filter(shopper__in=[old, kept])}
    if old.pk not in pair:
        return
    if kept.pk not in pair:
        StyleTaste.objects.filter(shopper=old).update(shopper=kept)
        return
    joined = History.from_json(pair[kept.pk].history)
    joined.join(History.from_json(pair[old.pk].history), get_settings().taste_half_life_days)
    StyleTaste.objects.filter(shopper=kept).update(
        history=joined.as_json(), as_of=max(pair[old.pk].as_of, pair[kept.pk].as_of)
    )
    StyleTaste.objects.filter(shopper=old).delete()
