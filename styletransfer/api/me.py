"""``me/consent/`` and ``me/data/``: what a shopper allows, and everything that is kept about them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from styletransfer.api.sessions import PersonalView, owner_of
from styletransfer.conf import get_settings
from styletransfer.models import ConsentSource, Purpose, Shopper
from styletransfer.personalization.consent import decide, granted, has_privacy_control, standing, write_cookie
from styletransfer.personalization.erasure import erase
from styletransfer.personalization.export import export
from styletransfer.personalization.shoppers import apply_cookie, remember


class PurposeSerializer(serializers.Serializer[Any]):
    """One purpose and whether it is allowed."""

    purpose = serializers.ChoiceField(choices=Purpose.choices)
    name = serializers.CharField()
    granted = serializers.BooleanField(allow_null=True, help_text="Null when the shopper was not asked yet.")


class ConsentSerializer(serializers.Serializer[Any]):
    """What a shopper allows."""

    version = serializers.CharField(help_text="Version of the texts; a new one asks again.")
    privacy_control = serializers.BooleanField(help_text="Whether the browser sends Sec-GPC: 1.")
    purposes = PurposeSerializer(many=True)


class DecisionsSerializer(serializers.Serializer[Any]):
    """A shopper's decisions; what is left out stays as it is."""

    personalisation = serializers.BooleanField(required=False)
    measurement = serializers.BooleanField(required=False)

    def validate(self, values: dict[str, bool]) -> dict[str, bool]:
        """At least one decision, and only on purposes that exist."""
        unknown = sorted(set(self.initial_data) - set(Purpose.values))
        if unknown or not values:
            known = ", ".join(Purpose.values)
            raise serializers.ValidationError(_("Decide on one or more of: %(known)s.") % {"known": known})
        return values


class ConsentView(PersonalView):
    """What the shopper who asks allows."""

    @extend_schema(summary="What this shopper allows.", responses=ConsentSerializer)
    def get(self, request: Request) -> Response:
        """Each purpose with its standing decision."""
        return Response(_state(request, owner_of(request)))

    @extend_schema(
        summary="Allow or refuse purposes.", request=DecisionsSerializer, responses=ConsentSerializer
    )
    def put(self, request: Request) -> Response:
        """Write decisions into the ledger; while Global Privacy Control is on, all are refusals."""
        owner_of(request)
        serializer = DecisionsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        decisions = {Purpose(name): answer for name, answer in serializer.validated_data.items()}
        shopper, allowed = decide(request, decisions, ConsentSource.API)
        response = Response(_state(request, shopper))
        write_cookie(request, response, allowed)
        apply_cookie(request, response)
        return response


class DataView(PersonalView):
    """Everything that is kept about the shopper who asks."""

    @extend_schema(summary="Everything that is kept about this shopper.", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Every table with rows of this shopper, and why and how long each field is kept."""
        response = Response(export(owner_of(request)))
        response["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return response

    @extend_schema(summary="Erase this shopper for good.", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Delete every row and forget the browser. Asking again changes nothing."""
        shopper = owner_of(request)
        if shopper is not None:
            erase(shopper)
        response = Response(status=status.HTTP_204_NO_CONTENT)
        remember(request, None)
        apply_cookie(request, response)
        write_cookie(request, response, frozenset())
        return response


def _state(request: Request, shopper: Shopper | None) -> dict[str, Any]:
    known = standing(shopper) if shopper is not None else dict.fromkeys(Purpose)
    has_control = has_privacy_control(request)
    allowed = granted(shopper) if shopper is not None and not has_control else frozenset()
    return {
        "version": get_settings().consent_version,
        "privacy_control": has_control,
        "purposes": [
            {
                "purpose": purpose.value,
                "name": str(purpose.label),
                "granted": purpose in allowed if has_control or known[purpose] is not None else None,
            }
            for purpose in Purpose
        ],
    }
