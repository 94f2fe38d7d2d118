"""Filters of the variants list; an unknown value is refused by name instead of finding nothing."""

from __future__ import annotations

import django_filters
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from styletransfer.models import ReviewState, StyledVariant, StylePreset, VariantState
from styletransfer.sources import NotASourceError, all_sources, get_source

Variants = QuerySet[StyledVariant]


class VariantFilter(django_filters.FilterSet):
    """``?state=failed&preset=oil&source=shop.productimage&photo=12&created_after=2026-11-01``."""

    state = django_filters.ChoiceFilter(choices=VariantState.choices)
    review = django_filters.ChoiceFilter(choices=ReviewState.choices)
    preset = django_filters.CharFilter(method="filter_preset", help_text="Slug of a preset.")
    source = django_filters.CharFilter(
        method="filter_source", help_text="app_label.model_name of the photos' model."
    )
    photo = django_filters.CharFilter(field_name="object_id", help_text="Key of the photo.")
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    def filter_preset(self, queryset: Variants, name: str, value: str) -> Variants:
        """Variants in one preset."""
        slugs = list(StylePreset.objects.looks().values_list("slug", flat=True))
        _known(name, value, slugs)
        return queryset.filter(preset__slug=value)

    def filter_source(self, queryset: Variants, name: str, value: str) -> Variants:
        """Variants of the photos of one source."""
        try:
            source = get_source(value)
        except NotASourceError:
            _known(name, value, [source.label for source in all_sources()])
            raise
        return queryset.filter(content_type=ContentType.objects.get_for_model(source.model))


def _known(name: str, value: str, known: list[str]) -> None:
    if value not in known:
        text = _("“%(value)s” is unknown. Choose one of: %(known)s.")
        raise ValidationError({name: [text % {"value": value[:80], "known": ", ".join(known)}]})
