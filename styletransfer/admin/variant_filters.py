"""List filters of the variants: by preset without drafts, by source, and by the job that asked for them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.models import StyledVariant, StylePreset
from styletransfer.sources import NotASourceError, all_sources, get_source


class LookFilter(admin.SimpleListFilter):
    """By preset; the drafts of live previews are not offered."""

    title = gettext_lazy("preset")
    parameter_name = "preset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Slugs and names."""
        return list(StylePreset.objects.looks().order_by("position", "name").values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[StyledVariant]) -> QuerySet[StyledVariant]:
        """Variants in the chosen look."""
        return queryset.filter(preset__slug=self.value()) if self.value() else queryset


class SourceFilter(admin.SimpleListFilter):
    """By the model that holds the photo."""

    title = gettext_lazy("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Labels and names of the registered sources."""
        return [
            (source.label, str(source.model._meta.verbose_name_plural).capitalize())
            for source in all_sources()
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StyledVariant]) -> QuerySet[StyledVariant]:
        """Variants of the chosen source's photos."""
        label = self.value()
        if not label:
            return queryset
        try:
            source = get_source(label)
        except NotASourceError:
            return queryset.none()
        return queryset.filter(content_type=ContentType.objects.get_for_model(source.model))


class JobFilter(admin.SimpleListFilter):
    """By job; appears only where a job's page links to its variants."""

    title = gettext_lazy("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Only the job that is being looked at."""
        number = request.GET.get(self.parameter_name, "")
        return [(number, _("Job %(number)s") % {"number": number})] if number else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[StyledVariant]) -> QuerySet[StyledVariant]:
        """Variants that the job asked for."""
        number = self.value()
        if not number:
            return queryset
        return queryset.filter(jobs=int(number)) if number.isdecimal() else queryset.none()
