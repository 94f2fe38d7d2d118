"""Catalogue reports: how uneven the photos are, what stands out, and one click to restyle it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from styletransfer.admin.access import RESTYLE, may, may_see_model, require
from styletransfer.admin.photos import before_url, product_name, source_prefetch
from styletransfer.admin.rendering import smallest_url
from styletransfer.admin.report_photos import outlier_cards
from styletransfer.admin.report_words import spread_rows
from styletransfer.admin.selection import Selection, remember
from styletransfer.admin.unify_form import ENGINE
from styletransfer.admin.workers import worker_hint
from styletransfer.jobs.report_summary import measured_rows
from styletransfer.jobs.reports import paintings, photos_with_file, request_report, source_of
from styletransfer.models import CatalogueReport, StylePreset
from styletransfer.sources import Source, all_sources, get_source

if TYPE_CHECKING:
    ReportAdminBase = admin.ModelAdmin[CatalogueReport]
else:
    ReportAdminBase = admin.ModelAdmin

PAIRS_A_PAGE = 24


class StartForm(forms.Form):
    """Which photos to measure, and which look to set beside them."""

    source = forms.ChoiceField(label=gettext_lazy("photos"))
    preset = forms.ModelChoiceField(
        StylePreset.objects.none(),
        label=gettext_lazy("beside their paintings in"),
        required=False,
        empty_label=gettext_lazy("no look"),
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data, auto_id="st-report-%s")
        seen = [source for source in all_sources() if may_see_model(request, source.model)]
        names = [(source.label, source.model._meta.verbose_name_plural) for source in seen]
        self.fields["source"].choices = names  # type: ignore[attr-defined]
        self.fields["preset"].queryset = StylePreset.objects.looks()  # type: ignore[attr-defined]


class CatalogueReportAdmin(ReportAdminBase):
    """Reports are asked for here and measured by workers."""

    list_display = ("name", "stage", "progress", "outliers", "created_at")
    list_display_links = ("name",)
    list_per_page = 30
    ordering = ("-pk",)
    change_list_template = "admin/styletransfer/cataloguereport/change_list.html"
    change_form_template = "admin/styletransfer/cataloguereport/change_form.html"

    class Media:
        css = {"all": ("styletransfer/admin.css", "styletransfer/report.css")}
        js = (forms.Script("styletransfer/admin-report.js", type="module"),)

    def get_urls(self) -> list[URLPattern]:
        """Add starting, progress, the whole set, restyling, aiming and the exports."""
        view = self.admin_site.admin_view
        return [
            path("start/", view(self.start_view), name="styletransfer_report_start"),
            path(
                "<int:pk>/progress/",
                view(never_cache(self.progress_view)),
                name="styletransfer_report_progress",
            ),
            path("<int:pk>/set/", view(self.set_view), name="styletransfer_report_set"),
            path("<int:pk>/restyle/", view(self.restyle_view), name="styletransfer_report_restyle"),
            path("<int:pk>/aim/", view(self.aim_view), name="styletransfer_report_aim"),
            path("<int:pk>/export.<str:kind>", view(self.export_view), name="styletransfer_report_export"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Reports are asked for with the form above the list."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: CatalogueReport | None = None) -> bool:
        """Nobody edits what was measured."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: CatalogueReport | None = None) -> bool:
        """Whoever restyles photos, and may see these."""
        if obj is not None:
            model = obj.content_type.model_class()
            if model is None or not may_see_model(request, model):
                return False
        return super().has_view_permission(request, obj) or may(request, RESTYLE)

    @admin.display(description=gettext_lazy("report"))
    def name(self, report: CatalogueReport) -> str:
        """The photos, and the look beside them."""
        return _title(report)

    @admin.display(description=gettext_lazy("measured"))
    def progress(self, report: CatalogueReport) -> str:
        """Pictures measured, of how many."""
        return _("%(done)d of %(total)d") % {"done": report.done, "total": report.total}

    @admin.display(description=gettext_lazy("stand out"))
    def outliers(self, report: CatalogueReport) -> Any:
        """How many photos stand out."""
        return report.summary.get("outlier_count", self.get_empty_value_display())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add the form that asks for a report."""
        context = {
            "start_form": StartForm(request) if may(request, RESTYLE) else None,
            "start_url": self._url("styletransfer_report_start"),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a report and lead to its page."""
        require(may(request, RESTYLE))
        form = StartForm(request, request.POST)
        if request.method != "POST" or not form.is_valid():
            if request.method == "POST":
                self.message_user(
                    request, _("Choose photos that are registered and that you may see."), "ERROR"
                )
            return HttpResponseRedirect(self._url("styletransfer_cataloguereport_changelist"))
        source = get_source(form.cleaned_data["source"])
        if not photos_with_file(source).exists():
            self.message_user(request, _("There are no photos to measure yet."), "ERROR")
            return HttpResponseRedirect(self._url("styletransfer_cataloguereport_changelist"))
        report = request_report(source, form.cleaned_data["preset"], request.user)
        return HttpResponseRedirect(self._page(report))

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where a report stands, as JSON."""
        return JsonResponse(_standing(self._report(request, pk)))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the report."""
        report = kwargs.get("obj")
        if report is not None:
            context |= self._described(request, report)
        return super().render_change_form(request, context, *args, **kwargs)

    def set_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The whole set before and after, page by page."""
        report = self._report(request, pk)
        rows = paintings(report).order_by("pk").prefetch_related("content_type", source_prefetch())
        page = Paginator(rows, PAIRS_A_PAGE).get_page(request.GET.get("p"))
        pairs = [
            {"name": product_name(row), "before": before_url(row), "after": smallest_url(row)} for row in page
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Before and after: %(report)s") % {"report": _title(report)},
            "opts": self.opts,
            "media": self.media,
            "original": report,
            "pairs": pairs,
            "page": page,
            "back_url": self._page(report),
        }
        return TemplateResponse(request, "admin/styletransfer/cataloguereport/set.html", context)

    def restyle_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the ticked photos, or all that stand out, to the confirm page with the look ticked."""
        report = self._report(request, pk)
        source = source_of(report)
        require(may(request, RESTYLE))
        if request.method != "POST" or source is None:
            return HttpResponseRedirect(self._page(report))
        everything = [each["key"] for each in report.summary.get("outliers", [])]
        ticked = set(request.POST.getlist("photo"))
        keys = tuple(key for key in everything if key in ticked or request.POST.get("all"))
        if not keys:
            self.message_user(request, _("Tick at least one photo."), "WARNING")
            return HttpResponseRedirect(self._page(report))
        words = _("%(count)d photos that stand out in report %(report)d") % {
            "count": len(keys),
            "report": report.pk,
        }
        token = remember(request, Selection(source.label, self._page(report), False, keys, words=words))
        look = report.preset or StylePreset.objects.looks().filter(engine=ENGINE, is_active=True).first()
        address = reverse(f"{self.admin_site.name}:styletransfer_restyle_confirm", args=[token])
        return HttpResponseRedirect(f"{address}?presets={look.pk}" if look is not None else address)

    def aim_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make the catalogue's median the light that a preset of the unify engine aims at."""
        report = self._report(request, pk)
        require(request.user.has_perm("styletransfer.change_stylepreset"))
        preset = StylePreset.objects.looks().filter(pk=request.POST.get("preset") or 0, engine=ENGINE).first()
        target = report.summary.get("target")
        if request.method != "POST" or preset is None or not target:
            return HttpResponseRedirect(self._page(report))
        preset.engine_settings = {**preset.engine_settings, "aim": "catalogue", "target": target}
        preset.full_clean()
        preset.save()
        self.message_user(
            request,
            _("%(preset)s now aims at this catalogue\u2019s median light.") % {"preset": preset},
            "SUCCESS",
        )
        return HttpResponseRedirect(self._page(report))

    def export_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """All measured photos as CSV, or with the summary as JSON."""
        report = self._report(request, pk)
        source = source_of(report)
        if source is None or kind not in ("csv", "json"):
            raise Http404(kind)
        keys = {str(key) for key in photos_with_file(source).values_list("pk", flat=True)}
        rows = list(measured_rows(report, source, keys))
        if kind == "json":
            answer: HttpResponse = JsonResponse({**report.summary, "pictures": rows})
        else:
            answer = HttpResponse(_as_csv(rows), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="catalogue-report-{report.pk}.{kind}"'
        return answer

    def _described(self, request: HttpRequest, report: CatalogueReport) -> dict[str, Any]:
        source = source_of(report)
        summary = report.summary
        has_cards = source is not None and not report.is_open
        return {
            "title": _title(report),
            "subtitle": None,
            "report": report,
            "live": _standing(report),
            "progress_url": self._url("styletransfer_report_progress", report),
            "spreads": spread_rows(summary),
            "after": summary.get("after"),
            "cards": _cards(request, self.admin_site, source, summary) if has_cards and source else [],
            "restyle_url": self._url("styletransfer_report_restyle", report) if may(request, RESTYLE) else "",
            "set_url": self._url("styletransfer_report_set", report) if report.preset_id else "",
            "aim_url": self._url("styletransfer_report_aim", report),
            "aim_presets": StylePreset.objects.looks().filter(engine=ENGINE)
            if request.user.has_perm("styletransfer.change_stylepreset") and summary.get("target")
            else [],
            "csv_url": reverse(
                f"{self.admin_site.name}:styletransfer_report_export", args=[report.pk, "csv"]
            ),
            "json_url": reverse(
                f"{self.admin_site.name}:styletransfer_report_export", args=[report.pk, "json"]
            ),
            "unsure_url": self._url("styletransfer_photomask_changelist") + "?certainty=unsure",
        }

    def _report(self, request: HttpRequest, pk: int) -> CatalogueReport:
        report = self.get_queryset(request).select_related("preset", "content_type").filter(pk=pk).first()
        if report is None:
            raise Http404(str(pk))
        require(self.has_view_permission(request, report))
        return report

    def _url(self, name: str, report: CatalogueReport | None = None) -> str:
        return reverse(f"{self.admin_site.name}:{name}", args=[report.pk] if report else [])

    def _page(self, report: CatalogueReport) -> str:
        return self._url("styletransfer_cataloguereport_change", report)


def _cards(
    request: HttpRequest, site: admin.AdminSite, source: Source, summary: dict[str, Any]
) -> list[dict[str, Any]]:
    return outlier_cards(request, site, source, summary.get("outliers", []))


def _title(report: CatalogueReport) -> str:
    model = report.content_type.model_class()
    photos = str(model._meta.verbose_name_plural) if model else str(report.content_type)
    if report.preset is None:
        return photos.capitalize()
    return _("%(photos)s and their paintings in %(preset)s") % {
        "photos": photos.capitalize(),
        "preset": report.preset,
    }


def _standing(report: CatalogueReport) -> dict[str, Any]:
    share = report.done / report.total if report.total else 0.0
    return {
        "is_open": report.is_open,
        "text": _("%(stage)s: %(done)d of %(total)d")
        % {"stage": report.get_stage_display(), "done": report.done, "total": report.total},
        "share": round(min(1.0, share), 4),
        "hint": worker_hint("encode") if report.is_open and not report.done else "",
    }


def _as_csv(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="")
    writer.writeheader()
    # A cell that begins like a formula would be run by a spreadsheet.
    writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _inert(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
