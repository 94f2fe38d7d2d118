"""Read-only endpoints: presets, photos in a style, and variants for staff."""

from __future__ import annotations

from functools import cached_property

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import NotFound
from rest_framework.viewsets import ReadOnlyModelViewSet

from styletransfer.api.choosing import STYLE_PARAMETER, StyledPictures
from styletransfer.api.filters import VariantFilter
from styletransfer.api.limits import AnonThrottle, CursorPages, NumberedPages, UserThrottle
from styletransfer.api.permissions import MayViewPhotos, StaffMayViewVariants, may_view
from styletransfer.api.serializers import PhotoSerializer, PresetSerializer, VariantSerializer
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.sources import NotASourceError, Source, get_source

THROTTLES = [AnonThrottle, UserThrottle]
_SOURCE = OpenApiParameter(
    "source", str, OpenApiParameter.PATH, description="app_label.model_name of a registered photo model."
)
_PHOTO_ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Key of the photo.")
_VARIANT_COLUMNS = {"object_id", *VariantSerializer.Meta.fields} - {"photo"}


@extend_schema_view(
    list=extend_schema(summary="Presets shoppers may pick from; staff see all."),
    retrieve=extend_schema(summary="One preset."),
)
class PresetViewSet(ReadOnlyModelViewSet[StylePreset]):
    """Looks, by slug."""

    serializer_class = PresetSerializer
    pagination_class = NumberedPages
    throttle_classes = THROTTLES
    lookup_field = "slug"
    queryset = StylePreset.objects.none()

    def get_queryset(self) -> QuerySet[StylePreset]:
        """Offered presets, or all looks for staff who may view presets; references in one more query."""
        user = self.request.user
        presets = StylePreset.objects.looks()
        if not (user.is_authenticated and user.is_staff and may_view(self.request, StylePreset)):
            presets = StylePreset.objects.offered()
        columns = ("slug", "name", "description", "position", "is_active", "is_public")
        return presets.only(*columns).prefetch_related("references")


@extend_schema_view(
    list=extend_schema(summary="Photos of one model, in a style.", parameters=[_SOURCE]),
    retrieve=extend_schema(summary="One photo in a style.", parameters=[_SOURCE, _PHOTO_ID, STYLE_PARAMETER]),
)
class PhotoViewSet(ReadOnlyModelViewSet[Model]):
    """Photos of any registered model, for users who may view that model.

    A storefront shows pictures through a ``PictureField`` in its own serializers, or subclasses this
    view with its own ``permission_classes`` and a ``get_queryset`` that leaves unpublished rows out.
    """

    serializer_class = PhotoSerializer
    permission_classes = [MayViewPhotos]
    pagination_class = NumberedPages
    throttle_classes = THROTTLES
    filter_backends = [StyledPictures]
    lookup_url_kwarg = "id"

    @cached_property
    def photo_source(self) -> Source:
        """The source named in the address; 404 for others."""
        try:
            return get_source(self.kwargs["source"])
        except NotASourceError as error:
            raise NotFound(_("No photos of that kind are registered.")) from error

    def get_queryset(self) -> QuerySet[Model]:
        """Every row of the source's model, in order of key."""
        return self.photo_source.model._default_manager.order_by("pk")

    def get_object(self) -> Model:
        """The photo; a malformed key is no photo."""
        try:
            return get_object_or_404(self.filter_queryset(self.get_queryset()), pk=self.kwargs["id"])
        except (ValueError, ValidationError) as error:
            raise Http404 from error


@extend_schema_view(
    list=extend_schema(summary="Variants, the newest first; for staff."),
    retrieve=extend_schema(summary="One variant; for staff."),
)
class VariantViewSet(ReadOnlyModelViewSet[StyledVariant]):
    """Every photo in every preset with its state, files, measures and error."""

    serializer_class = VariantSerializer
    permission_classes = [StaffMayViewVariants]
    pagination_class = CursorPages
    throttle_classes = THROTTLES
    filter_backends = [DjangoFilterBackend]
    filterset_class = VariantFilter
    queryset = (
        StyledVariant.objects.filter(preset__draft_of__isnull=True)
        .select_related("preset", "content_type")
        .only(*_VARIANT_COLUMNS, "preset__slug", "content_type__app_label", "content_type__model")
    )
