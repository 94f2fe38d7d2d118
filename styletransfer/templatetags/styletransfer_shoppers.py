"""``{% load styletransfer_shoppers %}``: the consent banner, the script, and marks for what it watches.

None of these tags reads a cookie or writes anything personal, so public pages that use them stay the same
for everybody; ``my_data`` is for a page of the visitor's own.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from styletransfer.conf import get_settings
from styletransfer.personalization.decisions import decision_of, sign_decision
from styletransfer.personalization.hooks import name_of
from styletransfer.personalization.page import my_data as data_of
from styletransfer.personalization.page import purpose_choices

register = template.Library()

_NOTHING = mark_safe("")


@register.simple_tag
def shopper_script() -> SafeString:
    """The script that sends impressions, views and clicks; put it into the head. Nothing without the API."""
    try:
        endpoint = reverse("styletransfer-api:events")
    except NoReverseMatch:
        return _NOTHING
    return format_html(
        '<script src="{}" data-endpoint="{}" data-version="{}" defer></script>',
        static("styletransfer/shopper.js"),
        endpoint,
        get_settings().consent_version,
    )


@register.inclusion_tag("styletransfer/consent_banner.html")
def consent_banner(page: str = "") -> dict[str, Any]:
    """The banner; put it at the end of the body. ``page`` is the address of the shop's privacy page."""
    return {"version": get_settings().consent_version, "page": page, "purposes": purpose_choices()}


@register.inclusion_tag("styletransfer/my_data.html", takes_context=True)
def my_data(context: template.Context) -> dict[str, Any]:
    """What the visitor allows, what is kept, download and erasure; for pages that no cache keeps."""
    return {"my": data_of(context["request"])}


@register.simple_tag
def watched_item(product: Any) -> SafeString:
    """Attribute for the element that shows a product: ``<li {% watched_item product %}>``."""
    return format_html('data-st-item="{}"', ":".join(name_of(product)))


@register.simple_tag
def watched_view(product: Any) -> SafeString:
    """Attribute for an element of the product's own page: its view is sent when the page opens."""
    return format_html('data-st-view="{}"', ":".join(name_of(product)))


@register.simple_tag(takes_context=True)
def watched_context(context: template.Context, surface: str, preset: Any = None) -> SafeString:
    """Attribute for an element in or around items: how their style was decided, signed, and where they are.

    ``preset`` is what ``styled_picture`` is given, where the page decides by itself. A script that changes
    looks in place must take this attribute over with the pictures.
    """
    decision = decision_of(context.get("request"), preset or None)
    return format_html('data-st-context="{}"', sign_decision(decision, surface))
