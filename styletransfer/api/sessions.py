"""Signed-in users and shoppers' cookies in requests that cannot carry a CSRF token, such as beacons."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.authentication import SessionScheme
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from styletransfer.api.limits import AnonThrottle, UserThrottle
from styletransfer.models import Shopper
from styletransfer.personalization.origin import is_same_origin
from styletransfer.personalization.shoppers import NotTheOwnerError, own_shopper

_NOT_OURS = _("This can only be sent from the shop's own pages.")


class SameOriginSession(SessionAuthentication):
    """Django's session, trusted for unsafe methods when the shop's own page sent the request."""

    def enforce_csrf(self, request: Request) -> None:
        """Ask where the request comes from instead of for a token."""
        plain = request._request
        if request.method not in SAFE_METHODS and not is_same_origin(plain):
            raise PermissionDenied(_NOT_OURS)


class SameOriginSessionScheme(SessionScheme):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = "styletransfer.api.sessions.SameOriginSession"
    name = "sameOriginCookie"


class OwnPagesOnly(BasePermission):
    """Whoever comes by cookie must come from the shop's own pages; tokens may come from anywhere."""

    message = _NOT_OURS

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Reading is free: other sites cannot see the answer."""
        by_token = request.successful_authenticator is not None and not isinstance(
            request.successful_authenticator, SameOriginSession
        )
        return by_token or request.method in SAFE_METHODS or is_same_origin(request._request)


class PersonalView(APIView):
    """A view about the shopper who asks: never cached, for cookies of our own pages and for tokens."""

    permission_classes = [OwnPagesOnly]
    throttle_classes = [AnonThrottle, UserThrottle]

    def get_authenticators(self) -> list[BaseAuthentication]:
        """The project's own, with the session's CSRF token replaced by where the request comes from."""
        classes: list[type[BaseAuthentication]] = list(api_settings.DEFAULT_AUTHENTICATION_CLASSES)  # type: ignore[arg-type]
        others = [one() for one in classes]
        return [SameOriginSession(), *(one for one in others if not isinstance(one, SessionAuthentication))]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep the answer out of every cache."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response


def owner_of(request: Request) -> Shopper | None:
    """The shopper whose own data a request is about; None where there is none.

    Raises:
        PermissionDenied: the browser is an account's, but nobody has signed in to it now.
    """
    try:
        return own_shopper(request)
    except NotTheOwnerError as error:
        raise PermissionDenied(str(error)) from error
