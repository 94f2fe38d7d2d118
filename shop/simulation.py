"""A week of made-up shoppers, who come, see what is chosen for them, and answer by their hidden taste.

They go through the code that real ones do: the taste layer draws their styles, ``record`` takes their events.
Only their clock is set back.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction

from shop.models import Product
from styletransfer.conf import get_settings
from styletransfer.delivery.choosing import ORIGINAL
from styletransfer.models import ConsentSource, EventKind, Purpose, Shopper
from styletransfer.personalization.consent import note_decisions
from styletransfer.personalization.decisions import Decision
from styletransfer.personalization.events import NewEvent, record
from styletransfer.personalization.taste.choosing import decide

PREFIX = "simulated-"
NAMED = ("ada", "ben")
PICTURES = 6
DEVICES = ("phone", "phone", "desktop")


@dataclass(frozen=True)
class Person:
    """A made-up shopper.

    Attributes:
        shopper: the row.
        device: what they shop with.
        favourite: slug of the look they like; "original" for the photos.
        category: slug of the category they look into most.
    """

    shopper: Shopper
    device: str
    favourite: str
    category: str


class Week:
    """Shoppers with hidden tastes, and what they do on a day.

    Args:
        looks: slugs of the looks that are liked by somebody.
        count: how many shoppers.
        seed: equal seeds give equal people and equal moods.
    """

    def __init__(self, looks: Sequence[str], count: int, seed: int = 1) -> None:
        self.mood = random.Random(seed)  # noqa: S311  (play, not secrets)
        self.products = list(Product.objects.for_sale().select_related("category"))
        categories = sorted({product.category.slug for product in self.products})
        self.people = []
        for number in range(count):
            place = number % len(looks)
            # Whoever likes a look mostly shops in the same corner of the store; that can be learned from.
            own = number < len(NAMED) or self.mood.random() < 0.8
            category = categories[place % len(categories)] if own else self.mood.choice(categories)
            self.people.append(self._person(number, looks[place], category))

    def _person(self, number: int, favourite: str, category: str) -> Person:
        name = NAMED[number] if number < len(NAMED) else f"{number:04d}"
        user = get_user_model().objects.create_user(f"{PREFIX}{name}")
        key = uuid.UUID(int=self.mood.getrandbits(128), version=4)
        shopper = Shopper.objects.create(user=user, key=key)
        note_decisions(shopper, dict.fromkeys(Purpose, True), ConsentSource.BANNER)
        return Person(shopper, self.mood.choice(DEVICES), favourite, category)

    def live(self, day: datetime, visits: float = 3.0) -> int:
        """One day of visits, in its past; number of pictures seen."""
        seen = 0
        for person in self.people:
            # The named ones come often: their histories are what the demo shows.
            often = 2 * visits if person.shopper.user.username.removeprefix(PREFIX) in NAMED else visits
            for _ in range(max(1, round(self.mood.uniform(0.5, 1.5) * often))):
                seen += self._visit(person, day + timedelta(seconds=self.mood.uniform(8, 22) * 3600))
        return seen

    def _visit(self, person: Person, moment: datetime) -> int:
        decision = decide(person.shopper, person.device) or _default()
        events = list(self._events(person, decision, moment))
        with transaction.atomic():
            record(events, shopper=person.shopper, purposes=frozenset(Purpose), device=person.device)
        return PICTURES

    def _events(self, person: Person, decision: Decision, moment: datetime) -> Iterator[NewEvent]:
        likes = decision.style == person.favourite
        for turn, product in enumerate(self._shown(person)):
            name, then = ("shop.product", str(product.pk)), moment + timedelta(seconds=20 * turn)
            impression = uuid.UUID(int=self.mood.getrandbits(128), version=4)
            yield NewEvent(
                EventKind.IMPRESSION,
                id=impression,
                product=name,
                occurred_at=then,
                decision=decision,
                surface="list",
            )
            if self.mood.random() >= (0.35 if likes else 0.06):
                continue
            kinds = [EventKind.CLICK]
            kinds += [EventKind.ADD_TO_CART] if self.mood.random() < 0.4 else []
            kinds += [EventKind.PURCHASE] if len(kinds) > 1 and self.mood.random() < 0.5 else []
            for step, kind in enumerate(kinds, start=1):
                yield NewEvent(
                    kind,
                    id=uuid.UUID(int=self.mood.getrandbits(128), version=4),
                    product=name,
                    style=decision.style,
                    occurred_at=then + timedelta(seconds=5 * step),
                    impression_id=impression,
                )

    def _shown(self, person: Person) -> list[Product]:
        weights = [6 if product.category.slug == person.category else 1 for product in self.products]
        return self.mood.choices(self.products, weights, k=PICTURES)


def forget_simulated() -> int:
    """Delete every made-up shopper with all they did; how many there were."""
    users = get_user_model().objects.filter(username__startswith=PREFIX)
    count = users.count()
    users.delete()
    return count


def named_shopper(name: str) -> Shopper:
    """One of ``NAMED``."""
    return Shopper.objects.with_consent().get(user__username=f"{PREFIX}{name}")


def _default() -> Decision:
    """What a page shows while no policy is live."""
    return Decision(style=get_settings().default_preset or ORIGINAL, policy="default")
