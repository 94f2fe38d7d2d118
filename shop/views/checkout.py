"""Checkout and the confirmation of an order."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from shop.cart import CartError, cart_items, cart_total, find_cart, remember_count
from shop.checkout import EmptyCartError, place_order
from shop.forms import CheckoutForm
from shop.models import Cart, Order
from styletransfer.personalization.hooks import OrderLine, purchased


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask where the order goes, then place it."""
    cart = find_cart(request)
    items = cart_items(cart)
    if cart is None or not items:
        messages.info(request, _("There is nothing in your cart to order."))
        return redirect("shop:cart")
    form = CheckoutForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _order(request, cart, form)
    context = {
        "form": form,
        "items": items,
        "total": cart_total(items),
        "currency": items[0].product.currency,
    }
    return render(request, "shop/checkout.html", context, status=400 if form.errors else 200)


@require_safe
@never_cache
def order_detail(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """The confirmation, for whoever has its address."""
    order = get_object_or_404(Order, token=token)
    return render(request, "shop/order.html", {"order": order, "items": order.items.all()})


def _order(request: HttpRequest, cart: Cart, form: CheckoutForm) -> HttpResponse:
    try:
        order = place_order(cart, form.cleaned_data)
    except EmptyCartError:
        messages.info(request, _("This cart has been ordered already."))
        return redirect("shop:cart")
    except CartError as problem:
        messages.error(request, str(problem))
        return redirect("shop:cart")
    lines = [
        OrderLine(item.product, item.quantity, item.total) for item in order.items.select_related("product")
    ]
    purchased(request, lines, reference=order.token, currency=order.currency)
    response = redirect(order)
    remember_count(response, 0)
    return response
