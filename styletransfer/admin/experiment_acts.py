"""What staff do to an experiment: start, stop, apply, take back. Each is logged once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from styletransfer.admin.access import APPLY, RUN, log_acts, may, require
from styletransfer.experiments import life
from styletransfer.experiments.life import ExperimentProblem
from styletransfer.models import Experiment

if TYPE_CHECKING:
    ExperimentAdminBase = admin.ModelAdmin[Experiment]
else:
    ExperimentAdminBase = object


class ExperimentActs(ExperimentAdminBase):
    """The buttons of an experiment's page."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address that the buttons post to."""
        view = self.admin_site.admin_view(self.act_view)
        return [
            path("<int:experiment_id>/act/", view, name="styletransfer_experiment_act"),
            *super().get_urls(),
        ]

    def act_view(self, request: HttpRequest, experiment_id: int) -> HttpResponse:
        """Do what the pressed button says and come back to the experiment."""
        require(self.has_view_permission(request))
        experiment = Experiment.objects.filter(pk=experiment_id).first()
        if experiment is None:
            raise Http404(str(experiment_id))
        if request.method == "POST":
            try:
                words = self._act(request, experiment, request.POST.get("act", ""))
            except ExperimentProblem as problem:
                for reason in problem.reasons:
                    self.message_user(request, reason, messages.ERROR)
            else:
                log_acts(request, [experiment], words)
                self.message_user(request, words, messages.SUCCESS)
        name = f"{self.admin_site.name}:styletransfer_experiment_change"
        return HttpResponseRedirect(reverse(name, args=[experiment.pk]))

    def _act(self, request: HttpRequest, experiment: Experiment, act: str) -> str:
        if act == "start":
            require(may(request, RUN))
            life.start(experiment)
            return _("Started. From now on visitors who allow measuring take part.")
        if act == "stop":
            require(may(request, RUN))
            life.stop(experiment)
            return _("Stopped. The shop looks as it did before; the results are kept.")
        if act.startswith("apply:"):
            require(may(request, APPLY))
            arm = experiment.arms.filter(key__in=_keys(act.removeprefix("apply:"))).first()
            if arm is None:
                raise Http404(_("There is no such look."))
            life.apply_winner(experiment, arm)
            text = _(
                "“%(look)s” is now what everybody sees who has picked no style. You can take it back here."
            )
            return text % {"look": arm.name}
        if act == "revert":
            require(may(request, APPLY))
            life.revert(experiment)
            return _("Taken back. The shop looks as it did before.")
        raise Http404(_("There is no such act."))


def _keys(text: str) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(text)]
    except ValueError:
        return []
