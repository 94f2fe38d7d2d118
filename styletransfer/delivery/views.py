"""Picking a style without JavaScript, and the small uncached answer that personalises cached pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_POST

from styletransfer.delivery.choosing import ORIGINAL, PARAMETER, chooser_for
from styletransfer.delivery.picks import remember_pick
from styletransfer.delivery.switcher import style_options

_additions: dict[str, Callable[[HttpRequest], dict[str, Any]]] = {}


@require_POST
@csrf_protect
@cache_control(private=True, no_store=True)
def pick_style(request: HttpRequest) -> HttpResponse:
    """Remember ``style`` (a slug, "original", or "" to let the shop choose); back to ``next`` on this site.

    A request that accepts JSON gets ``{"style": ...}`` instead of the redirect.
    """
    style = request.POST.get(PARAMETER, "")
    chooser = chooser_for(request)
    if style and not chooser.knows(style):
        known = ", ".join([ORIGINAL, *(preset.slug for preset in chooser.offered)])
        text = _("There is no style “%(style)s”. Choose one of: %(known)s.") % {
            "style": style[:80],
            "known": known,
        }
        return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
    response: HttpResponse
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        response = JsonResponse({"style": style})
    else:
        response = HttpResponseRedirect(_safe_next(request))
    remember_pick(request, response, style)
    return response


def add_to_state(name: str, add: Callable[[HttpRequest], dict[str, Any]]) -> None:
    """Let a later layer say more in ``style_state``; called after the style was chosen. Replaces by name."""
    _additions[name] = add


@require_GET
@cache_control(private=True, no_store=True)
def style_state(request: HttpRequest) -> JsonResponse:
    """The style chosen for this visitor and those offered, for scripts on cached pages."""
    choice = chooser_for(request).choice
    added = {key: value for add in _additions.values() for key, value in add(request).items()}
    return JsonResponse(
        {
            **added,
            "style": choice.preset or ORIGINAL,
            "reason": choice.reason,
            "offered": [
                {"style": option.value, "name": option.name, "description": option.description}
                for option in style_options(request)
            ],
        }
    )


def _safe_next(request: HttpRequest) -> str:
    """Where to go back to: on this site only, without a ``style`` that would outrank the new pick."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return "/"
    parts = urlsplit(target)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != PARAMETER]
    return urlunsplit(parts._replace(query=urlencode(query)))
