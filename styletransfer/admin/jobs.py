"""Restyle jobs: who asked for what, how far it is, and what went wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from styletransfer.admin.access import RESTYLE, REVIEW, may, require
from styletransfer.admin.confirm import ConfirmViews
from styletransfer.admin.job_acts import JobActs
from styletransfer.admin.progress import JobProgress, current_progress, progress_of
from styletransfer.admin.rendering import badge
from styletransfer.admin.review import ReviewViews
from styletransfer.admin.speed import Speed, measured_speed
from styletransfer.admin.tallies import tallied
from styletransfer.admin.workers import worker_hint
from styletransfer.models import RestyleJob, VariantState

if TYPE_CHECKING:
    from styletransfer.conf import Lane

    JobAdminBase = admin.ModelAdmin[RestyleJob]
else:
    JobAdminBase = admin.ModelAdmin

SHOWN_FAILURES = 50
HINT_AFTER = timedelta(seconds=5)
# From so many photos on, a job's counts may be a few seconds old.
LARGE = 5000


class JobChangeList(ChangeList):
    """Reads the progress of a page's jobs at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Attach ``progress`` to every job of the page."""
        super().get_results(request)
        jobs = list(self.result_list)
        found = progress_of(jobs)
        for job in jobs:
            job.progress = found[job.pk]


class RestyleJobAdmin(ConfirmViews, JobActs, ReviewViews, JobAdminBase):
    """Bulk requests and their progress."""

    list_display = ("what", "progress_column", "looks", "requested_by", "created_at")
    date_hierarchy = "created_at"
    list_per_page = 30
    show_full_result_count = False
    ordering = ("-pk",)
    actions = None
    fields = ()
    change_form_template = "admin/styletransfer/restylejob/change_form.html"

    class Media:
        css = {"all": ("styletransfer/admin.css",)}
        js = (forms.Script("styletransfer/admin-job.js", type="module"),)

    def get_urls(self) -> list[URLPattern]:
        """Add the live progress before the job's own page."""
        view = self.admin_site.admin_view
        return [
            path(
                "<int:job_id>/progress/",
                view(never_cache(self.progress_view)),
                name="styletransfer_restylejob_progress",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RestyleJob]:
        """Jobs with what their row shows."""
        rows = super().get_queryset(request)
        return rows.select_related("requested_by", "content_type").prefetch_related("presets")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that reads progress once a page."""
        return JobChangeList

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Jobs are made on the confirm page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: RestyleJob | None = None) -> bool:
        """A request stays as it was made."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RestyleJob | None = None) -> bool:
        """Jobs are a record of who asked for what."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: RestyleJob | None = None) -> bool:
        """Whoever may ask for a job may follow it."""
        return super().has_view_permission(request, obj) or may(request, RESTYLE)

    @admin.display(description=gettext_lazy("job"), ordering="pk")
    def what(self, job: RestyleJob) -> str:
        """The job's number and what was selected, in words."""
        return f"#{job.pk} · {job.selection}" if job.selection else f"#{job.pk}"

    @admin.display(description=gettext_lazy("presets"))
    def looks(self, job: RestyleJob) -> str:
        """The names of the looks."""
        return ", ".join(preset.name for preset in job.presets.all())

    @admin.display(description=gettext_lazy("progress"))
    def progress_column(self, job: Any) -> str:
        """A bar, a badge and the counts in words."""
        progress: JobProgress = job.progress
        return format_html(
            '<div class="st-progress">{}<span class="st-quiet">{} {}</span></div>',
            progress.bar(),
            badge(*progress.status()),
            progress.sentence(),
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add progress, failures and the buttons this user may press."""
        job = kwargs.get("obj")
        if job is not None:
            name = f"{self.admin_site.name}:styletransfer_restylejob"
            context.update(
                {
                    "title": job.selection or str(job),
                    "subtitle": None,
                    "job": job,
                    "looks": self.looks(job),
                    "live": self._described(job),
                    "progress_url": reverse(f"{name}_progress", args=[job.pk]),
                    "act_url": reverse(f"{name}_act", args=[job.pk]),
                    "review_url": reverse(f"{name}_review", args=[job.pk]),
                    "variants_url": self._variants_url(job),
                    "may_act": may(request, RESTYLE),
                    "may_review": may(request, REVIEW),
                }
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def progress_view(self, request: HttpRequest, job_id: int) -> JsonResponse:
        """Progress and failures as JSON, for the job's page."""
        job = self._job(request, job_id)
        return JsonResponse(self._described(job))

    def _job(self, request: HttpRequest, job_id: int) -> RestyleJob:
        require(self.has_view_permission(request))
        job = self.get_queryset(request).filter(pk=job_id).first()
        if job is None:
            raise Http404(str(job_id))
        return job

    def _described(self, job: RestyleJob) -> dict[str, Any]:
        is_large = job.selected_count() > LARGE
        progress = current_progress(job, is_large=is_large)
        kind, word = progress.status()
        is_late = job.created_at < timezone.now() - HINT_AFTER
        untouched = is_late and progress.open and progress.open == progress.queued
        speed = measured_speed() if progress.open and not untouched else Speed()
        failures = tallied("failures", job.pk, lambda: failures_of(job, progress), is_large=is_large)
        return {
            "kind": kind,
            "status": word,
            "percent": progress.percent,
            "sentence": progress.sentence(),
            "segments": progress.segments(),
            "is_open": bool(progress.open),
            "can_retry": not progress.is_undone
            and bool(progress.failed or progress.cancelled or (progress.is_cancelled and progress.unplanned)),
            "can_undo": not progress.is_undone and bool(progress.ready or progress.open),
            "can_restore": progress.is_undone,
            "can_review": bool(progress.ready) and not progress.is_undone,
            "photos": progress.photos,
            "bar": progress.bar(),
            "hint": worker_hint(cast("Lane", job.lane)) if untouched else "",
            "speed": speed.words() if progress.open and speed.rate else "",
            "left": speed.time_for(progress.open),
            "started": date_format(timezone.localtime(job.created_at), "DATETIME_FORMAT"),
            "failures": failures,
        }

    def _variants_url(self, job: RestyleJob) -> str:
        name = f"{self.admin_site.name}:styletransfer_styledvariant_changelist"
        return f"{reverse(name)}?job={job.pk}"


def failures_of(job: RestyleJob, progress: JobProgress) -> list[dict[str, str]]:
    """The first failures of a job, refused photos before failed paintings, each with its reason."""
    refused: list[tuple[str, str]] = []
    if progress.refused:
        refused = list(job.items.exclude(error="").values_list("object_id", "error")[:SHOWN_FAILURES])
    failed: list[tuple[str, str, str]] = []
    if progress.states.get(VariantState.FAILED):
        failed = list(
            job.variants.filter(state=VariantState.FAILED)
            .order_by("pk")
            .values_list("source_name", "preset__name", "error")[: SHOWN_FAILURES - len(refused)]
        )
    return [
        *({"photo": f"#{pk}", "look": "", "reason": reason} for pk, reason in refused),
        *({"photo": name, "look": look, "reason": reason} for name, look, reason in failed),
    ]
