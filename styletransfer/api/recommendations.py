"""``recommendations/``: products for the shopper who asks, and products that go well with one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as InvalidKey
from django.db.models import Model
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from styletransfer.api.choosing import STYLE_PARAMETER, checked_chooser
from styletransfer.api.fields import PictureSerializer, absolute, picture_json
from styletransfer.api.limits import AnonThrottle, UserThrottle
from styletransfer.api.sessions import PersonalView
from styletransfer.delivery.choosing import ORIGINAL, Chooser, chooser_for
from styletransfer.delivery.picture import picture_for
from styletransfer.models import Purpose
from styletransfer.personalization.consent import allows
from styletransfer.personalization.decisions import decision_of, sign_decision
from styletransfer.personalization.recommendations.cursors import BadCursorError
from styletransfer.personalization.recommendations.ranking import ReasonCode
from styletransfer.personalization.recommendations.serving import (
    PAGE_SIZE,
    Recommendation,
    goes_well_with,
    recommendations,
)
from styletransfer.personalization.shoppers import shopper_of
from styletransfer.products import NotAProductError, ProductModel, all_products, get_product

LARGEST_PAGE = 48
BESIDE_SECONDS = 300
SURFACE = "recommendations"

_PRODUCTS = OpenApiParameter(
    "products", str, description="app_label.model_name of a product model; the shop's first if left out."
)
_PAGE_SIZE = OpenApiParameter(
    "page_size", int, description=f"From 1 to {LARGEST_PAGE}; {PAGE_SIZE} if left out."
)
_CATEGORY = OpenApiParameter("category", str, description="Only products of this category.")
_CURSOR = OpenApiParameter("cursor", str, description="From “next” or “previous” of another page.")
_KEY = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Key of the product.")


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a product is recommended."""

    code = serializers.ChoiceField(choices=[code.value for code in ReasonCode])
    text = serializers.CharField(help_text="For the shopper to read.")
    because = serializers.CharField(
        allow_null=True, help_text="Key of the product in the shopper's history that speaks for it."
    )


class RecommendationSerializer(serializers.Serializer[Any]):
    """A product and why it is shown."""

    id = serializers.CharField()
    name = serializers.CharField()
    url = serializers.URLField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    reason = ReasonSerializer()
    picture = PictureSerializer(allow_null=True, help_text="Null where nothing leads to a photo.")


class RecommendationPageSerializer(serializers.Serializer[Any]):
    """One page of recommendations."""

    products = serializers.CharField(help_text="app_label.model_name of the products.")
    is_personal = serializers.BooleanField(help_text="Whether the shopper's history decided the order.")
    style = serializers.CharField(  # type: ignore[assignment]  # a field's option of that name
        help_text="Slug of the look of the pictures, or “original”."
    )
    context = serializers.CharField(  # type: ignore[assignment]  # a serializer's attribute of that name
        allow_null=True, help_text="Send it with impressions; null where none are recorded."
    )
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = RecommendationSerializer(many=True)


class RecommendationView(PersonalView):
    """Products for whoever asks. Without consent the list is the same for all, and says nothing personal."""

    @extend_schema(
        summary="Products for this shopper, pictured in their style, each with its reason.",
        parameters=[_PRODUCTS, _CATEGORY, _PAGE_SIZE, _CURSOR, STYLE_PARAMETER],
        responses=RecommendationPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """One page."""
        checked_chooser(request)  # refuses an unknown ?style=
        product = _product(request)
        is_allowed = allows(request, Purpose.PERSONALISATION, by_user=True)
        shopper = shopper_of(request, by_user=True) if is_allowed else None
        chooser = chooser_for(request)
        try:
            page = recommendations(
                product,
                shopper,
                chooser,
                count=_page_size(request),
                category=request.query_params.get("category", ""),
                cursor=request.query_params.get("cursor", ""),
            )
        except BadCursorError as error:
            text = _("This page is no longer there. Begin again without a cursor.")
            raise NotFound(text) from error
        address = absolute(request)
        return Response(
            {
                "products": product.label,
                "is_personal": page.is_personal,
                "style": chooser.preset or ORIGINAL,
                "context": sign_decision(decision_of(request), SURFACE) if shopper is not None else None,
                "next": _turned(request, page.next),
                "previous": _turned(request, page.previous),
                "results": [_entry(product, one, chooser, address) for one in page.entries],
            }
        )


class BesideView(APIView):
    """What goes well with one product: the same for everybody, so caches may keep it."""

    authentication_classes = []  # looking at who asks would make the answer vary by cookie
    permission_classes = [AllowAny]
    throttle_classes = [AnonThrottle, UserThrottle]

    @extend_schema(
        summary="What goes well with a product, the same for everybody.",
        parameters=[_KEY, _PRODUCTS, _PAGE_SIZE, STYLE_PARAMETER],
        responses=RecommendationSerializer(many=True),
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002  (the parameter's name in the address)
        """A short list."""
        preset = checked_chooser(request).preset
        product = _product(request)
        row = _row(product, id)
        entries = goes_well_with(product, row, preset, count=_page_size(request, 8))
        address = absolute(request)
        response = Response([_entry(product, one, preset, address) for one in entries])
        response["Cache-Control"] = f"public, max-age={BESIDE_SECONDS}"
        return response


def _product(request: Request) -> ProductModel:
    """The product model that is asked for, of those whose shop has said what is for sale."""
    label = request.query_params.get("products", "")
    offered = [product for product in all_products() if product.available is not None]
    if not label and offered:
        return offered[0]
    try:
        product = get_product(label) if label else None
    except NotAProductError:
        product = None
    if product not in offered or product is None:
        known = ", ".join(one.label for one in offered) or _("none: no product model says what is for sale")
        raise NotFound(_("No such products can be recommended. There are: %(known)s.") % {"known": known})
    return product


def _row(product: ProductModel, key: str) -> Model:
    try:
        found: Model = product.for_sale().get(pk=key)
    except (product.model.DoesNotExist, ValueError, InvalidKey) as error:  # type: ignore[attr-defined]
        raise NotFound(_("There is no such product.")) from error
    return found


def _page_size(request: Request, default: int = PAGE_SIZE) -> int:
    given = request.query_params.get("page_size", "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= LARGEST_PAGE:
        text = _("Choose a page size from 1 to %(most)d.") % {"most": LARGEST_PAGE}
        raise ValidationError({"page_size": [text]})
    return int(given)


def _turned(request: Request, cursor: str | None) -> str | None:
    """This address with another cursor."""
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _entry(
    product: ProductModel, one: Recommendation, preset: Chooser | str | None, address: Any
) -> dict[str, Any]:
    url = one.product.get_absolute_url() if hasattr(one.product, "get_absolute_url") else ""
    picture = picture_for(one.photo, preset) if one.photo is not None else None
    return {
        "id": one.key,
        "name": str(one.product),
        "url": address(url) or None,
        "category": product.category_of(one.product) or None,
        "reason": {"code": one.code.value, "text": one.reason, "because": one.because or None},
        "picture": picture_json(picture, address) if picture is not None else None,
    }
