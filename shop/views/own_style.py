"""The control "A style of your own" on the page "For you": plain forms, complete without JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from styletransfer.delivery.picks import write_cookie
from styletransfer.models import Purpose, StylePreset
from styletransfer.personalization.consent import allows
from styletransfer.personalization.shoppers import NotTheOwnerError, own_shopper
from styletransfer.personalization.taste.painting import ask_for_style, drop_styles, own_styles, quota
from styletransfer.personalization.taste.personal import PersonalStyleError


def own_styles_of(request: HttpRequest) -> dict[str, Any]:
    """What the control shows: each of the visitor's own styles with its parts, and how many more may be.

    A part is the name of a style and its share in whole per cent.
    """
    try:
        shopper = own_shopper(request)
    except NotTheOwnerError:
        shopper = None
    styles = own_styles(shopper) if shopper is not None else []
    slugs = {slug for style in styles for slug in style.mix}
    names = dict(StylePreset.objects.filter(slug__in=slugs).values_list("slug", "name")) if slugs else {}
    parts = [[(names[slug], round(100 * share)) for slug, share in style.mix.items()] for style in styles]
    return {"styles": list(zip(styles, parts, strict=True)), "left": max(0, quota() - len(styles))}


@require_POST
def own_style(request: HttpRequest) -> HttpResponse:
    """Ask for a style of one's own (``act=ask``) or delete one (``act=drop`` and ``style``)."""
    response = redirect("shop:for-you")
    patch_cache_control(response, private=True, no_store=True)
    try:
        shopper = own_shopper(request)
    except NotTheOwnerError as error:
        messages.error(request, str(error))
        return response
    style = request.POST.get("style", "")
    if request.POST.get("act") == "drop":
        if shopper is not None and style and drop_styles(shopper, style):
            messages.success(request, _("Your style and its pictures are deleted."))
        return response
    if shopper is None or not allows(request, Purpose.PERSONALISATION, by_user=True):
        messages.error(request, _("Allow personal pictures first, on the page \u201cYour data\u201d."))
        return response
    try:
        ask_for_style(shopper)
    except PersonalStyleError as error:
        messages.error(request, str(error))
        return response
    # The readable cookie names looks that everybody knows, never a shopper's own.
    write_cookie(request, response, "")
    messages.success(request, _("Your style is being painted. Photos change as they get ready."))
    return response
