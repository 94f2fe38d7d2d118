"""``me/style/``: the style that the shopper who asks has picked, and what they see because of it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from styletransfer.api.sessions import PersonalView
from styletransfer.delivery.choosing import ORIGINAL, chooser_for
from styletransfer.delivery.picks import remember_pick
from styletransfer.personalization.picks import pick_of


class OfferedStyleSerializer(serializers.Serializer[Any]):
    """A style to pick."""

    style = serializers.CharField(  # type: ignore[assignment]  # a field's option of that name
        help_text="Slug of a preset, or “original”."
    )
    name = serializers.CharField()
    description = serializers.CharField()


class StylePickSerializer(serializers.Serializer[Any]):
    """A pick."""

    style = serializers.CharField(  # type: ignore[assignment]  # a field's option of that name
        allow_null=True,
        max_length=64,
        help_text="Slug of an offered preset, “original” for the photos as they are, or null to let the shop "
        "choose.",
    )


class MyStyleSerializer(StylePickSerializer):
    """What was picked, how long that lasts, and what is shown."""

    kept_with = serializers.ChoiceField(
        choices=["shopper", "session"],
        allow_null=True,
        help_text="“shopper”: on every device, until changed; “session”: in this browser until it is closed; "
        "null: nothing was picked.",
    )
    shown = serializers.CharField(help_text="What pages show: a slug, or “original”.")
    reason = serializers.CharField(help_text="Why: picked, cookie, default, original, or what chose it.")
    offered = OfferedStyleSerializer(many=True)


class MyStyleView(PersonalView):
    """The shopper's own pick; it takes effect with the next page, and in this answer."""

    @extend_schema(
        summary="The style this shopper has picked, and what is shown.", responses=MyStyleSerializer
    )
    def get(self, request: Request) -> Response:
        """The present state."""
        return Response(_state(request))

    @extend_schema(
        summary="Pick a style, the original photos, or let the shop choose.",
        request=StylePickSerializer,
        responses=MyStyleSerializer,
    )
    def put(self, request: Request) -> Response:
        """Keep a pick with the shopper where that is allowed, else for the browser's session."""
        serializer = StylePickSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        style = serializer.validated_data["style"] or ""
        chooser = chooser_for(request, use_cookie=False)
        if style and not chooser.knows(style):
            known = ", ".join([ORIGINAL, *(preset.slug for preset in chooser.offered)])
            text = _("There is no style “%(style)s”. Choose one of: %(known)s.")
            raise ValidationError({"style": [text % {"style": style[:80], "known": known}]})
        response = Response()
        remember_pick(request, response, style)
        response.data = _state(request)
        return response


def _state(request: Request) -> dict[str, Any]:
    pick = pick_of(request)
    chooser = chooser_for(request)
    return {
        "style": pick.style or None,
        "kept_with": pick.kept_with,
        "shown": chooser.preset or ORIGINAL,
        "reason": chooser.choice.reason,
        "offered": [
            {"style": ORIGINAL, "name": _("Original"), "description": _("The photo as it was taken.")},
            *(
                {"style": preset.slug, "name": preset.name, "description": preset.description}
                for preset in chooser.offered
            ),
        ],
    }
