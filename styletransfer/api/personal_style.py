"""``me/style/personal/``: a style mixed from the taste of the shopper who asks, and painted for them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from styletransfer.api.sessions import PersonalView, owner_of
from styletransfer.delivery.choosing import forget_choice
from styletransfer.delivery.picks import write_cookie
from styletransfer.models import Purpose, Shopper, StylePreset
from styletransfer.personalization.consent import allows
from styletransfer.personalization.taste.painting import (
    TooManyAsksError,
    ask_for_style,
    drop_styles,
    own_styles,
    quota,
)
from styletransfer.personalization.taste.personal import MOST_PARTS, PersonalStyleError

_STYLE = OpenApiParameter("style", str, description="Only this one of the shopper's own styles.")


class PersonalStyleAskSerializer(serializers.Serializer[Any]):
    """What to mix."""

    mix = serializers.DictField(
        child=serializers.FloatField(min_value=0),
        required=False,
        allow_empty=False,
        help_text=f"Shares by slug of one to {MOST_PARTS} offered styles; the shopper's taste if left out.",
    )


class OwnStyleSerializer(serializers.Serializer[Any]):
    """A style of the shopper's own."""

    style = serializers.CharField(  # type: ignore[assignment]  # a field's option of that name
        source="slug", help_text="Slug."
    )
    name = serializers.CharField()
    mix = serializers.DictField(child=serializers.FloatField(), help_text="Shares by slug; they sum to 1.")
    state = serializers.ChoiceField(
        choices=["painting", "ready", "failed"], help_text="“failed”: nothing could be painted."
    )
    painted = serializers.IntegerField(help_text="Photos that are painted; they are shown at once.")
    wanted = serializers.IntegerField(help_text="Photos that were asked for.")
    is_picked = serializers.BooleanField(help_text="Whether it is what this shopper's pages show.")


class PersonalStylesSerializer(serializers.Serializer[Any]):
    """The shopper's own styles, and whether there may be more."""

    is_allowed = serializers.BooleanField(help_text="Whether the shopper allows personal pictures.")
    quota = serializers.IntegerField(help_text="How many a shopper may have.")
    left = serializers.IntegerField(help_text="How many more this shopper may have.")
    styles = OwnStyleSerializer(many=True)


class PersonalStyleView(PersonalView):
    """Styles of the shopper's own, painted because they asked."""

    @extend_schema(summary="This shopper's own styles.", responses=PersonalStylesSerializer)
    def get(self, request: Request) -> Response:
        """The present state."""
        return Response(_state(request, owner_of(request)))

    @extend_schema(
        summary="Ask for a style mixed from this shopper's taste.",
        request=PersonalStyleAskSerializer,
        responses={
            202: PersonalStylesSerializer,
            429: OpenApiResponse(description="Asked too often: by this client, or for this shopper."),
        },
    )
    def post(self, request: Request) -> Response:
        """Mix it, have photos painted in it, and show it from now on as far as it is painted."""
        serializer = PersonalStyleAskSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        shopper = owner_of(request)
        if shopper is None or not allows(request, Purpose.PERSONALISATION, by_user=True):
            raise PermissionDenied(_("Allow personal pictures first."))
        mix = serializer.validated_data.get("mix")
        try:
            ask_for_style(shopper, _by_key(mix) if mix is not None else None)
        except TooManyAsksError as error:
            raise Throttled(detail=str(error)) from error
        except PersonalStyleError as error:
            raise ValidationError({"mix": [str(error)]}) from error
        response = Response(status=status.HTTP_202_ACCEPTED)
        # The readable cookie names looks that everybody knows, never a shopper's own.
        write_cookie(request._request, response, "")
        forget_choice(request)
        response.data = _state(request, shopper)
        return response

    @extend_schema(
        summary="Delete this shopper's own styles with their pictures.",
        parameters=[_STYLE],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        """All of them, or the named one. It needs no consent: a shopper may always delete."""
        style = request.query_params.get("style", "")
        shopper = owner_of(request)
        dropped = drop_styles(shopper, style) if shopper is not None else 0
        if style and not dropped:
            raise NotFound(_("You have no such style."))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _by_key(mix: dict[str, float]) -> dict[int, float]:
    """Shares by key of the preset; one that does not exist gets the key 0, which none has."""
    keys = dict(StylePreset.objects.offered().filter(slug__in=mix).values_list("slug", "pk"))
    return {keys.get(slug, 0): share for slug, share in mix.items()}


def _state(request: Request, shopper: Shopper | None) -> dict[str, Any]:
    styles = own_styles(shopper) if shopper is not None else []
    state = {
        "is_allowed": allows(request, Purpose.PERSONALISATION, by_user=True),
        "quota": quota(),
        "left": max(0, quota() - len(styles)),
        "styles": styles,
    }
    return PersonalStylesSerializer(state).data
