"""What the store shows one visitor alone: the page "For you", and a row that scripts put elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from shop.looks import current_look, follow_visitor, look_chooser, looks_for
from shop.recommending import ROW, for_visitor
from shop.views.own_style import own_styles_of
from styletransfer.models import Purpose
from styletransfer.personalization.consent import allows
from styletransfer.personalization.picks import pick_of
from styletransfer.personalization.recommendations.cursors import BadCursorError

PAGE_SIZE = 12


@require_safe
def for_you(request: HttpRequest) -> HttpResponse:
    """Products for this visitor, each with its reason; complete without JavaScript."""
    follow_visitor(request)
    preset = look_chooser(request)
    try:
        page = for_visitor(request, preset, count=PAGE_SIZE, cursor=request.GET.get("cursor", ""))
    except BadCursorError:
        return _unkept(redirect("shop:for-you"))
    is_allowed = allows(request, Purpose.PERSONALISATION, by_user=True)
    context = {
        "page": page,
        "preset": preset,
        "looks": looks_for(request),
        "picked": pick_of(request).style,
        "is_for_you": True,
        "is_allowed": is_allowed,
        "own": own_styles_of(request) if is_allowed else None,
    }
    return _unkept(render(request, "shop/for_you.html", context))


@require_safe
def for_you_row(request: HttpRequest) -> HttpResponse:
    """The front page's row for this visitor, as a fragment in the look of the page it goes into."""
    preset = current_look(request)
    page = for_visitor(request, preset, count=ROW)
    context = {"row": page.entries, "preset": preset, "is_personal": page.is_personal}
    return _unkept(render(request, "shop/_row.html", context))


def _unkept(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_store=True)
    return response
