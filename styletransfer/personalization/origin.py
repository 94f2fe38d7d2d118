"""Requests that only the shop's own pages may send, from pages that carry no CSRF token.

A token in a public page would tie every copy of it to one visitor's cookie and keep caches from sharing it;
``navigator.sendBeacon`` cannot send one either. Browsers state where a request comes from, and pages cannot
forge it: ``Origin``, else ``Sec-Fetch-Site``, else ``Referer``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]


def is_same_origin(request: Any) -> bool:
    """Whether a page of this site, or of one in ``CSRF_TRUSTED_ORIGINS``, sent the request."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return _is_ours(request, origin)
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return bool(site == "same-origin")
    return _is_ours(request, request.headers.get("Referer", ""))


def same_origin_only(view: View) -> View:
    """Answer 403 to requests from elsewhere; stands in for the CSRF check."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_same_origin(request):
            return HttpResponseForbidden(_("This can only be sent from the shop's own pages."))
        return view(request, *args, **kwargs)

    return csrf_exempt(guarded)


def _is_ours(request: Any, address: str) -> bool:
    parts = urlsplit(address)
    sent = f"{parts.scheme}://{parts.netloc}"
    return sent == f"{request.scheme}://{request.get_host()}" or sent in settings.CSRF_TRUSTED_ORIGINS
