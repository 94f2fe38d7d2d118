"""The cart's page and what its forms do."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from shop.cart import (
    CartError,
    add_to_cart,
    cart_items,
    cart_total,
    find_cart,
    remember_count,
    set_quantity,
)
from shop.forms import QuantityForm
from shop.looks import carried_style, follow_visitor, look_chooser
from shop.models import CartItem, Product
from shop.models.cart import MAX_QUANTITY
from styletransfer.delivery.choosing import PARAMETER
from styletransfer.personalization.hooks import added_to_cart
from styletransfer.personalization.origin import same_origin_only


@require_safe
@never_cache
def cart_detail(request: HttpRequest) -> HttpResponse:
    """What is in the cart."""
    follow_visitor(request)
    preset = look_chooser(request)
    items = cart_items(find_cart(request), preset)
    context = {
        "items": items,
        "preset": preset,
        "total": cart_total(items),
        "currency": items[0].product.currency if items else "",
        "max_quantity": MAX_QUANTITY,
    }
    return render(request, "shop/cart.html", context)


@same_origin_only
@require_POST
@never_cache
def cart_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a product; answers scripts with JSON and everybody else with the cart."""
    product = get_object_or_404(Product.objects.for_sale(), slug=slug)
    form = QuantityForm(request.POST)
    if not form.is_valid() or not form.cleaned_data["quantity"]:
        problem = _("Choose between 1 and %(most)d pieces.") % {"most": MAX_QUANTITY}
    else:
        problem = _try_to_add(request, product, form.cleaned_data["quantity"])
    count = sum(item.quantity for item in cart_items(find_cart(request)))
    text = problem or _("%(product)s is in your cart.") % {"product": product}
    if request.headers.get("Accept") == "application/json":
        response: HttpResponse = JsonResponse(
            {"count": count, "message": text}, status=409 if problem else 200
        )
    else:
        (messages.error if problem else messages.success)(request, text)
        response = redirect(_cart_address(request))
    remember_count(response, count)
    return response


@require_POST
@never_cache
def cart_update(request: HttpRequest, item_id: int) -> HttpResponse:
    """Change how many, or remove a line, of this visitor's own cart."""
    cart = find_cart(request)
    item = get_object_or_404(CartItem.objects.select_related("product"), pk=item_id, cart=cart)
    form = QuantityForm(request.POST)
    try:
        if "remove" in request.POST:
            set_quantity(item, 0)
        elif form.is_valid():
            set_quantity(item, form.cleaned_data["quantity"])
        else:
            messages.error(request, _("Choose between 0 and %(most)d pieces.") % {"most": MAX_QUANTITY})
    except CartError as problem:
        messages.error(request, str(problem))
    response = redirect(_cart_address(request))
    remember_count(response, sum(line.quantity for line in cart_items(cart)))
    return response


def _try_to_add(request: HttpRequest, product: Product, quantity: int) -> str:
    """What stood in the way, or an empty text."""
    try:
        add_to_cart(request, product, quantity)
    except CartError as problem:
        return str(problem)
    added_to_cart(request, product, quantity, value=quantity * product.price, currency=product.currency)
    return ""


def _cart_address(request: HttpRequest) -> str:
    """The cart in the look of the page that the visitor comes from."""
    parameter = carried_style(request)
    query = f"?{urlencode({PARAMETER: parameter})}" if parameter else ""
    return reverse("shop:cart") + query
