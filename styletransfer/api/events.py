"""``POST events/``: batches of what shoppers did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from styletransfer.api.limits import DefaultRate
from styletransfer.api.sessions import PersonalView
from styletransfer.conf import get_settings
from styletransfer.models import EventKind
from styletransfer.personalization.consent import granted, has_privacy_control, note_objection
from styletransfer.personalization.decisions import MAX_TOKEN, read_decision
from styletransfer.personalization.devices import device_of
from styletransfer.personalization.events import NewEvent, record
from styletransfer.personalization.shoppers import shopper_of

# Beacons are limited to 64 KiB by browsers; a batch at its limit stays below this.
MAX_BODY = 256 * 1024


class TooLarge(APIException):
    """413, with the limit in its text."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class EventThrottle(DefaultRate):
    """By shopper, else by a hash of the address; scope ``styletransfer_events``."""

    scope = "styletransfer_events"
    default_rate = "120/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """No address is kept in the cache."""
        shopper = shopper_of(request, by_user=True)
        ident = f"shopper:{shopper.pk}" if shopper is not None else self.get_ident(request)
        hashed = salted_hmac("styletransfer.throttle", ident, algorithm="sha256").hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": hashed[:32]}


class PlainTextJSONParser(JSONParser):
    """JSON sent as text, as ``sendBeacon(url, string)`` does."""

    media_type = "text/plain"


class EventSerializer(serializers.Serializer[Any]):
    """One event. ``ago`` is safer than ``occurred_at``, because a phone's clock may be wrong."""

    id = serializers.UUIDField(help_text="The sender's own id; sent twice, the event is recorded once.")
    kind = serializers.ChoiceField(choices=EventKind.choices)
    product = serializers.RegexField(
        r"^[\w.]+:[^:\s]{1,64}$", required=False, help_text="app_label.model_name:key of the product."
    )
    style = serializers.SlugField(  # type: ignore[assignment]  # a field's option of that name
        max_length=64, required=False, default="", allow_blank=True, help_text="Preset, or “original”."
    )
    context = serializers.CharField(  # type: ignore[assignment]  # a serializer's attribute of that name
        max_length=MAX_TOKEN,
        required=False,
        help_text="The page's data-st-context: how the style was decided, signed by the shop.",
    )
    impression = serializers.UUIDField(required=False, help_text="Id of the impression it follows from.")
    quantity = serializers.IntegerField(required=False, default=1, min_value=1, max_value=10_000)
    value = serializers.DecimalField(
        required=False, max_digits=12, decimal_places=2, min_value=0, help_text="Of the whole quantity."
    )
    currency = serializers.RegexField(
        r"^[A-Z]{3}$", required=False, default="", help_text="ISO 4217, with “value”."
    )
    occurred_at = serializers.DateTimeField(required=False)
    ago = serializers.FloatField(
        required=False, min_value=0, max_value=7 * 24 * 3600, help_text="Seconds since it happened."
    )

    def validate_kind(self, kind: str) -> str:
        """Some shops take carts and orders only from their own server."""
        if kind not in get_settings().browser_events:
            raise ValidationError(_("The shop records this kind itself."))
        return kind

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Read the signed context; money needs its currency."""
        if "value" in values and not values["currency"]:
            raise ValidationError({"currency": [_("A value needs its currency.")]})
        if "context" in values:
            try:
                values["decided"] = read_decision(values["context"])
            except ValueError as error:
                raise ValidationError({"context": [str(error)]}) from error
        return values

    def event(self) -> NewEvent:
        """The validated event."""
        values = self.validated_data
        decision, surface = values.get("decided", (None, ""))
        occurred = values.get("occurred_at")
        if "ago" in values:
            occurred = timezone.now() - timedelta(seconds=values["ago"])
        product = values.get("product")
        return NewEvent(
            kind=EventKind(values["kind"]),
            id=values["id"],
            product=tuple(product.split(":", 1)) if product else None,
            style=values["style"],
            value=values.get("value"),
            currency=values["currency"],
            quantity=values["quantity"],
            occurred_at=occurred,
            impression_id=values.get("impression"),
            decision=decision,
            surface=surface,
        )


class EventBatchSerializer(serializers.Serializer[Any]):
    """What is sent."""

    events = EventSerializer(many=True)


class RefusedSerializer(serializers.Serializer[Any]):
    """One event that was not recorded, and why."""

    index = serializers.IntegerField(help_text="Position in the batch.")
    errors = serializers.DictField(  # type: ignore[assignment]  # a serializer's attribute of that name
        child=serializers.ListField(child=serializers.CharField())
    )


class RecordedSerializer(serializers.Serializer[Any]):
    """What became of a batch."""

    accepted = serializers.IntegerField(help_text="Recorded now.")
    duplicates = serializers.IntegerField(help_text="Recorded before.")
    refused = RefusedSerializer(many=True)


class EventView(PersonalView):
    """Impressions, views, clicks, carts, purchases, likes and picks of the shopper who sends them."""

    parser_classes = [JSONParser, PlainTextJSONParser]
    throttle_classes = [EventThrottle]

    @extend_schema(
        summary="Record what a shopper did; each event once, only with consent.",
        request=EventBatchSerializer,
        responses={
            200: RecordedSerializer,
            403: OpenApiResponse(description="No consent, or Global Privacy Control is on."),
            413: OpenApiResponse(description="More events or bytes than one request may carry."),
        },
    )
    def post(self, request: Request) -> Response:
        """Record a batch. Events that cannot be recorded are listed with their reasons; the others are in."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
            raise TooLarge(_("Send at most %(limit)d KiB at once.") % {"limit": MAX_BODY // 1024})
        shopper = shopper_of(request, by_user=True)
        if has_privacy_control(request):
            if shopper is not None:
                note_objection(shopper)
            raise PermissionDenied(_("This browser objects by Global Privacy Control."), code="no_consent")
        purposes = granted(shopper) if shopper is not None else frozenset()
        if shopper is None or not purposes:
            raise PermissionDenied(_("The shopper has not allowed it."), code="no_consent")
        good, refused = _sorted_out(_listed(request.data))
        outcome = record(list(good.values()), shopper=shopper, purposes=purposes, device=device_of(request))
        positions = list(good)
        refused |= {positions[at]: {"event": [why]} for at, why in outcome.refused.items()}
        return Response(
            {
                "accepted": len(outcome.accepted),
                "duplicates": len(outcome.duplicates),
                "refused": [{"index": at, "errors": refused[at]} for at in sorted(refused)],
            }
        )


def _listed(data: Any) -> list[Any]:
    events = data.get("events") if isinstance(data, dict) else None
    if not isinstance(events, list):
        raise ValidationError({"events": [_("Send {“events”: […]}.")]})
    limit = get_settings().event_batch
    if len(events) > limit:
        raise TooLarge(_("Send at most %(limit)d events at once.") % {"limit": limit})
    return events


def _sorted_out(events: list[Any]) -> tuple[dict[int, NewEvent], dict[int, Any]]:
    """Well-formed events and the errors of the others, each by position."""
    good: dict[int, NewEvent] = {}
    refused: dict[int, Any] = {}
    for position, given in enumerate(events):
        serializer = EventSerializer(data=given)
        if serializer.is_valid():
            good[position] = serializer.event()
        else:
            refused[position] = serializer.errors
    return good, refused
