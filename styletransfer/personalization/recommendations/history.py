"""What one shopper did lately, read with one query, and what of it rules products out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType

from styletransfer.conf import get_settings
from styletransfer.models import EventKind, Purpose, Shopper, StyleEvent
from styletransfer.personalization.recommendations.ranking import (
    SIGN_WEIGHTS,
    Deed,
    Seed,
    Sign,
    seeds_of,
)
from styletransfer.prepared import Prepared
from styletransfer.products import ProductModel

MOST_DEEDS = 200
# Read beyond those, so that what is done between two pages pushes nothing out of the history of the first.
DEEDS_BETWEEN_PAGES = 50
MOST_CATEGORIES = 3
SIGNS = {
    EventKind.CLICK: Sign.LOOKED,
    EventKind.VIEW: Sign.LOOKED,
    EventKind.LIKE: Sign.LIKED,
    EventKind.DISLIKE: Sign.DISLIKED,
    EventKind.ADD_TO_CART: Sign.CARTED,
    EventKind.PURCHASE: Sign.BOUGHT,
}
# Signs after which a product is not recommended to the same shopper for a while.
_SETTLED = frozenset({Sign.CARTED, Sign.BOUGHT})


@dataclass(frozen=True)
class History:
    """A shopper's history as the list's first page saw it, and what has been settled since.

    Attributes:
        deeds: what was known at the time of the first page.
        settled: keys of products bought, put into the cart or disliked by now: never recommended.
    """

    deeds: tuple[Deed, ...] = ()
    settled: frozenset[str] = frozenset()

    @property
    def seeds(self) -> list[Seed]:
        """See ``seeds_of``."""
        return seeds_of(self.deeds)

    @property
    def seen(self) -> frozenset[str]:
        """Keys of all products in it."""
        return frozenset(deed.key for deed in self.deeds)

    def categories(self) -> list[str]:
        """The categories that the shopper did most in, at most ``MOST_CATEGORIES``."""
        weights: Counter[str] = Counter()
        for deed in self.deeds:
            if deed.category and deed.sign in SIGN_WEIGHTS:
                weights[deed.category] += int(SIGN_WEIGHTS[deed.sign])
        ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        return [name for name, _ in ordered[:MOST_CATEGORIES]]


def read_history(shopper: Shopper, product: ProductModel, as_of: datetime, now: datetime) -> History:
    """The shopper's last deeds with products of one model; one query.

    Args:
        shopper: one who allows personal pictures.
        product: which products.
        as_of: when the list was begun; later deeds only settle products.
        now: the present.
    """
    content_type = ContentType.objects.get_for_model(product.model)
    return _history(_DEEDS.rows(shopper=shopper.pk, content_type=content_type.pk), as_of, now)


_DEEDS = Prepared(
    StyleEvent,
    lambda shopper, content_type: (
        StyleEvent.objects.usable_for(Purpose.PERSONALISATION)
        .filter(shopper_id=shopper, content_type_id=content_type, kind__in=list(SIGNS))
        .order_by("-occurred_at", "-pk")
        .values_list("object_id", "category", "kind", "occurred_at", "received_at")[
            : MOST_DEEDS + DEEDS_BETWEEN_PAGES
        ]
    ),
    shopper="shopper",
    content_type="content_type",
)


def _history(
    rows: Sequence[tuple[str, str, str, datetime, datetime]], as_of: datetime, now: datetime
) -> History:
    deeds = []
    settled = set()
    for key, category, kind, occurred_at, received_at in rows:
        sign = SIGNS[EventKind(kind)]
        is_recent = (now - occurred_at).days < get_settings().bought_days
        if sign is Sign.DISLIKED or (sign in _SETTLED and is_recent):
            settled.add(key)
        if received_at <= as_of:
            age = max(0.0, (as_of - occurred_at).total_seconds() / 86400)
            deeds.append(Deed(key, category, sign, age))
    return History(tuple(deeds[:MOST_DEEDS]), frozenset(settled))
