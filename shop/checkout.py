"""Turning a cart into an order."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

from shop.cart import NotEnoughStockError, cart_items, cart_total
from shop.models import Cart, Order, OrderItem, Product


class EmptyCartError(Exception):
    """There is nothing to order, or another click has ordered it already."""


@transaction.atomic
def place_order(cart: Cart, address: dict[str, Any]) -> Order:
    """Order all that is in the cart, take it from the stock, and empty the cart.

    Two clicks at once make one order: the second waits for the cart's row and finds it gone.

    Args:
        cart: the visitor's cart.
        address: name, email, street, postcode, city and country, already validated.

    Raises:
        EmptyCartError: nothing to order.
        NotEnoughStockError: somebody else was faster; nothing is changed.
    """
    locked = Cart.objects.select_for_update().filter(pk=cart.pk).first()
    items = cart_items(locked)
    if locked is None or not items:
        raise EmptyCartError
    for item in sorted(items, key=lambda line: line.product_id):
        taken = Product.objects.filter(pk=item.product_id, stock__gte=item.quantity).update(
            stock=F("stock") - item.quantity
        )
        if not taken:
            item.product.refresh_from_db(fields=["stock"])
            raise NotEnoughStockError(item.product)
    order = Order.objects.create(**address, currency=items[0].product.currency, total=cart_total(items))
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            product=item.product,
            name=item.product.name,
            unit_price=item.product.price,
            quantity=item.quantity,
        )
        for item in items
    )
    locked.delete()
    return order
