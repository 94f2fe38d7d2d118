"""The forms of the banner and of the "my data" page; they work without JavaScript.

They carry no CSRF token, because the banner is part of public pages, which caches share; the browser's word
on where a form comes from stands in for it (see ``origin.py``).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from styletransfer.models import ConsentSource, Purpose
from styletransfer.personalization.consent import decide, write_cookie
from styletransfer.personalization.erasure import erase
from styletransfer.personalization.export import export
from styletransfer.personalization.origin import same_origin_only
from styletransfer.personalization.shoppers import NotTheOwnerError, apply_cookie, own_shopper, remember

_DECISIONS = ("accept", "decline", "save")
_private = cache_control(private=True, no_store=True)


@require_POST
@same_origin_only
@_private
def consent(request: HttpRequest) -> HttpResponse:
    """Write a decision: ``decision`` is "accept" or "decline" for all purposes, or "save" for those ticked.

    Goes back to the page it came from; a request that accepts JSON gets ``{"allowed": [...]}``.
    """
    decision = request.POST.get("decision", "")
    if decision not in _DECISIONS:
        text = _("Choose one of: %(known)s.") % {"known": ", ".join(_DECISIONS)}
        return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
    try:
        own_shopper(request)
    except NotTheOwnerError as error:
        return HttpResponseForbidden(str(error))
    answers = {
        purpose: decision == "accept" or (decision == "save" and purpose.value in request.POST)
        for purpose in Purpose
    }
    source = ConsentSource.BANNER if request.POST.get("source") == "banner" else ConsentSource.PAGE
    _shopper, allowed = decide(request, answers, source)
    response: HttpResponse
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        response = JsonResponse({"allowed": sorted(purpose.value for purpose in allowed)})
    else:
        response = HttpResponseRedirect(_back(request))
    write_cookie(request, response, allowed)
    apply_cookie(request, response)
    return response


@require_GET
@_private
def my_data(request: HttpRequest) -> HttpResponse:
    """Everything that is kept about whoever asks, as a file."""
    try:
        shopper = own_shopper(request)
    except NotTheOwnerError as error:
        return HttpResponseForbidden(str(error))
    response = JsonResponse(export(shopper), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@require_POST
@same_origin_only
@_private
def erase_me(request: HttpRequest) -> HttpResponse:
    """Erase whoever asks, if ``sure`` is ticked, and forget the browser."""
    if not request.POST.get("sure"):
        text = _("Nothing was erased. Go back and tick that you are sure.")
        return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
    try:
        shopper = own_shopper(request)
    except NotTheOwnerError as error:
        return HttpResponseForbidden(str(error))
    if shopper is not None:
        erase(shopper)
    response = HttpResponseRedirect(_back(request))
    remember(request, None)
    apply_cookie(request, response)
    write_cookie(request, response, frozenset())
    return response


def _back(request: HttpRequest) -> str:
    """The page of this site that the form was on, else the first page."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(
        referer, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return "/"
    parts = urlsplit(referer)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
