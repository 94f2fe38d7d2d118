"""Subject masks: how sure each is, and a page to draw the product or protected areas by hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from styletransfer.admin.access import RESTYLE, log_acts, may, may_see_model, require
from styletransfer.admin.photos import find_photo, named_rows, photo_url, source_prefetch, with_file
from styletransfer.admin.rendering import badge, no_picture, percent, picture
from styletransfer.imaging.masks.base import RELIABLE_CONFIDENCE
from styletransfer.jobs.drawing import MOST_BYTES, DrawingRefusedError, keep_drawing, open_masks
from styletransfer.jobs.files import StorageDownError
from styletransfer.jobs.photos import PhotoUnreadableError, read_bytes
from styletransfer.models import PhotoMask
from styletransfer.models.storage import variant_storage

if TYPE_CHECKING:
    MaskAdminBase = admin.ModelAdmin[PhotoMask]
else:
    MaskAdminBase = admin.ModelAdmin

LAYERS = ("subject", "areas")


class CertaintyFilter(admin.SimpleListFilter):
    """Masks that need somebody to look at them, and those that somebody drew."""

    title = gettext_lazy("certainty")
    parameter_name = "certainty"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """Three groups."""
        return [
            ("unsure", gettext_lazy("Unsure")),
            ("sure", gettext_lazy("Sure")),
            ("drawn", gettext_lazy("Drawn by hand")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PhotoMask]) -> QuerySet[PhotoMask]:
        """The rows of the chosen group."""
        is_sure = Q(confidence__gte=RELIABLE_CONFIDENCE)
        groups = {
            "drawn": ~Q(drawn_name="", areas_name=""),
            "sure": Q(drawn_name="") & is_sure,
            "unsure": Q(drawn_name="") & ~is_sure,
        }
        chosen = groups.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class PhotoMaskAdmin(MaskAdminBase):
    """What is known of where products are; the change page is the brush."""

    list_display = ("pictures", "photo_name", "certainty", "drawn_at")
    list_display_links = ("pictures", "photo_name")
    list_filter = (CertaintyFilter,)
    search_fields = ("source_name",)
    search_help_text = gettext_lazy("Search by the photo\u2019s file name.")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("confidence", "pk")
    fields = ("method", "confidence", "drawn_by", "drawn_at")
    change_form_template = "admin/styletransfer/photomask/change_form.html"

    class Media:
        css = {"all": ("styletransfer/admin.css", "styletransfer/mask-editor.css")}
        js = (
            forms.Script("styletransfer/mask-layer.js", type="module"),
            forms.Script("styletransfer/mask-editor.js", type="module"),
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the way in from a photo, the layers as pictures, and saving."""
        view = self.admin_site.admin_view
        return [
            path("of/<str:key>/", view(self.open_photo), name="styletransfer_mask_of"),
            path(
                "<int:pk>/<str:layer>.png",
                view(never_cache(self.layer_view)),
                name="styletransfer_mask_layer",
            ),
            path("<int:pk>/draw/", view(self.draw_view), name="styletransfer_mask_draw"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhotoMask]:
        """Rows with their photos fetched along."""
        return super().get_queryset(request).prefetch_related("content_type", source_prefetch())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are made for photos, not by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: PhotoMask | None = None) -> bool:
        """The facts are read only; drawing has a view of its own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PhotoMask | None = None) -> bool:
        """Rows go with their photos, by the sweep."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: PhotoMask | None = None) -> bool:
        """Whoever restyles photos, and may see this one."""
        if obj is not None:
            model = obj.content_type.model_class()
            if model is None or not may_see_model(request, model):
                return False
        return super().has_view_permission(request, obj) or may(request, RESTYLE)

    @admin.display(description=gettext_lazy("photo and mask"))
    def pictures(self, row: PhotoMask) -> str:
        """The photo, and what is taken for the product."""
        url = photo_url(row)
        has_mask = bool(row.drawn_name or row.found_name)
        return format_html(
            '<span class="st-pair">{}{}</span><span class="visually-hidden">{}</span>',
            picture(url) if url else no_picture(),
            picture(self._layer_url(row, "subject"), "st-thumb st-thumb--mask") if has_mask else no_picture(),
            row.source_name,
        )

    @admin.display(description=gettext_lazy("photo"), ordering="source_name")
    def photo_name(self, row: PhotoMask) -> str:
        """The photo's file."""
        return PurePosixPath(row.source_name).name

    @admin.display(description=gettext_lazy("certainty"), ordering="confidence")
    def certainty(self, row: PhotoMask) -> str:
        """Who or what says where the product is, and how surely."""
        if row.drawn_name:
            return badge("approved", _("Drawn by hand"))
        if row.confidence is None:
            return badge("queued", _("Not looked for yet"))
        sure = row.confidence >= RELIABLE_CONFIDENCE
        text = _("Sure: %(share)s") if sure else _("Unsure: %(share)s")
        return badge("ready" if sure else "rejected", text % {"share": percent(row.confidence)})

    def open_photo(self, request: HttpRequest, key: str) -> HttpResponse:
        """Lead from a photo (``app_label.model:pk``) to its masks; the photo is read for its digest."""
        require(may(request, RESTYLE))
        source, instance = find_photo(request, self.admin_site, key)
        chosen = named_rows(source, source.model._default_manager.filter(pk=instance.pk)).get()
        try:
            row = open_masks(source, with_file(source, chosen))
        except PhotoUnreadableError as error:
            self.message_user(request, str(error), "ERROR")
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:index"))
        return HttpResponseRedirect(self._change_url(row))

    def layer_view(self, request: HttpRequest, pk: int, layer: str) -> HttpResponse:
        """A layer as a grey PNG, from here and not from the storage: scripts may only read what is ours."""
        row = self._row(request, pk)
        if layer not in LAYERS:
            raise Http404(layer)
        name = row.areas_name if layer == "areas" else row.drawn_name or row.found_name
        if not name:
            raise Http404(layer)
        try:
            return HttpResponse(read_bytes(variant_storage(), name), content_type="image/png")
        except PhotoUnreadableError as error:
            raise Http404(layer) from error

    def draw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save what was drawn, or uploaded as a PNG; an answer for the script, or a page."""
        row = self._row(request, pk)
        if request.method != "POST":
            return HttpResponseRedirect(self._change_url(row))
        try:
            given = {layer: _upload(request, layer) for layer in LAYERS}
            changed = keep_drawing(row, **given, user=request.user)
        except (DrawingRefusedError, StorageDownError) as error:
            return self._answer(request, row, str(error), 400)
        if not changed:
            return self._answer(request, row, _("Nothing was changed."), 200)
        log_acts(request, [row], _("Drew on the photo."))
        return self._answer(
            request,
            row,
            _("Saved. Paintings that use this mask are painted again by the shop\u2019s policy."),
            200,
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what the brush needs."""
        row = kwargs.get("obj")
        if row is not None:
            context |= {
                "title": _("Subject of %(photo)s") % {"photo": PurePosixPath(row.source_name).name},
                "subtitle": None,
                "row": row,
                "photo": photo_url(row),
                "certainty": self.certainty(row),
                "is_unsure": not row.is_reliable,
                "draw_url": reverse(f"{self.admin_site.name}:styletransfer_mask_draw", args=[row.pk]),
                "subject_url": self._layer_url(row, "subject") if row.drawn_name or row.found_name else "",
                "areas_url": self._layer_url(row, "areas") if row.areas_name else "",
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def _row(self, request: HttpRequest, pk: int) -> PhotoMask:
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404(str(pk))
        require(may(request, RESTYLE) and self.has_view_permission(request, row))
        return row

    def _answer(self, request: HttpRequest, row: PhotoMask, text: str, status: int) -> HttpResponse:
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse({"text" if status == 200 else "error": text}, status=status)
        self.message_user(request, text, "SUCCESS" if status == 200 else "ERROR")
        return HttpResponseRedirect(self._change_url(row))

    def _layer_url(self, row: PhotoMask, layer: str) -> str:
        return reverse(f"{self.admin_site.name}:styletransfer_mask_layer", args=[row.pk, layer])

    def _change_url(self, row: PhotoMask) -> str:
        return reverse(f"{self.admin_site.name}:styletransfer_photomask_change", args=[row.pk])


def _upload(request: HttpRequest, layer: str) -> bytes | None:
    """An uploaded layer; empty where it is to be taken away; None where nothing is said of it."""
    if request.POST.get(f"forget_{layer}"):
        return b""
    upload = request.FILES.get(layer)
    return None if upload is None else upload.read(MOST_BYTES + 1)
