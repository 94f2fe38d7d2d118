"""What the shop's own code calls when something goes into a cart or is bought.

A server knows these better than a script, and blockers cannot hide them. Nothing is recorded without consent,
and trouble with recording never reaches the shopper: an order is worth more than its measurement.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Model
from django.utils.crypto import salted_hmac

from styletransfer.models import EventKind
from styletransfer.personalization.consent import granted, has_privacy_control
from styletransfer.personalization.devices import device_of
from styletransfer.personalization.events import NewEvent, record
from styletransfer.personalization.shoppers import shopper_of

logger = logging.getLogger(__name__)

_PURCHASES = "styletransfer.purchases"


@dataclass(frozen=True)
class OrderLine:
    """One line of an order: a product, how many, and what they cost together."""

    product: Model
    quantity: int
    total: Decimal


def added_to_cart(
    request: Any, product: Model, quantity: int = 1, *, value: Decimal | None = None, currency: str = ""
) -> None:
    """Note that a product went into the cart. ``value`` is what the whole quantity costs."""
    _record(
        request,
        [
            NewEvent(
                EventKind.ADD_TO_CART,
                product=name_of(product),
                quantity=quantity,
                value=value,
                currency=currency,
            )
        ],
    )


def purchased(request: Any, lines: Iterable[OrderLine], *, reference: object, currency: str) -> None:
    """Note what was ordered; the same order is noted once, however often this is called.

    Args:
        request: the shopper's request.
        lines: what was ordered.
        reference: the order's key. It is not kept: the event ids are hashes of it, keyed with ``SECRET_KEY``,
            so that only the shop itself can tell which order an event is of, and that while the event lives.
        currency: ISO 4217 code.
    """
    _record(
        request,
        [
            NewEvent(
                EventKind.PURCHASE,
                id=_purchase_id(f"{reference}:{':'.join(name_of(line.product))}:{number}"),
                product=name_of(line.product),
                quantity=line.quantity,
                value=line.total,
                currency=currency,
            )
            for number, line in enumerate(lines)
        ],
    )


def style_picked(request: Any, style: str) -> None:
    """Note that a shopper picked a style: its slug, or "original"."""
    _record(request, [NewEvent(EventKind.PICK, style=style)])


def name_of(product: Model) -> tuple[str, str]:
    """How events name a product: label of its model, and its key as text."""
    model = type(product)._meta.concrete_model or type(product)
    return model._meta.label_lower, str(product.pk)


def _purchase_id(line: str) -> uuid.UUID:
    """The id of a line's event. Orders are often numbered, so a hash without a key could be guessed back."""
    return uuid.UUID(bytes=salted_hmac(_PURCHASES, line, algorithm="sha256").digest()[:16], version=5)


def _record(request: Any, batch: Sequence[NewEvent]) -> None:
    if has_privacy_control(request):
        return
    try:
        with transaction.atomic():
            shopper = shopper_of(request, by_user=True)
            if shopper is not None:
                purposes, device = granted(shopper), device_of(request)
                record(batch, shopper=shopper, purposes=purposes, device=device)
    except DatabaseError as error:
        # Without the traceback: a database puts the values of the row into its messages.
        logger.error("An event could not be recorded: %s", type(error).__name__)  # noqa: TRY400
