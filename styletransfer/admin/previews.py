"""“Try it on a product”: unsaved amounts painted on one photo, with and without JavaScript."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from styletransfer.admin.access import RESTYLE, may, may_see_model, require
from styletransfer.admin.photos import before_url, find_photo, recent_photos, source_prefetch
from styletransfer.admin.preset_forms import AmountsForm
from styletransfer.admin.rendering import largest_url
from styletransfer.admin.workers import worker_hint
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs import claims
from styletransfer.jobs.previews import request_preview
from styletransfer.models import StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES

if TYPE_CHECKING:
    PresetAdminBase = admin.ModelAdmin[StylePreset]
else:
    PresetAdminBase = object

PREVIEW_WIDTH = 480


class PreviewViews(PresetAdminBase):
    """The preview views of ``StylePresetAdmin``."""

    preview_template = "admin/styletransfer/stylepreset/preview.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the photo search, the start of a preview and its status before the object's own pages."""
        view = self.admin_site.admin_view
        return [
            path("photos/", view(self.photo_search), name="styletransfer_preview_photos"),
            path("<path:object_id>/preview/", view(self.preview_start), name="styletransfer_preview_start"),
            path(
                "<path:object_id>/preview/<int:variant_id>/",
                view(never_cache(self.preview_status)),
                name="styletransfer_preview",
            ),
            *super().get_urls(),
        ]

    def has_preview_permission(self, request: HttpRequest, preset: StylePreset | None = None) -> bool:
        """Whoever may restyle photos or change presets, and see this one."""
        return self.has_view_permission(request, preset) and (
            may(request, RESTYLE) or self.has_change_permission(request, preset)
        )

    def photo_search(self, request: HttpRequest) -> JsonResponse:
        """Photos that match ``?q=``, for the picker."""
        require(self.has_preview_permission(request))
        photos = recent_photos(request, self.admin_site, request.GET.get("q", "").strip()[:100])
        return JsonResponse({"photos": [vars(photo) for photo in photos]})

    def preview_start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Queue a preview with the amounts of the form, saved or not."""
        preset = self._preset(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(self._change_url(preset))
        form = AmountsForm(request.POST, preset)
        if not form.is_valid():
            return self._refused(
                request,
                preset,
                " ".join(chain.from_iterable(map(str, found) for found in form.errors.values())),
            )
        key = request.POST.get("preview_photo", "")
        if not key:
            return self._refused(request, preset, _("Pick a photo to try the look on."))
        source, instance = find_photo(request, self.admin_site, key)
        try:
            variant = request_preview(
                preset, source, instance, amounts=form.given() or None, width=PREVIEW_WIDTH
            )
        except (ValueError, EngineUnavailableError) as error:
            return self._refused(request, preset, str(error))
        _drop_overtaken(preset, request.POST.get("replaces", ""), variant)
        if _wants_json(request):
            return JsonResponse(self._described(request, preset, variant), status=202)
        return HttpResponseRedirect(self._preview_url(preset, variant))

    def preview_status(self, request: HttpRequest, object_id: str, variant_id: int) -> HttpResponse:
        """Where a preview stands: JSON for the panel, a page that reloads itself for everybody else."""
        preset = self._preset(request, object_id)
        variant = (
            StyledVariant.objects.select_related("preset")
            .prefetch_related(source_prefetch())
            .filter(pk=variant_id)
            .first()
        )
        if variant is None or preset.pk not in (variant.preset_id, variant.preset.draft_of_id):
            raise Http404(str(variant_id))
        model = variant.content_type.model_class()
        require(model is not None and may_see_model(request, model))
        described = self._described(request, preset, variant)
        if _wants_json(request):
            return JsonResponse(described)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preview of %(preset)s") % {"preset": preset},
            "opts": self.opts,
            "original": preset,
            "preview": described,
            "back_url": self._change_url(preset),
        }
        return TemplateResponse(request, self.preview_template, context)

    def preview_context(self, request: HttpRequest, preset: StylePreset | None) -> dict[str, Any]:
        """What the panel on the change page needs; empty where the user may not preview."""
        if preset is None or not self.has_preview_permission(request, preset):
            return {}
        return {
            "preview_photos": recent_photos(request, self.admin_site),
            "preview_start_url": reverse(self._name("styletransfer_preview_start"), args=[preset.pk]),
            "preview_search_url": reverse(self._name("styletransfer_preview_photos")),
        }

    def _preset(self, request: HttpRequest, object_id: str) -> StylePreset:
        preset = self.get_object(request, object_id)
        require(self.has_preview_permission(request, preset))
        if preset is None:
            raise Http404(object_id)
        return preset

    def _refused(self, request: HttpRequest, preset: StylePreset, reason: str) -> HttpResponse:
        if _wants_json(request):
            return JsonResponse({"error": reason}, status=400)
        self.message_user(request, reason, "ERROR")
        return HttpResponseRedirect(self._change_url(preset))

    def _described(self, request: HttpRequest, preset: StylePreset, variant: StyledVariant) -> dict[str, Any]:
        state = VariantState(variant.state)
        is_open = state in OPEN_STATES
        return {
            "id": variant.pk,
            "state": state.value,
            "is_open": is_open,
            "is_ready": state == VariantState.READY,
            "text": preview_text(variant, state),
            "hint": worker_hint("interactive") if state == VariantState.QUEUED else "",
            "before": before_url(variant),
            "after": largest_url(variant) if state == VariantState.READY else "",
            "url": self._preview_url(preset, variant),
        }

    def _name(self, name: str) -> str:
        return f"{self.admin_site.name}:{name}"

    def _change_url(self, preset: StylePreset) -> str:
        return reverse(self._name("styletransfer_stylepreset_change"), args=[preset.pk])

    def _preview_url(self, preset: StylePreset, variant: StyledVariant) -> str:
        return reverse(self._name("styletransfer_preview"), args=[preset.pk, variant.pk])


def preview_text(variant: StyledVariant, state: VariantState) -> str:
    """Where a preview stands, in words."""
    if state == VariantState.READY:
        return _("Ready.")
    if state == VariantState.QUEUED:
        return _("Waiting for a worker…")
    if state in OPEN_STATES:
        return _("Painting…")
    if variant.error:
        return _("Not painted: %(reason)s") % {"reason": variant.error}
    return _("Not painted (%(state)s).") % {"state": state.label}


def _drop_overtaken(preset: StylePreset, overtaken: str, wanted: StyledVariant) -> None:
    """Take the panel's previous preview out of the queue, so that a moving slider piles up no work."""
    if overtaken.isdecimal() and len(overtaken) < 19:
        drafts = StyledVariant.objects.filter(preset__draft_of=preset, state=VariantState.QUEUED)
        pks = drafts.filter(pk=int(overtaken)).exclude(pk=wanted.pk).values_list("pk", flat=True)
        claims.cancel(StyledVariant.objects.filter(pk__in=list(pks)))


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
