"""The confirm page of “Restyle selected …”: true counts, a live sample, one job for one click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from styletransfer.admin import samples, selection
from styletransfer.admin.access import RESTYLE, log_acts, may, require
from styletransfer.admin.confirm_form import HURRY_LIMIT, RestyleForm, look_cards
from styletransfer.admin.selection import Reach
from styletransfer.admin.speed import measured_speed
from styletransfer.engine.base import EngineUnavailableError
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import RestyleJob

if TYPE_CHECKING:
    JobAdminBase = admin.ModelAdmin[RestyleJob]
else:
    JobAdminBase = object

SHOWN_PHOTOS = 6
SHOWN_REFUSED = 10


@dataclass(frozen=True)
class Chosen:
    """A resolved selection.

    Attributes:
        token: its name in the session and in the page's address.
        found: photos by source.
        words: the selection in words.
        back_url: the list it was made on.
    """

    token: str
    found: list[Reach]
    words: str
    back_url: str

    @property
    def count(self) -> int:
        """Photos that may be restyled."""
        return sum(reach.count for reach in self.found)


class ConfirmViews(JobAdminBase):
    """The confirm page as part of ``RestyleJobAdmin``, so that any model's action can use it."""

    confirm_template = "admin/styletransfer/restylejob/confirm.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the confirm page and its sample."""

        def view(handler: Any) -> Any:
            return self.admin_site.admin_view(never_cache(handler))

        return [
            path("confirm/<str:token>/", view(self.confirm_view), name="styletransfer_restyle_confirm"),
            path("confirm/<str:token>/sample/", view(self.sample_view), name="styletransfer_restyle_sample"),
            *super().get_urls(),
        ]

    def confirm_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show what would be done; on POST do it once and lead to the job."""
        chosen = self._chosen(request, token)
        if isinstance(chosen, HttpResponse):
            return chosen
        seen = selection.fingerprint(chosen.found)
        # A sample without a script comes back here with what was ticked in its address.
        given = request.POST if request.method == "POST" else (request.GET or None)
        form = RestyleForm(given, photos=chosen.count)
        if request.method == "POST" and form.is_valid():
            if request.POST.get("seen") == seen:
                return self._confirmed(request, chosen, form.cleaned_data)
            self.message_user(
                request,
                _("The selection has changed meanwhile. Please look again and confirm."),
                messages.WARNING,
            )
        return self._confirm_page(request, form, chosen, seen)

    def sample_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """POST: paint a sample of the ticked looks. GET: where it stands, as JSON."""
        if request.method != "POST" and _wants_json(request):
            require(may(request, RESTYLE))
            return JsonResponse(samples.sample_state(request, selection.recall_samples(request, token)))
        chosen = self._chosen(request, token)
        if isinstance(chosen, HttpResponse):
            return chosen
        form = RestyleForm(request.POST if request.method == "POST" else request.GET, photos=chosen.count)
        problem = "" if form.is_valid() else _("Choose at least one look.")
        if not problem and request.method == "POST":
            try:
                painted = samples.request_samples(chosen.found, form.cleaned_data["presets"])
            except (ValueError, EngineUnavailableError) as error:
                problem = samples.refusal(error)
            else:
                selection.remember_samples(request, token, painted)
        if _wants_json(request):
            if problem:
                return JsonResponse({"error": problem}, status=400)
            ids = selection.recall_samples(request, token)
            return JsonResponse(samples.sample_state(request, ids), status=202)
        if problem:
            self.message_user(request, problem, messages.WARNING)
        given = request.POST.copy()
        for name in ("csrfmiddlewaretoken", "seen"):
            given.pop(name, None)
        address = reverse(f"{self.admin_site.name}:styletransfer_restyle_confirm", args=[token])
        return HttpResponseRedirect(f"{address}?{urlencode(list(_pairs(given)))}#st-sample")

    def _chosen(self, request: HttpRequest, token: str) -> Chosen | HttpResponse:
        """The selection behind a token as it is now, or where to go instead."""
        require(may(request, RESTYLE))
        if (done := self._jobs_of(request, token)) is not None:
            return done
        kept = selection.recall(request, token)
        if kept is None:
            self.message_user(
                request, _("This selection has expired. Please select again."), messages.WARNING
            )
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:index"))
        if kept.job or kept.words:
            found = selection.reaches(request, self.admin_site, kept.reviewed_rows())
            return self._unless_empty(request, Chosen(token, found, kept.words, kept.query))
        host = self.admin_site.get_model_admin(apps.get_model(kept.model))
        require(host.has_view_or_change_permission(request))
        host_url = reverse(f"{self.admin_site.name}:{host.opts.app_label}_{host.opts.model_name}_changelist")
        try:
            rows, words = selection.resolve(request, host, kept)
        except IncorrectLookupParameters:
            self.message_user(
                request, _("These filters no longer work. Please select again."), messages.WARNING
            )
            return HttpResponseRedirect(host_url)
        found = selection.reaches(request, self.admin_site, rows, host)
        return self._unless_empty(request, Chosen(token, found, words, f"{host_url}?{kept.query}"))

    def _unless_empty(self, request: HttpRequest, chosen: Chosen) -> Chosen | HttpResponse:
        if chosen.found:
            return chosen
        self.message_user(request, _("The selection has no photos to restyle."), messages.WARNING)
        return HttpResponseRedirect(chosen.back_url)

    def _confirmed(self, request: HttpRequest, chosen: Chosen, wanted: dict[str, Any]) -> HttpResponse:
        with transaction.atomic():
            # The user's row serialises two clicks: the second waits here and then finds the first one's job.
            get_user_model()._default_manager.select_for_update().get(pk=cast("int", request.user.pk))
            if (done := self._jobs_of(request, chosen.token)) is not None:
                return done
            for reach in chosen.found:
                if not reach.count:
                    continue
                job = request_restyle(
                    reach.source,
                    reach.photos,
                    list(wanted["presets"]),
                    user=request.user,
                    lane=wanted["lane"],
                    selection=chosen.words[:255],
                    force=wanted["force"],
                )
                job.options = {**job.options, "confirmation": chosen.token}
                job.save(update_fields=["options"])
                words = _("Requested: %(selection)s.") % {"selection": chosen.words}
                log_acts(request, [job], words, added=True)
        selection.forget(request, chosen.token)
        text = ngettext(
            "%(count)d photo was queued for restyling.",
            "%(count)d photos were queued for restyling.",
            chosen.count,
        )
        self.message_user(request, text % {"count": chosen.count}, messages.SUCCESS)
        return self._jobs_of(request, chosen.token) or HttpResponseRedirect(self._job_list_url())

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
        self, request: HttpRequest, form: RestyleForm, chosen: Chosen, seen: str
    ) -> HttpResponse:
        speed = measured_speed()
        sampled = selection.recall_samples(request, chosen.token)
        refused = sum(reach.refused for reach in chosen.found)
        sample_name = f"{self.admin_site.name}:styletransfer_restyle_sample"
        context = {
            **self.admin_site.each_context(request),
            "title": _("Restyle photos"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "found": chosen.found,
            "count": chosen.count,
            "words": chosen.words,
            "back_url": chosen.back_url,
            "seen": seen,
            "cards": look_cards(form, chosen.found, speed),
            "speed": speed.words(),
            "refused": refused,
            "refused_names": _refused_names(chosen.found) if refused else [],
            "photos": samples.first_photos(chosen.found, SHOWN_PHOTOS),
            "more": max(0, chosen.count - SHOWN_PHOTOS),
            "hurry_limit": HURRY_LIMIT,
            "sample": samples.sample_state(request, sampled) if sampled else None,
            "sample_url": reverse(sample_name, args=[chosen.token]),
        }
        return TemplateResponse(request, self.confirm_template, context)


def _refused_names(found: list[Reach]) -> list[str]:
    names: list[str] = []
    for reach in found:
        if reach.refused and len(names) < SHOWN_REFUSED:
            left_out = reach.selected.exclude(pk__in=reach.photos.order_by().values("pk")).order_by("pk")
            names += samples.names_of(reach.source, left_out[: SHOWN_REFUSED - len(names)])
    return names


def _pairs(given: Any) -> Any:
    return ((name, value) for name, values in given.lists() for value in values)


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
