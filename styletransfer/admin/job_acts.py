"""What staff do to a job: cancel, retry, undo, bring back. Each is logged once and harmless when repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from styletransfer.admin.access import RESTYLE, log_acts, may, require
from styletransfer.admin.progress import forget_progress
from styletransfer.jobs.requests import cancel_job, retry_failed
from styletransfer.jobs.undo import restore_job, undo_job
from styletransfer.models import RestyleJob

if TYPE_CHECKING:
    JobAdminBase = admin.ModelAdmin[RestyleJob]
else:
    JobAdminBase = object


class JobActs(JobAdminBase):
    """The buttons of a job's page."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address that the buttons post to."""
        view = self.admin_site.admin_view(self.act_view)
        return [
            path("<int:job_id>/act/", view, name="styletransfer_restylejob_act"),
            *super().get_urls(),
        ]

    def act_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Do what the pressed button says and come back to the job."""
        acts = {
            "cancel": self._cancel,
            "retry": self._retry,
            "undo": self._undo,
            "restore": self._restore,
        }
        require(self.has_view_permission(request))
        job = self.get_queryset(request).filter(pk=job_id).first()
        if job is None:
            raise Http404(str(job_id))
        require(may(request, RESTYLE))
        if request.method == "POST":
            act = acts.get(request.POST.get("act", ""))
            if act is None:
                raise Http404(_("There is no such act."))
            act(request, job)
            forget_progress(RestyleJob.objects.filter(pk=job.pk))
        name = f"{self.admin_site.name}:styletransfer_restylejob_change"
        return HttpResponseRedirect(reverse(name, args=[job.pk]))

    def _cancel(self, request: HttpRequest, job: RestyleJob) -> None:
        was_cancelled = job.cancelled_at is not None
        number = cancel_job(job)
        if number or not was_cancelled:
            log_acts(request, [job], _("Cancelled."))
        self.message_user(request, _("The job was cancelled. Finished pictures stay."), messages.SUCCESS)

    def _retry(self, request: HttpRequest, job: RestyleJob) -> None:
        if job.undone_at is not None:
            text = _("This job was undone. Bring its pictures back before you try the rest again.")
            self.message_user(request, text, messages.WARNING)
            return
        count = retry_failed(job)
        if count:
            log_acts(request, [job], _("Failed and cancelled pictures queued again."))
        text = ngettext("%(count)d picture was queued again.", "%(count)d pictures were queued again.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.INFO)

    def _undo(self, request: HttpRequest, job: RestyleJob) -> None:
        was_undone = job.undone_at is not None
        number = undo_job(job)
        if number or not was_undone:
            log_acts(request, [job], _("Undone: %(count)d pictures hidden.") % {"count": number})
        text = ngettext(
            "The job was undone. %(count)d picture is hidden; the shop shows the photo again.",
            "The job was undone. %(count)d pictures are hidden; the shop shows the photos again.",
            number,
        )
        self.message_user(request, text % {"count": number}, messages.SUCCESS)

    def _restore(self, request: HttpRequest, job: RestyleJob) -> None:
        was_undone = job.undone_at is not None
        number = restore_job(job)
        if number or was_undone:
            log_acts(request, [job], _("Brought back: %(count)d pictures.") % {"count": number})
        text = ngettext("%(count)d picture is back.", "%(count)d pictures are back.", number)
        self.message_user(request, text % {"count": number}, messages.SUCCESS)
