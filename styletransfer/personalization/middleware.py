"""The shopper's cookie, and pages that depend on it kept out of shared caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

from styletransfer.personalization import consent
from styletransfer.personalization.shoppers import apply_cookie, was_read


class ShopperMiddleware:
    """Set or delete the shopper's cookie after login, logout and consent; mark personal pages private.

    It looks at nothing itself: a page on which nobody asked who is looking is left alone, ``Vary`` included.
    Put it after ``SessionMiddleware``; the order otherwise does not matter.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, then write what was remembered on it."""
        response = self.get_response(request)
        if was_read(request):
            patch_cache_control(response, private=True)
        if apply_cookie(request, response) and consent.COOKIE not in response.cookies:
            # The browser has become somebody else's at login or logout, and goes by their decisions.
            consent.follow(request, response)
        return response
