"""Presets: a list to order and switch, a form with sliders, and a live preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from styletransfer.admin import unify_form
from styletransfer.admin.preset_forms import StylePresetForm, StyleReferenceForm
from styletransfer.admin.previews import PreviewViews
from styletransfer.admin.rendering import amount_meters, no_picture, picture, reference_url
from styletransfer.jobs.shared_statistics import forget_statistics
from styletransfer.models import (
    Statistics,
    StyledVariant,
    StylePreset,
    StylePresetPart,
    StyleReference,
    VariantState,
)
from styletransfer.models.preset import AMOUNTS, PROTECTIONS

if TYPE_CHECKING:
    PresetAdminBase = admin.ModelAdmin[StylePreset]
    ReferenceInlineBase = admin.TabularInline[StyleReference, StylePreset]
    PartInlineBase = admin.TabularInline[StylePresetPart, StylePreset]
else:
    PresetAdminBase = admin.ModelAdmin
    ReferenceInlineBase = PartInlineBase = admin.TabularInline


class StyleReferenceInline(ReferenceInlineBase):
    """The pictures that show the look."""

    model = StyleReference
    form = StyleReferenceForm
    extra = 0
    verbose_name_plural = gettext_lazy("reference pictures (several are averaged)")


class StylePresetPartInline(PartInlineBase):
    """Other presets this one mixes, by weight."""

    model = StylePresetPart
    fk_name = "preset"
    extra = 0
    verbose_name_plural = gettext_lazy("mix of other presets (instead of reference pictures)")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer presets that can be mixed: no drafts, no mixes."""
        if db_field.name == "component":
            kwargs["queryset"] = StylePreset.objects.looks().filter(parts__isnull=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PresetChangeList(ChangeList):
    """Fetches reference pictures along and counts ready variants, each once a page."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Presets with all that their row shows."""
        rows = super().get_queryset(request, exclude_parameters)
        return rows.prefetch_related("references", "parts__component__references")

    def get_results(self, request: HttpRequest) -> None:
        """Attach ``ready_count`` to every preset of the page."""
        super().get_results(request)
        presets = list(self.result_list)
        counts = dict(
            StyledVariant.objects.filter(state=VariantState.READY, preset__in=[row.pk for row in presets])
            .order_by()
            .values_list("preset")
            .annotate(Count("pk"))
        )
        for preset in presets:
            preset.ready_count = counts.get(preset.pk, 0)


class StylePresetAdmin(PreviewViews, PresetAdminBase):
    """Looks, their order, and whether shoppers are offered them."""

    form = StylePresetForm
    inlines = (StyleReferenceInline, StylePresetPartInline)
    list_display = (
        "reference",
        "name",
        "amounts",
        "ready_variants",
        "is_active",
        "is_public",
        "position",
    )
    list_display_links = ("reference", "name")
    list_editable = ("is_active", "is_public", "position")
    search_fields = ("name", "slug", "description", "engine")
    ordering = ("position", "name")
    prepopulated_fields = {"slug": ("name",)}
    save_on_top = True
    actions = ("collect_again",)
    change_form_template = "admin/styletransfer/stylepreset/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "slug", "description", "engine")}),
        (
            gettext_lazy("Look"),
            {
                "fields": AMOUNTS,
                "classes": ("st-look",),
                "description": gettext_lazy(
                    "Move a slider and see on a photo what it does; nothing changes until you save."
                ),
            },
        ),
        (
            gettext_lazy("One look: light, background and framing"),
            {
                "fields": unify_form.NAMES,
                "classes": ("st-unify",),
                "description": gettext_lazy(
                    "Used by the engine “unify”, which repaints nothing: the product stays as photographed."
                ),
            },
        ),
        (
            gettext_lazy("What is painted, and what stays the photo\u2019s"),
            {"fields": ("scope", "feather", *PROTECTIONS, "statistics"), "classes": ("st-parts",)},
        ),
        (gettext_lazy("Shop"), {"fields": ("is_active", "is_public", "position")}),
        (
            gettext_lazy("Output"),
            {"fields": ("widths", "engine_settings"), "classes": ("collapse",)},
        ),
    )

    class Media:
        css = {"all": ("styletransfer/admin.css",)}
        js = (
            forms.Script("styletransfer/admin-compare.js", type="module"),
            forms.Script("styletransfer/admin-sliders.js", type="module"),
            forms.Script("styletransfer/admin-preview.js", type="module"),
            forms.Script("styletransfer/admin-engine.js", type="module"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[StylePreset]:
        """Looks without the drafts that previews make."""
        return super().get_queryset(request).filter(draft_of__isnull=True)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that counts variants once a page."""
        return PresetChangeList

    @admin.action(
        description=gettext_lazy("Collect statistics again of selected presets"), permissions=["change"]
    )
    def collect_again(self, request: HttpRequest, queryset: QuerySet[StylePreset]) -> None:
        """Let the next worker measure the collection anew; what is painted follows by the policy."""
        chosen = list(queryset.filter(statistics=Statistics.COLLECTION))
        for preset in chosen:
            forget_statistics(preset)
        text = ngettext(
            "%(count)d preset is measured anew by the next worker that paints in it.",
            "%(count)d presets are measured anew by the next workers that paint in them.",
            len(chosen),
        )
        self.message_user(request, text % {"count": len(chosen)}, "SUCCESS" if chosen else "WARNING")

    @admin.display(description=gettext_lazy("reference"))
    def reference(self, preset: StylePreset) -> str:
        """The first reference picture."""
        url = reference_url(preset)
        return picture(url) if url else no_picture()

    @admin.display(description=gettext_lazy("amounts"))
    def amounts(self, preset: StylePreset) -> str:
        """Every amount as a small bar."""
        return amount_meters(preset)

    @admin.display(description=gettext_lazy("ready"))
    def ready_variants(self, preset: Any) -> str:
        """How many photos are ready in this look."""
        count = preset.ready_count
        return format_html('<span class="st-number">{}</span>', count)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add the preview panel."""
        preset = self.get_object(request, object_id) if object_id else None
        context = {**self.preview_context(request, preset), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save, and say so when finished pictures no longer show the saved look."""
        super().save_related(request, form, formsets, change)
        if not change or not isinstance(form, StylePresetForm):
            return
        preset = form.instance
        preset.refresh_from_db(fields=["digest"])
        if preset.digest == form.digest_before:
            return
        count = preset.variants.filter(state=VariantState.READY).count()
        if count:
            text = ngettext(
                "%(count)d finished picture still shows the earlier look. Restyle its photo to renew it.",
                "%(count)d finished pictures still show the earlier look. Restyle the photos to renew them.",
                count,
            )
            self.message_user(request, text % {"count": count}, "WARNING")

    def get_deleted_objects(
        self, objs: QuerySet[StylePreset] | Sequence[Model], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Say what goes in numbers: a preset can have a hundred thousand variants."""
        pks = [preset.pk for preset in objs]
        variants = StyledVariant.objects.filter(preset__in=pks).count()
        mixes = StylePresetPart.objects.filter(component__in=pks).select_related("preset", "component")
        protected = [
            _("%(mix)s mixes in %(part)s") % {"mix": part.preset, "part": part.component} for part in mixes
        ]
        lost = ngettext(
            "%(count)d styled variant; the shop shows its photo as it is",
            "%(count)d styled variants; the shop shows their photos as they are",
            variants,
        ) % {"count": variants}
        counted = {self.opts.verbose_name_plural: len(pks), StyledVariant._meta.verbose_name_plural: variants}
        missing = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [*map(str, objs), *([lost] if variants else [])], counted, missing, protected
