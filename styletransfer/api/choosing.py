"""``?style=`` in the API: the address alone decides, so answers may be cached by it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from styletransfer.delivery.choosing import ORIGINAL, PARAMETER, Chooser, chooser_for
from styletransfer.delivery.prefetch import with_styled

_DESCRIPTION = "Slug of the preset to show, or “original”. The shop's default if left out."
STYLE_PARAMETER = OpenApiParameter(PARAMETER, str, OpenApiParameter.QUERY, description=_DESCRIPTION)


def checked_chooser(request: Request | None) -> Chooser:
    """The request's chooser, without cookies.

    Raises:
        ValidationError: ``?style=`` names no offered preset; the text lists those that are.
    """
    chooser = chooser_for(request, use_cookie=False)
    asked = chooser.asked
    if asked and not chooser.knows(asked):
        known = ", ".join([ORIGINAL, *(preset.slug for preset in chooser.offered)])
        text = _("There is no style “%(style)s”. Choose one of: %(known)s.")
        raise ValidationError({PARAMETER: [text % {"style": asked[:80], "known": known}]})
    return chooser


class StyledPictures(BaseFilterBackend):
    """Add this to a view's ``filter_backends`` to fetch what its ``PictureField`` shows in one query.

    The view's ``styled_through`` names the path from its model to the photos, as ``with_styled`` takes it.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Prefetch the variants of the asked style; 400 for an unknown one."""
        return with_styled(queryset, checked_chooser(request), through=getattr(view, "styled_through", None))

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """``?style=`` in the OpenAPI document."""
        return [
            {
                "name": PARAMETER,
                "in": "query",
                "required": False,
                "description": _DESCRIPTION,
                "schema": {"type": "string"},
            }
        ]
