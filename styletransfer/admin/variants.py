"""Styled variants: before and after, measures, review. Rows are read only; the acts go through ``jobs``."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.admin.access import RESTYLE, REVIEW, may
from styletransfer.admin.measures import measure_lines, measure_summary
from styletransfer.admin.photos import before_url, product_name, source_prefetch
from styletransfer.admin.rendering import (
    badge,
    largest_url,
    no_picture,
    picture,
    rendition_rows,
    seconds,
    smallest_url,
    stacked_bar,
    timing_rows,
)
from styletransfer.admin.variant_acts import VariantActs
from styletransfer.admin.variant_filters import JobFilter, LookFilter, SourceFilter
from styletransfer.models import StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES

if TYPE_CHECKING:
    VariantAdminBase = admin.ModelAdmin[StyledVariant]
else:
    VariantAdminBase = admin.ModelAdmin


class StyledVariantAdmin(VariantActs, VariantAdminBase):
    """What was painted, from which photo, and whether it may be shown."""

    list_display = (
        "pictures",
        "photo_name",
        "state_badges",
        "measures_column",
    )
    list_display_links = ("pictures", "photo_name")
    list_filter = ("state", "review", LookFilter, SourceFilter, "created_at", JobFilter)
    search_fields = ("source_name", "preset__name")
    search_help_text = gettext_lazy("Search by photo or preset name.")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)
    actions = ("approve", "reject", "retry", "cancel")
    change_form_template = "admin/styletransfer/styledvariant/change_form.html"
    fields = ("attempts", "lane", "created_at", "finished_at", "reviewed_by", "reviewed_at")

    class Media:
        css = {"all": ("styletransfer/admin.css",)}
        js = (forms.Script("styletransfer/admin-compare.js", type="module"),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StyledVariant]:
        """Variants with photo and preset fetched along; previews of drafts are left to the preset's page."""
        drafts = StylePreset.objects.filter(draft_of__isnull=False)
        rows = super().get_queryset(request).exclude(preset__in=drafts)
        # Not joined: a database that begins with the presets would sort all variants for one page.
        return rows.prefetch_related("preset", "content_type", source_prefetch())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Variants are made by jobs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: StyledVariant | None = None) -> bool:
        """Nobody edits the facts of a painting."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StyledVariant | None = None) -> bool:
        """Rows and files go together, by the sweep."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: StyledVariant | None = None) -> bool:
        """Whoever restyles or reviews must see what came of it."""
        return super().has_view_permission(request, obj) or may(request, RESTYLE) or may(request, REVIEW)

    @admin.display(description=gettext_lazy("before → after"))
    def pictures(self, variant: StyledVariant) -> str:
        """The photo and its smallest rendition."""
        before, after = before_url(variant), smallest_url(variant)
        return format_html(
            '<span class="st-pair">{}<span class="st-arrow" aria-hidden="true">→</span>{}</span>'
            '<span class="visually-hidden">{}</span>',
            picture(before) if before else no_picture(),
            picture(after) if after else no_picture(),
            variant.source_name,
        )

    @admin.display(description=gettext_lazy("photo and preset"), ordering="source_name")
    def photo_name(self, variant: StyledVariant) -> str:
        """The product, the preset, and the photo's file."""
        file = PurePosixPath(variant.source_name).name
        return format_html(
            '<span class="st-name"><strong>{}</strong><span class="st-look-name">{}</span>'
            '<span class="st-quiet st-file" title="{}">{}</span></span>',
            product_name(variant) or file,
            variant.preset.name,
            variant.source_name,
            file,
        )

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_badges(self, variant: StyledVariant) -> str:
        """The state, with the reason where it failed and the review where it is ready."""
        label = badge(variant.state, VariantState(variant.state).label)
        if variant.state == VariantState.READY:
            review = badge(variant.review, variant.get_review_display())
            return format_html('<span class="st-stack">{}{}</span>', label, review)
        if variant.error and variant.state == VariantState.FAILED:
            return format_html('{}<br><span class="st-reason">{}</span>', label, variant.error)
        return label

    @admin.display(description=gettext_lazy("measures"))
    def measures_column(self, variant: StyledVariant) -> str:
        """The main measures and the seconds of work in figures."""
        pairs = measure_summary(variant.measures)
        if total := sum(row["value"] for row in timing_rows(variant)):
            pairs.append((_("Time"), seconds(total)))
        if not pairs:
            return self.get_empty_value_display()
        rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", pairs)
        return format_html('<dl class="st-figures">{}</dl>', rows)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the pictures, the files, the measures in words, and the buttons this user may press."""
        variant = kwargs.get("obj")
        if variant is not None:
            context.update(self._detail(request, variant))
        return super().render_change_form(request, context, *args, **kwargs)

    def _mask_url(self, request: HttpRequest, variant: StyledVariant) -> str:
        """Where to draw the product of this photo; empty for those who may not, or without a photo."""
        model = variant.content_type.model_class()
        if model is None or not before_url(variant) or not may(request, RESTYLE):
            return ""
        key = f"{model._meta.label_lower}:{variant.object_id}"
        return reverse(f"{self.admin_site.name}:styletransfer_mask_of", args=[key])

    def _detail(self, request: HttpRequest, variant: StyledVariant) -> dict[str, Any]:
        stages = timing_rows(variant)
        return {
            "title": _("%(photo)s in %(preset)s")
            % {"photo": product_name(variant) or variant.source_name, "preset": variant.preset.name},
            "subtitle": None,
            "variant": variant,
            "before_url": before_url(variant),
            "after_url": largest_url(variant),
            "state_badge": badge(variant.state, VariantState(variant.state).label),
            "review_badge": badge(variant.review, variant.get_review_display()),
            "renditions": rendition_rows(variant),
            "measure_lines": measure_lines(variant.measures),
            "stages": stages,
            "stages_total": seconds(sum(row["value"] for row in stages)),
            "stages_bar": stacked_bar(((row["fill"], row["value"]) for row in stages), _("Time by stage")),
            "act_url": reverse(f"{self.admin_site.name}:styletransfer_styledvariant_act", args=[variant.pk]),
            "mask_url": self._mask_url(request, variant),
            "can_review": may(request, REVIEW) and variant.state == VariantState.READY,
            "can_retry": may(request, RESTYLE) and variant.state == VariantState.FAILED,
            "is_open": variant.state in OPEN_STATES,
        }
