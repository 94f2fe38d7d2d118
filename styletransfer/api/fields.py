"""``PictureField``: puts the picture of any row that has or is a photo into a host's own serializer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from styletransfer.api.choosing import checked_chooser
from styletransfer.delivery.picture import Picture, picture_for


class SrcsetEntrySerializer(serializers.Serializer[Any]):
    """One file."""

    url = serializers.URLField()
    width = serializers.IntegerField(help_text="In pixels.")


class PictureSourceSerializer(serializers.Serializer[Any]):
    """The files of one format."""

    type = serializers.CharField(help_text="Media type, such as image/avif.")
    srcset = SrcsetEntrySerializer(many=True, help_text="By rising width.")


class PictureSerializer(serializers.Serializer[Any]):
    """A photo as it is to be shown."""

    preset = serializers.CharField(
        allow_null=True, help_text="Slug of the wanted preset; null: the original."
    )
    state = serializers.CharField(
        help_text="ready, queued, painting, encoding, failed, cancelled, missing, or original."
    )
    is_styled = serializers.BooleanField(help_text="False: src is the original photo.")
    src = serializers.URLField(allow_null=True, help_text="Null when there is no photo.")
    width = serializers.IntegerField(allow_null=True, help_text="Of src in pixels; null when unknown.")
    height = serializers.IntegerField(allow_null=True, help_text="Of src in pixels; null when unknown.")
    alt = serializers.CharField(help_text="Alternative text; empty for a decorative picture.")
    placeholder = serializers.CharField(allow_null=True, help_text="A data: URI to show while loading.")
    sources = PictureSourceSerializer(many=True, help_text="Best compressed format first, JPEG last.")
    original = serializers.URLField(allow_null=True, help_text="The photo itself.")


@extend_schema_field(PictureSerializer)
class PictureField(serializers.Field[Any, Any, Any, Any]):
    """The picture of a row in the style of ``?style=``; read-only.

    Free of queries when the view uses ``StyledPictures`` or its queryset ``with_styled``; else one a row.

    Args:
        through: attribute path from the row to its photo, such as "main_photo"; None when it is the photo.
        preset: always this preset instead of ``?style=``.
        alt: alternative text instead of the photo's own.
    """

    def __init__(
        self, *, through: str | None = None, preset: str | None = None, alt: str | None = None, **kwargs: Any
    ) -> None:
        kwargs["read_only"] = True
        kwargs["source"] = "*"
        super().__init__(**kwargs)
        self.through = through
        self.preset = preset
        self.alt = alt

    def to_representation(self, value: Model) -> dict[str, Any]:
        """The picture as JSON, its URLs absolute where the request is known."""
        request: Request | None = self.context.get("request")
        preset = self.preset or checked_chooser(request)
        return picture_json(picture_for(self._photo(value), preset, alt=self.alt), absolute(request))

    def _photo(self, row: Model) -> Any:
        found: Any = row
        for name in self.through.replace("__", ".").split(".") if self.through else []:
            try:
                found = getattr(found, name)
            except ObjectDoesNotExist:
                return None
            if found is None:
                return None
        return found


def picture_json(picture: Picture, address: Callable[[str], str]) -> dict[str, Any]:
    """A ``Picture`` in the shape of ``PictureSerializer``."""
    return {
        "preset": picture.preset,
        "state": picture.state,
        "is_styled": picture.is_styled,
        "src": address(picture.src) or None,
        "width": picture.width,
        "height": picture.height,
        "alt": picture.alt,
        "placeholder": picture.placeholder or None,
        "sources": [
            {
                "type": source.type,
                "srcset": [{"url": address(url), "width": width} for url, width in source.srcset],
            }
            for source in picture.sources
        ],
        "original": address(picture.original) or None,
    }


def absolute(request: Request | None) -> Callable[[str], str]:
    """A function that completes URLs that lack scheme and host."""
    host = request.build_absolute_uri("/").rstrip("/") if request is not None else ""
    return lambda url: host + url if url.startswith("/") and not url.startswith("//") else url
