"""Remembering a pick: with the shopper where they allowed it, in a cookie of this visit otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from styletransfer.delivery.choosing import COOKIE, COOKIE_SECONDS, forget_choice

# Given the request and a slug, "original", or "" (let the shop choose); keeps the pick with the request's
# shopper and returns whether it did.
PickWriter = Callable[[Any, str], bool]

_pick_writers: list[PickWriter] = []


def set_pick_writer(writer: PickWriter | None) -> None:
    """Say where picks of recognised shoppers are kept. None forgets it."""
    _pick_writers[:] = [writer] if writer is not None else []


def remember_pick(request: Any, response: HttpResponseBase, style: str) -> bool:
    """Keep a pick, from now on and for the rest of this request.

    Args:
        request: Django's or REST framework's.
        response: gets the cookie.
        style: a slug that is offered, "original", or "" to let the shop choose.

    Returns:
        Whether it is kept with the shopper; if not, it lasts as long as the browser's session.
    """
    is_kept = any(writer(request, style) for writer in _pick_writers)
    plain: HttpRequest = getattr(request, "_request", request)
    write_cookie(plain, response, style, is_lasting=is_kept)
    if style:
        plain.COOKIES[COOKIE] = style
    else:
        plain.COOKIES.pop(COOKIE, None)
    forget_choice(plain)
    return is_kept


def write_cookie(
    request: HttpRequest, response: HttpResponseBase, style: str | None, *, is_lasting: bool = False
) -> None:
    """Set the first-party cookie that holds a pick; "" forgets it.

    Scripts may read it: it names a look and nobody, and a cached page's script applies it without asking.

    Args:
        request: tells whether the connection is secure.
        response: gets the cookie.
        style: a slug, "original" or "".
        is_lasting: for a year instead of for the browser's session.
    """
    if not style:
        response.delete_cookie(COOKIE, samesite="Lax")
        return
    response.set_cookie(
        COOKIE,
        style,
        max_age=COOKIE_SECONDS if is_lasting else None,
        samesite="Lax",
        secure=request.is_secure(),
    )
