"""The confirm page of “Restyle selected …”: true counts, presets as cards, one job for one click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from styletransfer.admin.access import RESTYLE, log_acts, may, require
from styletransfer.admin.ready import ready_by_preset
from styletransfer.admin.rendering import amount_meters, reference_url
from styletransfer.admin.selection import (
    Reach,
    fingerprint,
    forget,
    reaches,
    recall,
    resolve,
)
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import RestyleJob, StylePreset

if TYPE_CHECKING:
    JobAdminBase = admin.ModelAdmin[RestyleJob]
else:
    JobAdminBase = object


class RestyleForm(forms.Form):
    """Which looks, and whether failures are tried again."""

    presets = forms.ModelMultipleChoiceField(
        StylePreset.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one look.")},
    )
    force = forms.BooleanField(
        required=False, label=gettext_lazy("Also try photos again that failed before in these looks")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["presets"].queryset = offered_presets()  # type: ignore[attr-defined]


class ConfirmViews(JobAdminBase):
    """The confirm page as part of ``RestyleJobAdmin``, so that any model's action can use it."""

    confirm_template = "admin/styletransfer/restylejob/confirm.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the confirm page."""
        view = self.admin_site.admin_view(never_cache(self.confirm_view))
        return [path("confirm/<str:token>/", view, name="styletransfer_restyle_confirm"), *super().get_urls()]

    def confirm_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show what would be done; on POST do it once and lead to the job."""
        require(may(request, RESTYLE))
        if (done := self._jobs_of(request, token)) is not None:
            return done
        selection = recall(request, token)
        if selection is None:
            self.message_user(
                request, _("This selection has expired. Please select again."), messages.WARNING
            )
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:index"))
        host = self.admin_site.get_model_admin(apps.get_model(selection.model))
        require(host.has_view_or_change_permission(request))
        host_url = f"{self.admin_site.name}:{host.opts.app_label}_{host.opts.model_name}_changelist"
        try:
            rows, words = resolve(request, host, selection)
        except IncorrectLookupParameters:
            self.message_user(
                request, _("These filters no longer work. Please select again."), messages.WARNING
            )
            return HttpResponseRedirect(reverse(host_url))
        found = reaches(rows)
        if not found:
            self.message_user(request, _("The selection has no photos to restyle."), messages.WARNING)
            return HttpResponseRedirect(f"{reverse(host_url)}?{selection.query}")
        seen = fingerprint(found)
        form = RestyleForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            if request.POST.get("seen") == seen:
                return self._confirmed(request, token, found, words, form.cleaned_data)
            self.message_user(
                request,
                _("The selection has changed meanwhile. Please look again and confirm."),
                messages.WARNING,
            )
        back = f"{reverse(host_url)}?{selection.query}"
        return self._confirm_page(request, form, found, words, {"seen": seen, "back_url": back})

    def _confirmed(
        self, request: HttpRequest, token: str, found: list[Reach], words: str, chosen: dict[str, Any]
    ) -> HttpResponse:
        with transaction.atomic():
            # The user's row serialises two clicks: the second waits here and then finds the first one's job.
            get_user_model()._default_manager.select_for_update().get(pk=cast("int", request.user.pk))
            if (done := self._jobs_of(request, token)) is not None:
                return done
            for reach in found:
                job = request_restyle(
                    reach.source,
                    reach.photos,
                    list(chosen["presets"]),
                    user=request.user,
                    lane="bulk",
                    selection=words[:255],
                    force=chosen["force"],
                )
                job.options = {**job.options, "confirmation": token}
                job.save(update_fields=["options"])
                log_acts(request, [job], _("Requested: %(selection)s.") % {"selection": words}, added=True)
        forget(request, token)
        count = sum(reach.count for reach in found)
        text = ngettext(
            "%(count)d photo was queued for restyling.", "%(count)d photos were queued for restyling.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return self._jobs_of(request, token) or HttpResponseRedirect(self._job_list_url())

    def _jobs_of(self, request: HttpRequest, token: str) -> HttpResponse | None:
        """A redirect to what this user's confirmation already became; None when it has not."""
        jobs = list(RestyleJob.objects.filter(requested_by=request.user.pk, options__confirmation=token)[:2])
        if not jobs:
            return None
        if len(jobs) > 1:
            return HttpResponseRedirect(self._job_list_url())
        name = f"{self.admin_site.name}:styletransfer_restylejob_change"
        return HttpResponseRedirect(reverse(name, args=[jobs[0].pk]))

    def _job_list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:styletransfer_restylejob_changelist")

    def _confirm_page(
        self,
        request: HttpRequest,
        form: RestyleForm,
        found: list[Reach],
        words: str,
        extra: dict[str, Any],
    ) -> HttpResponse:
        count = sum(reach.count for reach in found)
        presets = list(offered_presets())
        ready = ready_by_preset(found, presets)
        picked = {str(value) for value in form["presets"].value() or ()}
        cards = [
            {
                "preset": preset,
                "url": reference_url(preset),
                "amounts": amount_meters(preset),
                "ready": ready.get(preset.pk, 0),
                "is_complete": ready.get(preset.pk, 0) >= count,
                "is_picked": str(preset.pk) in picked,
            }
            for preset in presets
        ]
        samples = [
            reach.source.file(photo).url for reach in found for photo in reach.photos.order_by("pk")[:6]
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Restyle photos"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "found": found,
            "count": count,
            "words": words,
            "cards": cards,
            "samples": samples[:6],
            "more": max(0, count - 6),
            **extra,
        }
        return TemplateResponse(request, self.confirm_template, context)


def offered_presets() -> Any:
    """Active presets with their reference pictures, in the shop's order."""
    return (
        StylePreset.objects.looks()
        .filter(is_active=True)
        .order_by("position", "name")
        .prefetch_related("references", "parts__component__references")
    )
