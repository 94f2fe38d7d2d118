"""What a shopper has done, by style and by category; yesterday counts a little more than last month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from styletransfer.models import EventKind

ORIGINAL_KEY = 0
# What is counted by style, in this order.
COUNTS = ("shown", "views", "carts", "purchases", "liking")
_PLACE: Mapping[str, int] = {
    EventKind.IMPRESSION: 0,
    EventKind.VIEW: 1,
    EventKind.CLICK: 1,
    EventKind.ADD_TO_CART: 2,
    EventKind.PURCHASE: 3,
    EventKind.LIKE: 4,
    EventKind.DISLIKE: 4,
    EventKind.PICK: 4,
}
# A category is looked into, tried on, or bought from.
_CATEGORY_WEIGHT: Mapping[str, float] = {
    EventKind.VIEW: 1.0,
    EventKind.CLICK: 1.0,
    EventKind.LIKE: 1.0,
    EventKind.ADD_TO_CART: 3.0,
    EventKind.PURCHASE: 5.0,
}
_FORGOTTEN = 0.01


@dataclass
class History:
    """Decayed counts of one shopper.

    Attributes:
        styles: by key of the preset (0 is the original photo) the counts of ``COUNTS``.
        categories: by category, how much it interests the shopper.
        as_of: the time to which everything is decayed.
    """

    as_of: datetime
    styles: dict[int, list[float]] = field(default_factory=dict)
    categories: dict[str, float] = field(default_factory=dict)

    def decay_to(self, moment: datetime, half_life_days: float) -> None:
        """Let time pass; going back does nothing."""
        days = (moment - self.as_of).total_seconds() / 86_400
        if days <= 0:
            return
        factor = 0.5 ** (days / half_life_days)
        self.as_of = moment
        self.styles = {
            key: faded
            for key, counts in self.styles.items()
            if max(map(abs, faded := [count * factor for count in counts])) >= _FORGOTTEN
        }
        self.categories = {
            name: interest * factor
            for name, interest in self.categories.items()
            if interest * factor >= _FORGOTTEN
        }

    def add(
        self, kind: str, style: int | None, category: str, moment: datetime, half_life_days: float
    ) -> None:
        """Count one event; one that is older than ``as_of`` counts for what is left of it."""
        self.decay_to(moment, half_life_days)
        days = max((self.as_of - moment).total_seconds() / 86_400, 0.0)
        amount = 0.5 ** (days / half_life_days)
        if style is not None:
            counts = self.styles.setdefault(style, [0.0] * len(COUNTS))
            counts[_PLACE[kind]] += -amount if kind == EventKind.DISLIKE else amount
        if category and kind in _CATEGORY_WEIGHT:
            self.categories[category] = self.categories.get(category, 0.0) + _CATEGORY_WEIGHT[kind] * amount

    def join(self, other: History, half_life_days: float) -> None:
        """Add what is known of the same person from elsewhere."""
        other.decay_to(self.as_of, half_life_days)
        self.decay_to(other.as_of, half_life_days)
        for key, counts in other.styles.items():
            own = self.styles.setdefault(key, [0.0] * len(COUNTS))
            self.styles[key] = [mine + theirs for mine, theirs in zip(own, counts, strict=True)]
        for name, interest in other.categories.items():
            self.categories[name] = self.categories.get(name, 0.0) + interest

    def copy(self) -> History:
        """An independent copy."""
        styles = {key: list(counts) for key, counts in self.styles.items()}
        return History(self.as_of, styles, dict(self.categories))

    def engagement(self) -> Iterator[tuple[int, float]]:
        """By style, how much the shopper took to it: purchases weigh most, mere views least."""
        for key, (_, views, carts, purchases, liking) in self.styles.items():
            yield key, max(views + 3 * carts + 5 * purchases + 3 * liking, 0.0)

    def as_json(self) -> dict[str, Any]:
        """Plain data for a JSON column and for the shopper's export."""
        return {
            "as_of": self.as_of.isoformat(),
            "styles": {
                str(key): dict(zip(COUNTS, (round(count, 4) for count in counts), strict=True))
                for key, counts in self.styles.items()
            },
            "categories": {name: round(interest, 4) for name, interest in self.categories.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> History:
        """The way back; counts that a later version adds are left out."""
        as_of = parse_datetime(stored["as_of"])
        if as_of is None:
            raise ValueError(f"{stored['as_of']!r} is not a time.")
        styles = {
            int(key): [float(counts.get(name, 0.0)) for name in COUNTS]
            for key, counts in stored["styles"].items()
        }
        return cls(as_of, styles, {name: float(value) for name, value in stored["categories"].items()})
