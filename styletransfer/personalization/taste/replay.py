"""The log of events, replayed: what was shown to whom, what was known of them then, and what followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from styletransfer.conf import get_settings
from styletransfer.delivery.choosing import ORIGINAL
from styletransfer.models import EventKind, Purpose, Shopper, StyleEvent
from styletransfer.models.shopper import GRANTED_PREFIX
from styletransfer.personalization.offpolicy.estimators import LoggedChoices
from styletransfer.personalization.taste.features import FeatureSpace
from styletransfer.personalization.taste.history import ORIGINAL_KEY, History
from styletransfer.personalization.taste.posterior import Impressions
from styletransfer.personalization.taste.thompson import Array

ANSWERS = (EventKind.CLICK, EventKind.ADD_TO_CART, EventKind.PURCHASE, EventKind.LIKE)
# Shown because the shopper asked for it: says nothing about how others would like it.
SELF_CHOSEN = frozenset({"url", "cookie", "picked", "page"})
POLICY_PREFIX = "taste:"
# How long an impression may still be answered before it counts as unanswered.
PATIENCE = timedelta(minutes=30)
# Histories reach the pages by the hour.
REFRESH = timedelta(hours=1)


class Row(NamedTuple):
    """The columns of an event that learning reads."""

    id: UUID
    shopper: int
    kind: str
    style: str
    preset: int | None
    category: str
    device: str
    occurred_at: datetime
    candidates: list[int | None] | None
    propensity: float | None
    policy: str

    @property
    def arm(self) -> int | None:
        """Key of the style: 0 for the original, None where no style was named or the preset is gone."""
        return ORIGINAL_KEY if self.style == ORIGINAL else self.preset


COLUMNS = (
    "id",
    "shopper_id",
    "kind",
    "style",
    "preset_id",
    "category",
    "device",
    "occurred_at",
    "candidates",
    "propensity",
    "policy",
)


@dataclass(frozen=True)
class Replay:
    """Impressions in the model's terms.

    Attributes:
        contexts: (states, features); equal histories share a state.
        affinities: (states, styles, affinities).
        state: (rows,) the state each impression was shown in.
        styles: (rows,) index of the style that was shown.
        rewards: (rows,) 1 where the shopper answered.
        propensities: (rows,) as logged; 1 where nothing was drawn.
        offered: (rows, styles) which styles could have been shown.
        is_drawn: (rows,) whether a taste policy drew the style at random.
        shoppers: (rows,) key of the shopper.
    """

    contexts: Array
    affinities: Array
    state: NDArray[np.int64]
    styles: NDArray[np.int64]
    rewards: Array
    propensities: Array
    offered: NDArray[np.bool_]
    is_drawn: NDArray[np.bool_]
    shoppers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.styles)

    def impressions(self, chosen: NDArray[np.bool_] | None = None) -> Impressions:
        """All or some of the rows, as the model is fitted on them."""
        rows = np.arange(len(self)) if chosen is None else np.flatnonzero(chosen)
        state, styles = self.state[rows], self.styles[rows]
        return Impressions(self.contexts[state], self.affinities[state, styles], styles, self.rewards[rows])

    def logged_choices(self, chosen: NDArray[np.bool_]) -> LoggedChoices:
        """Some of the rows, as policies are evaluated on them."""
        return LoggedChoices(
            self.styles[chosen], self.rewards[chosen], self.propensities[chosen], self.shoppers[chosen]
        )


def consenting_shoppers() -> QuerySet[Shopper]:
    """Whoever allows personal pictures now."""
    allowed = {f"{GRANTED_PREFIX}{Purpose.PERSONALISATION.value}": True}
    return Shopper.objects.with_consent().filter(**allowed)


def usable_events(moment: datetime) -> QuerySet[StyleEvent]:
    """Events up to ``moment`` that may be learned from: allowed when recorded, and not withdrawn since."""
    since = moment - timedelta(days=get_settings().event_days)
    return StyleEvent.objects.usable_for(Purpose.PERSONALISATION).filter(
        shopper__in=consenting_shoppers().values("pk"), occurred_at__range=(since, moment)
    )


def replay(space: FeatureSpace, moment: datetime | None = None) -> Replay:
    """Read the log up to ``moment`` (now if None), no more than ``TASTE_ROWS`` impressions of it."""
    moment = moment or timezone.now()
    events = usable_events(moment)
    answers = events.filter(kind__in=ANSWERS, impression_id__isnull=False)
    answered = {key for key in answers.values_list("impression_id", flat=True) if key is not None}
    builder = _Builder(space, answered, moment - PATIENCE)
    rows = _since_limit(events).order_by("shopper_id", "occurred_at", "pk").values_list(*COLUMNS)
    # One slice at a time: the log may be larger than memory.
    for _, own in groupby((Row(*row) for row in rows.iterator(chunk_size=5000)), key=lambda row: row.shopper):
        builder.add_shopper(own)
    return builder.finished()


def _since_limit(events: QuerySet[StyleEvent]) -> QuerySet[StyleEvent]:
    limit = get_settings().taste_rows
    times = events.filter(kind=EventKind.IMPRESSION).order_by("-occurred_at")
    oldest = times.values_list("occurred_at", flat=True)[limit : limit + 1].first()
    return events if oldest is None else events.filter(occurred_at__gt=oldest)


class _Builder:
    """Collects impressions, shopper by shopper."""

    def __init__(self, space: FeatureSpace, answered: set[UUID], latest: datetime) -> None:
        self.space, self.answered, self.latest = space, answered, latest
        self.place = {key: place for place, key in enumerate(space.styles)}
        self.contexts: list[Array] = []
        self.affinities: list[Array] = []
        self.rows: list[tuple[Any, ...]] = []
        self.offered: list[NDArray[np.bool_]] = []

    def add_shopper(self, rows: Iterable[Row]) -> None:
        """Take in the events of one shopper in order of time."""
        for history, hour in _hours(rows):
            states: dict[str, int] = {}
            for row in hour:
                if row.kind != EventKind.IMPRESSION or row.policy in SELF_CHOSEN:
                    continue
                place = self.place.get(row.arm) if row.arm is not None else None
                if place is None or row.occurred_at > self.latest:
                    continue
                if row.device not in states:
                    states[row.device] = self._state(history, row.device)
                self._add(row, place, states[row.device])

    def _state(self, history: History, device: str) -> int:
        self.contexts.append(self.space.context(history, device))
        self.affinities.append(self.space.affinities(history))
        return len(self.contexts) - 1

    def _add(self, row: Row, place: int, state: int) -> None:
        offered = np.zeros(len(self.space.styles), dtype=bool)
        offered[[self.place[key or 0] for key in row.candidates or () if (key or 0) in self.place]] = True
        offered[place] = True
        is_drawn = row.policy.startswith(POLICY_PREFIX) and row.propensity is not None
        propensity = row.propensity if row.propensity is not None else 1.0
        self.rows.append((state, place, row.id in self.answered, propensity, is_drawn, row.shopper))
        self.offered.append(offered)

    def finished(self) -> Replay:
        """The arrays."""
        styles, features = len(self.space.styles), len(self.space.groups)
        affinities = self.space.affinities(None).shape[1]
        columns = list(zip(*self.rows, strict=True)) or [()] * 6
        state, place, answered, propensity, is_drawn, shopper = columns
        return Replay(
            contexts=np.array(self.contexts).reshape(-1, features),
            affinities=np.array(self.affinities).reshape(-1, styles, affinities),
            state=np.array(state, dtype=np.int64),
            styles=np.array(place, dtype=np.int64),
            rewards=np.array(answered, dtype=np.float64),
            propensities=np.array(propensity, dtype=np.float64),
            offered=np.array(self.offered, dtype=bool).reshape(-1, styles),
            is_drawn=np.array(is_drawn, dtype=bool),
            shoppers=np.array(shopper, dtype=np.int64),
        )


def _hours(rows: Iterable[Row]) -> Iterator[tuple[History, list[Row]]]:
    """The history before each hour, as pages knew it, and the events of that hour."""
    half_life = get_settings().taste_half_life_days
    history: History | None = None
    for hour, group in groupby(rows, key=lambda row: _floor(row.occurred_at)):
        events = list(group)
        if history is None:
            history = History(hour)
        history.decay_to(hour, half_life)
        yield history, events
        for row in events:
            count(history, row, half_life)


def count(history: History, row: Row, half_life_days: float) -> None:
    """Add an event to a history."""
    history.add(row.kind, row.arm, row.category, row.occurred_at, half_life_days)


def _floor(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % REFRESH.total_seconds())
