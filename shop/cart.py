"""Putting products into a visitor's cart and taking them out."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shop.models import Cart, CartItem, Product
from shop.models.cart import MAX_QUANTITY
from styletransfer.delivery.choosing import ORIGINAL, Chooser
from styletransfer.delivery.prefetch import with_styled

# Read by the page's script, so that public pages hold nothing personal and stay cacheable.
COUNT_COOKIE = "cart_count"


class CartError(Exception):
    """Why something cannot go into the cart; the text is for the shopper."""


class NotEnoughStockError(CartError):
    """More was asked for than is in stock."""

    def __init__(self, product: Product) -> None:
        if product.stock:
            text = _("Only %(count)d of %(product)s left.") % {"count": product.stock, "product": product}
        else:
            text = _("%(product)s is sold out.") % {"product": product}
        super().__init__(text)


def find_cart(request: HttpRequest) -> Cart | None:
    """This session's cart, if it has one."""
    key = request.session.session_key
    return Cart.objects.filter(session_key=key).first() if key else None


def cart_items(cart: Cart | None, preset: str | Chooser = ORIGINAL) -> list[CartItem]:
    """The cart's lines with products and photos in one query; a preset costs one more for its variants."""
    if cart is None:
        return []
    lines = cart.items.filter(product__is_active=True).select_related("product__main_photo")
    return list(with_styled(lines, preset, through="product__main_photo"))


def cart_total(items: list[CartItem]) -> Decimal:
    """What the lines cost together."""
    return sum((item.total for item in items), Decimal(0))


def add_to_cart(request: HttpRequest, product: Product, quantity: int = 1) -> CartItem:
    """Add ``quantity`` of a product, at most ``MAX_QUANTITY`` in all.

    Raises:
        CartError: the cart would hold more than is in stock, or prices in two currencies.
    """
    if not request.session.session_key:
        # Before the transaction: a session that is rolled back cannot be saved with the response.
        request.session.create()
    with transaction.atomic():
        carts = Cart.objects.select_for_update()
        cart, _created = carts.get_or_create(session_key=request.session.session_key)
        item = cart.items.filter(product=product).first()
        item = item or CartItem(cart=cart, product=product, quantity=0)
        wanted = min(item.quantity + quantity, MAX_QUANTITY)
        if wanted > product.stock:
            raise NotEnoughStockError(product)
        if cart.items.exclude(product__currency=product.currency).exists():
            raise CartError(_("A cart holds prices in one currency; please order these first."))
        item.quantity = wanted
        item.save()
    return item


def set_quantity(item: CartItem, quantity: int) -> None:
    """Change a line; 0 removes it.

    Raises:
        NotEnoughStockError: more than is in stock.
    """
    if quantity == 0:
        item.delete()
        return
    if quantity > item.product.stock:
        raise NotEnoughStockError(item.product)
    item.quantity = quantity
    item.save(update_fields=["quantity"])


def remember_count(response: HttpResponse, count: int) -> None:
    """Tell the browser's script how much is in the cart."""
    if count:
        response.set_cookie(COUNT_COOKIE, str(count), samesite="Lax", max_age=14 * 24 * 3600)
    else:
        response.delete_cookie(COUNT_COOKIE, samesite="Lax")
