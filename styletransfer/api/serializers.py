"""What the API says about presets, photos and variants."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from styletransfer.api.fields import PictureField, absolute
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.models.storage import variant_storage
from styletransfer.sources import get_source


class PresetSerializer(serializers.ModelSerializer[StylePreset]):
    """A look."""

    is_offered = serializers.SerializerMethodField(help_text="Whether shoppers may pick it.")
    thumbnail = serializers.SerializerMethodField(help_text="Its first reference picture.")

    class Meta:
        model = StylePreset
        fields = ["slug", "name", "description", "position", "is_offered", "thumbnail"]
        read_only_fields = fields

    def get_is_offered(self, preset: StylePreset) -> bool:
        """Active and public."""
        return preset.is_active and preset.is_public

    def get_thumbnail(self, preset: StylePreset) -> str | None:
        """URL of the first of the prefetched references."""
        first = next(iter(preset.references.all()), None)
        return absolute(self.context.get("request"))(first.image.url) if first is not None else None


class PhotoSerializer(serializers.Serializer[Any]):
    """A photo of a registered source."""

    id = serializers.CharField(source="pk", read_only=True)
    source = serializers.SerializerMethodField(  # type: ignore[assignment]  # a field's option of that name
        help_text="app_label.model_name of the photo's model."
    )
    picture = PictureField()

    def get_source(self, photo: Model) -> str:
        """Label of the registration."""
        return get_source(type(photo)).label


class VariantPhotoSerializer(serializers.Serializer[Any]):
    """Which photo a variant shows."""

    source = serializers.CharField(  # type: ignore[assignment]  # a field's option of that name
        help_text="app_label.model_name of the photo's model."
    )
    id = serializers.CharField()


class RenditionSerializer(serializers.Serializer[Any]):
    """One file of a variant."""

    url = serializers.URLField()
    format = serializers.CharField()
    width = serializers.IntegerField(help_text="In pixels.")
    height = serializers.IntegerField(help_text="In pixels.")
    bytes = serializers.IntegerField()


class VariantSerializer(serializers.ModelSerializer[StyledVariant]):
    """A photo in a preset, for staff."""

    photo = serializers.SerializerMethodField()
    preset = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    state = serializers.CharField(read_only=True)
    review = serializers.CharField(read_only=True)
    renditions = serializers.SerializerMethodField()
    measures = serializers.DictField(child=serializers.FloatField(allow_null=True), read_only=True)
    timings = serializers.DictField(child=serializers.FloatField(), read_only=True)

    class Meta:
        model = StyledVariant
        fields = [
            "id",
            "photo",
            "preset",
            "state",
            "review",
            "attempts",
            "error",
            "width",
            "height",
            "renditions",
            "measures",
            "timings",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields

    @extend_schema_field(VariantPhotoSerializer)
    def get_photo(self, variant: StyledVariant) -> dict[str, str]:
        """Label of the photo's source and its key."""
        model = variant.content_type
        return {"source": f"{model.app_label}.{model.model}", "id": variant.object_id}

    @extend_schema_field(RenditionSerializer(many=True))
    def get_renditions(self, variant: StyledVariant) -> list[dict[str, Any]]:
        """The files' addresses; their names in the storage stay inside."""
        complete = absolute(self.context.get("request"))
        storage = variant_storage()
        return [
            {
                "url": complete(storage.url(item["name"])),
                **{key: item[key] for key in ("format", "width", "height", "bytes")},
            }
            for item in variant.renditions
        ]
