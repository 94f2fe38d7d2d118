"""What the store's pages recommend: the row of the front page, "For you", and what goes with a product."""

from __future__ import annotations

from django.http import HttpRequest

from shop.models import Product
from styletransfer.delivery.choosing import Chooser
from styletransfer.models import Purpose
from styletransfer.personalization.consent import allows
from styletransfer.personalization.recommendations.ranking import ReasonCode
from styletransfer.personalization.recommendations.serving import (
    Page,
    Recommendation,
    goes_well_with,
    recommendations,
)
from styletransfer.personalization.shoppers import shopper_of
from styletransfer.products import get_product

ROW = 6
BESIDE = 4
# What is merely popular or new does not "go well with" anything.
_TOGETHER = frozenset({ReasonCode.VIEWED, ReasonCode.BOUGHT_TOGETHER, ReasonCode.PINNED})


def popular_row(preset: str | Chooser) -> tuple[Recommendation, ...]:
    """The row of the public front page: the same for everybody."""
    return recommendations(get_product(Product), None, preset, count=ROW).entries


def for_visitor(request: HttpRequest, preset: str | Chooser, *, count: int, cursor: str = "") -> Page:
    """For the visitor who asks, where they allow personal pictures; for everybody otherwise.

    Raises:
        BadCursorError: the cursor is not one of this list.
    """
    shopper = (
        shopper_of(request, by_user=True) if allows(request, Purpose.PERSONALISATION, by_user=True) else None
    )
    return recommendations(get_product(Product), shopper, preset, count=count, cursor=cursor)


def goes_with(product: Product, preset: str | Chooser) -> list[Recommendation]:
    """What others looked at or bought along with a product: the same for everybody."""
    found = goes_well_with(get_product(Product), product, preset, count=BESIDE)
    return [entry for entry in found if entry.code in _TOGETHER]
