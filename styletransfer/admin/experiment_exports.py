"""Ad pictures: choose sizes and campaign, get one archive; large ones are made by a worker meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from styletransfer.admin.access import RUN, log_acts, may, require
from styletransfer.admin.rendering import badge
from styletransfer.experiments.creatives import request_export
from styletransfer.experiments.slots import SLOTS, Options
from styletransfer.models import CreativeExport, Experiment
from styletransfer.models.storage import variant_storage

if TYPE_CHECKING:
    ExperimentAdminBase = admin.ModelAdmin[Experiment]
else:
    ExperimentAdminBase = object

SHOWN_EXPORTS = 10
STATE_KINDS = {"waiting": "queued", "working": "painting", "ready": "ready", "failed": "failed"}


class ExportForm(forms.Form):
    """What an archive of ad pictures holds."""

    slots = forms.MultipleChoiceField(
        label=gettext_lazy("Sizes"),
        choices=[(slot.key, slot.key) for slot in SLOTS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one size.")},
    )
    most_products = forms.IntegerField(
        label=gettext_lazy("Products at most"), min_value=1, max_value=500, initial=10
    )
    site = forms.URLField(label=gettext_lazy("Address of the shop"), assume_scheme="https")
    source = forms.CharField(
        label=gettext_lazy("Where the ads run"),
        max_length=60,
        initial="ads",
        help_text=gettext_lazy("utm_source, such as google or instagram."),
    )
    medium = forms.CharField(
        label=gettext_lazy("Kind of advertising"), max_length=60, initial="display", help_text="utm_medium"
    )
    campaign = forms.CharField(label=gettext_lazy("Campaign"), max_length=80, help_text="utm_campaign")
    enlarge = forms.BooleanField(
        label=gettext_lazy("Enlarge pictures that are too small"),
        required=False,
        help_text=gettext_lazy("Otherwise they get more background. The list marks what was enlarged."),
    )

    def options(self) -> Options:
        """The valid form as options."""
        return Options(**{**self.cleaned_data, "slots": tuple(self.cleaned_data["slots"])})


class ExportViews(ExperimentAdminBase):
    """The page and the download as part of ``ExperimentAdmin``."""

    export_template = "admin/styletransfer/experiment/export.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page and the download before the experiments' own."""

        def view(handler: Any) -> Any:
            return self.admin_site.admin_view(never_cache(handler))

        return [
            path(
                "<int:experiment_id>/export/", view(self.export_view), name="styletransfer_experiment_export"
            ),
            path(
                "<int:experiment_id>/export/<int:export_id>/",
                view(self.download_view),
                name="styletransfer_experiment_download",
            ),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest, experiment_id: int) -> HttpResponse:
        """Ask for an archive, and see what became of earlier ones."""
        experiment = self._exported(request, experiment_id)
        initial = {
            "site": request.build_absolute_uri("/"),
            "campaign": slugify(experiment.name),
            "slots": ["300x250", "1080x1080"],
        }
        form = ExportForm(request.POST or None, initial=initial)
        if request.method == "POST":
            require(may(request, RUN))
            if form.is_valid() and self._make(request, experiment, form):
                return HttpResponseRedirect(request.path)
        name = f"{self.admin_site.name}:styletransfer_experiment"
        exports = [
            {
                "export": export,
                "badge": badge(STATE_KINDS[export.state], export.get_state_display()),
                "url": reverse(f"{name}_download", args=[experiment.pk, export.pk]),
            }
            for export in experiment.exports.all()[:SHOWN_EXPORTS]
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ad pictures"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "experiment": experiment,
            "sizes": _sizes(form),
            "exports": exports,
            "may_run": may(request, RUN),
        }
        return TemplateResponse(request, self.export_template, context)

    def download_view(self, request: HttpRequest, experiment_id: int, export_id: int) -> FileResponse:
        """The archive itself, streamed."""
        experiment = self._exported(request, experiment_id)
        export = experiment.exports.filter(pk=export_id, state=CreativeExport.State.READY).first()
        if export is None or not variant_storage().exists(export.archive):
            raise Http404(_("There is no such archive."))
        name = f"{slugify(experiment.name) or 'experiment'}-{export.pk}.zip"
        return FileResponse(variant_storage().open(export.archive), as_attachment=True, filename=name)

    def _make(self, request: HttpRequest, experiment: Experiment, form: ExportForm) -> bool:
        try:
            export = request_export(experiment, form.options(), user=request.user)
        except ValueError as problem:
            form.add_error(None, str(problem))
            return False
        log_acts(request, [experiment], _("Ad pictures requested."))
        if export.state == CreativeExport.State.FAILED:
            self.message_user(request, export.error, messages.ERROR)
        elif export.state == CreativeExport.State.READY:
            self.message_user(request, _("The archive is ready."), messages.SUCCESS)
        else:
            text = _("These are many pictures; a worker makes the archive. Come back in a while.")
            self.message_user(request, text, messages.INFO)
        return True

    def _exported(self, request: HttpRequest, experiment_id: int) -> Experiment:
        require(self.has_view_permission(request))
        experiment = Experiment.objects.filter(pk=experiment_id).first()
        if experiment is None:
            raise Http404(str(experiment_id))
        return experiment


def _sizes(form: ExportForm) -> list[dict[str, Any]]:
    """Each size as a small outline to tick."""
    chosen = form["slots"].value() or []
    longest = 46
    return [
        {
            "key": slot.key,
            "label": slot.label,
            "checked": slot.key in chosen,
            "width": round(longest * slot.width / max(slot.width, slot.height)),
            "height": max(4, round(longest * slot.height / max(slot.width, slot.height))),
        }
        for slot in SLOTS
    ]
