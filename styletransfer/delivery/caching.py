"""Pages in a style and caches: public pages are kept per style, personal ones stay out of shared caches.

A page whose style is in its URL (``?style=oil``) is the same for everybody and caches as it is. A page
whose style came from the cookie is personal, though it carries no ``Vary: Cookie``, which would
keep a copy per visitor. ``StyleCookieMiddleware`` marks such pages private; ``cache_page_per_style``
caches them on the server, one copy per style.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_page

from styletransfer.delivery.choosing import COOKIE, ORIGINAL, chooser_for
from styletransfer.delivery.picks import write_cookie

View = Callable[..., HttpResponse]


class StyleCookieMiddleware:
    """Remember ``?style=`` in the cookie, and mark pages whose style came from it as private.

    It decides nothing itself: a page that never asked for a style is left alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, then look at how its style was chosen."""
        response = self.get_response(request)
        for chooser in request.__dict__.get("_styletransfer_choosers", {}).values():
            rules = chooser.__dict__.get("rules")
            if rules is None or not chooser.use_cookie:
                continue
            reasons = {rule.choice.reason for rule in rules}
            if "url" in reasons:
                if request.COOKIES.get(COOKIE) != chooser.asked:
                    write_cookie(request, response, chooser.asked)
            elif reasons - {"default", "original"}:
                patch_cache_control(response, private=True)
        return response


def cache_page_per_style(timeout: float, **options: Any) -> Callable[[View], View]:
    """``cache_page`` with one copy per style, however the style was chosen.

    Args:
        timeout: seconds.
        options: ``cache`` and ``key_prefix`` as for ``cache_page``.
    """
    prefix = options.pop("key_prefix", "") or ""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            style = chooser_for(request).preset or ORIGINAL
            cached = cache_page(timeout, key_prefix=f"{prefix}style:{style}", **options)(view)
            return cached(request, *args, **kwargs)

        return wrapper

    return decorator
