"""Template tags of the store's pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.db.models import QuerySet
from django.urls import reverse

from shop.looks import carried_style, style_address
from shop.models import Category
from shop.money import money as format_money
from styletransfer.delivery.choosing import PARAMETER

register = template.Library()

# Query values that are the page's plain state and need no place in its address.
PLAIN = {"sort": "featured", "page": 1}


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """``{{ product.price|money:product.currency }}``."""
    return format_money(amount, currency)


@register.filter
def at_most(number: int, limit: int) -> bool:
    """Whether a loop has come no further than ``limit``."""
    return number <= limit


@register.simple_tag
def shop_categories() -> QuerySet[Category]:
    """All departments, for the navigation."""
    return Category.objects.all()


@register.simple_tag(takes_context=True)
def store_url(context: template.Context, view: str, *args: Any, **query: Any) -> str:
    """Like ``{% url %}``, keeping the look of this page; keywords become the query."""
    parameters = {key: value for key, value in query.items() if value != PLAIN.get(key)}
    style = carried_style(context.get("request"))
    if style is not None:
        parameters[PARAMETER] = style
    address = reverse(view, args=[arg for arg in args if arg])
    return f"{address}?{urlencode(parameters)}" if parameters else address


@register.simple_tag(takes_context=True)
def style_query(context: template.Context) -> str:
    """``?style=oil`` to append to an address, or nothing."""
    style = carried_style(context.get("request"))
    return "" if style is None else f"?{urlencode({PARAMETER: style})}"


@register.inclusion_tag("shop/_switcher.html", takes_context=True)
def look_switcher(context: template.Context, *, compact: bool = False) -> dict[str, Any]:
    """Chips for the page's ``looks``: plain links to it in another look, which scripts make instant."""
    request, looks = context["request"], context["looks"]
    return {
        "chips": [{"look": look, "address": style_address(request, look.parameter)} for look in looks],
        "current": next((look for look in looks if look.current), looks[0]),
        "compact": compact,
    }
