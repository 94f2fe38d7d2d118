"""Forms on public, cacheable pages: no CSRF token in them, but the browser's word on where they come from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]


def same_origin_only(view: View) -> View:
    """Accept a POST only when its ``Origin`` is this site, which browsers send and pages cannot forge.

    A token in the page would tie every copy of it to one visitor's cookie and keep caches from sharing it.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        origin = urlsplit(request.headers.get("Origin", ""))
        if (origin.scheme, origin.netloc) != (request.scheme, request.get_host()):
            return HttpResponseForbidden(_("This form can only be sent from the store's own pages."))
        return view(request, *args, **kwargs)

    return csrf_exempt(guarded)
