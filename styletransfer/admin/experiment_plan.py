"""The planning page: how long until a decision, with the shop's own traffic to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from styletransfer.admin.access import require
from styletransfer.admin.experiment_forms import PlanForm
from styletransfer.admin.experiment_plots import plan_bars
from styletransfer.admin.experiment_words import days, share
from styletransfer.experiments.traffic import Traffic, measured_traffic
from styletransfer.models import Experiment

if TYPE_CHECKING:
    ExperimentAdminBase = admin.ModelAdmin[Experiment]
else:
    ExperimentAdminBase = object

LIFTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)


class PlanViews(ExperimentAdminBase):
    """The planning page as part of ``ExperimentAdmin``."""

    plan_template = "admin/styletransfer/experiment/plan.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page before the experiments' own."""
        view = self.admin_site.admin_view(never_cache(self.plan_view))
        return [path("plan/", view, name="styletransfer_experiment_plan"), *super().get_urls()]

    def plan_view(self, request: HttpRequest) -> HttpResponse:
        """Figures in the address, answers below them; ``?experiment=`` starts from one's products."""
        require(self.has_view_permission(request))
        experiment = Experiment.objects.filter(pk__in=_numbers(request.GET.get("experiment"))).first()
        traffic = measured_traffic(experiment or Experiment())
        is_asked = "lift" in request.GET
        form = PlanForm(request.GET if is_asked else _initial(experiment, traffic))
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("How long will it take?"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "experiment": experiment,
            "traffic": traffic,
            "is_asked": is_asked,
        }
        if form.is_valid():
            context |= _answer(form)
        elif not is_asked:
            form.errors.clear()
        return TemplateResponse(request, self.plan_template, context)


def _answer(form: PlanForm) -> dict[str, Any]:
    lift = form.cleaned_data["lift"] / 100
    typical, likely = form.days(lift)
    highest = 94 / (form.cleaned_data.get("rate") or 1) - 1
    rows = [
        (_("%(lift)s more") % {"lift": share(one)}, form.days(one)[1], one == lift)
        for one in sorted({*LIFTS, lift})
        if one < highest
    ]
    return {
        "typical": days(typical),
        "likely": days(likely),
        "lift": share(lift),
        "bars": plan_bars(rows),
        "is_long": likely > 60,
    }


def _initial(experiment: Experiment | None, traffic: Traffic) -> dict[str, Any]:
    looks = experiment.arms.count() if experiment is not None else 2
    return {
        "goal": experiment.goal if experiment is not None else "buyers",
        "rate": f"{100 * traffic.rate:.3g}" if traffic.rate else "3",
        "mean": f"{traffic.mean:.3g}" if traffic.mean else "",
        "spread": f"{traffic.spread:.3g}" if traffic.spread else "",
        "lift": f"{100 * experiment.lift:g}" if experiment is not None else "20",
        "looks": max(2, looks),
        "visitors": (
            f"{traffic.visitors_a_day * (experiment.share if experiment is not None else 1):.3g}"
            if traffic.visitors
            else ""
        ),
        "alpha": f"{100 * experiment.alpha:g}" if experiment is not None else "5",
    }


def _numbers(text: str | None) -> list[int]:
    return [int(text)] if text and text.isascii() and text.isdigit() else []
