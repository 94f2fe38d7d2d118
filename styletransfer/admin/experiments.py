"""Experiments: what is compared, what came of it in words and plots, and the buttons that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.admin import experiment_words as words
from styletransfer.admin.access import APPLY, RUN, may
from styletransfer.admin.experiment_acts import ExperimentActs
from styletransfer.admin.experiment_exports import ExportViews
from styletransfer.admin.experiment_forms import ArmForm, ArmFormSet, ExperimentForm
from styletransfer.admin.experiment_plan import PlanViews
from styletransfer.admin.experiment_plots import sequence_plot
from styletransfer.admin.rendering import badge, no_picture, picture, smallest_url
from styletransfer.experiments.coverage import coverage_of
from styletransfer.experiments.results import Results, results_of
from styletransfer.experiments.targets import Target
from styletransfer.models import Arm, Experiment, ExperimentState, Goal, StyledVariant, VariantState

if TYPE_CHECKING:
    ExperimentAdminBase = admin.ModelAdmin[Experiment]
    ArmInlineBase = admin.TabularInline[Arm, Experiment]
else:
    ExperimentAdminBase, ArmInlineBase = admin.ModelAdmin, admin.TabularInline

STATE_KINDS = {"draft": "pending", "running": "painting", "stopped": "cancelled", "applied": "ready"}


class ArmInline(ArmInlineBase):
    """The looks; the first row is the photo as it was taken."""

    model = Arm
    form = ArmForm
    formset = ArmFormSet
    fields = ("preset", "weight", "is_control")
    max_num = 8

    def get_extra(self, request: HttpRequest, obj: Experiment | None = None, **kwargs: Any) -> int:
        """Two rows to begin with."""
        return 2 if obj is None else 0

    def has_add_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """As the experiment: a draft may change."""
        return (obj is None or obj.is_draft) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """As the experiment: a draft may change."""
        return (obj is None or obj.is_draft) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """As the experiment: a draft may change."""
        return (obj is None or obj.is_draft) and super().has_delete_permission(request, obj)


class ExperimentAdmin(PlanViews, ExportViews, ExperimentActs, ExperimentAdminBase):
    """Experiments and their results."""

    form = ExperimentForm
    inlines = (ArmInline,)
    list_display = ("name", "state_badge", "looks", "visitors", "started_at")
    list_filter = ("state", "goal")
    search_fields = ("name", "hypothesis")
    ordering = ("-pk",)
    change_form_template = "admin/styletransfer/experiment/change_form.html"
    change_list_template = "admin/styletransfer/experiment/change_list.html"
    fieldsets = (
        (None, {"fields": ("name", "hypothesis")}),
        (gettext_lazy("Products and visitors"), {"fields": ("categories", "products", "share")}),
        (gettext_lazy("Question"), {"fields": ("goal", "lift", "counts_everything")}),
        (gettext_lazy("Course"), {"fields": ("stops_itself", "longest_days", "allocation", "floor")}),
        (
            gettext_lazy("Statistics"),
            {
                "fields": ("window_hours", "alpha", "uses_history", "currency", "planned_visitors"),
                "classes": ("collapse",),
            },
        ),
    )

    class Media:
        css = {"all": ("styletransfer/admin.css", "styletransfer/admin-experiments.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        """Experiments with what their row shows, without the sums of those that have ended."""
        rows = super().get_queryset(request).defer("frozen")
        counted = Count("exposures", filter=Q(exposures__conflicted_at__isnull=True), distinct=True)
        return rows.prefetch_related("arms__preset").annotate(visitor_count=counted)

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """What runs or has run stays as it was planned."""
        return (obj is None or obj.is_draft) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """Stop or take back first."""
        is_free = obj is None or obj.state in (ExperimentState.DRAFT, ExperimentState.STOPPED)
        return is_free and super().has_delete_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """Whoever may run experiments may look at them."""
        return super().has_view_permission(request, obj) or may(request, RUN) or may(request, APPLY)

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        """Note who planned it."""
        if not change:
            obj.created_by_id = cast("int", request.user.pk)
        super().save_model(request, obj, form, change)

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Experiment, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """Begin with the photo as it was taken, as the one to compare with."""
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "GET" and obj._state.adding:
            kwargs["initial"] = [{"is_control": True}, {}]
        return kwargs

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_badge(self, experiment: Experiment) -> str:
        """The state as a coloured word."""
        return badge(STATE_KINDS[experiment.state], experiment.get_state_display())

    @admin.display(description=gettext_lazy("looks"))
    def looks(self, experiment: Experiment) -> str:
        """The names of the arms."""
        return " · ".join(str(arm.name) for arm in experiment.arms.all())

    @admin.display(description=gettext_lazy("visitors"), ordering="visitor_count")
    def visitors(self, experiment: Any) -> str:
        """Visitors who have seen one of the looks."""
        return number_format(experiment.visitor_count)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add results and buttons to the form."""
        experiment = kwargs.get("obj")
        if experiment is not None:
            name = f"{self.admin_site.name}:styletransfer_experiment"
            context |= {
                "experiment": experiment,
                "state_badge": self.state_badge(experiment),
                "act_url": reverse(f"{name}_act", args=[experiment.pk]),
                "plan_url": f"{reverse(f'{name}_plan')}?experiment={experiment.pk}",
                "export_url": reverse(f"{name}_export", args=[experiment.pk]),
                "may_run": may(request, RUN),
                "may_apply": may(request, APPLY),
                "ended": words.ended_words(experiment),
            }
            if not experiment.is_draft:
                context |= {"title": experiment.name, "subtitle": None, **_described(experiment)}
            else:
                context["coverage"] = [one for one in coverage_of(experiment) if one.missing]
        return super().render_change_form(request, context, *args, **kwargs)


def _described(experiment: Experiment) -> dict[str, Any]:
    """Everything the results show."""
    results, coverage = results_of(experiment), coverage_of(experiment)
    visitors = sum(results.counted.visitors)
    conflicts = int(sum(results.counted.conflicts))
    return {
        "headline": words.headline_of(experiment, results, coverage),
        "results": results,
        "rows": [_row(experiment, results, place) for place in range(len(results.arms))],
        "plots": _plots(experiment, results),
        "coverage": [one for one in coverage if one.missing],
        "waiting": number_format(results.counted.waiting) if results.counted.waiting else "",
        "conflicts": number_format(conflicts) if conflicts else "",
        "progress": min(100, round(100 * visitors / results.needed)) if results.needed else None,
        "needed": number_format(results.needed) if results.needed else "",
        "visitors": number_format(int(visitors)),
        "is_revenue": experiment.goal == Goal.REVENUE,
        "applied_arm": experiment.winner if experiment.state == ExperimentState.APPLIED else None,
    }


def _row(experiment: Experiment, results: Results, place: int) -> dict[str, Any]:
    arm, goal, money = results.arms[place], results.goal, results.money
    row: dict[str, Any] = {
        "arm": arm,
        "picture": sample_picture(experiment, arm),
        "visitors": number_format(int(results.counted.visitors[place])),
        "expected": number_format(round(results.counted.expected[place])),
        "is_best": results.best is not None and results.best.pk == arm.pk,
    }
    if goal is None or money is None:
        return row
    comparison = next((one for one in goal.comparisons if one.arm == place), None)
    sample = goal.samples[place]
    is_rate = experiment.goal != Goal.REVENUE
    return row | {
        "counted": number_format(int(sample.count)),
        "badge": badge(*words.standing_of(comparison)),
        "successes": number_format(int(sample.total)) if is_rate else "",
        "rate": words.share(goal.means[place], 2) if is_rate and sample.count else "",
        "money": f"{number_format(money.means[place], 2)} {experiment.currency}".strip(),
        "difference": words.difference(experiment.goal, comparison.estimate) if comparison else "",
    }


def _plots(experiment: Experiment, results: Results) -> list[dict[str, Any]]:
    if results.goal is None:
        return []
    return [
        {
            "name": results.arms[one.arm].name,
            "svg": sequence_plot(one, str(results.arms[one.arm].name), experiment.lift),
        }
        for one in results.goal.comparisons
    ]


def sample_picture(experiment: Experiment, arm: Arm) -> str:
    """One of the experiment's photos in an arm's look."""
    for source, photos in Target.of(experiment).photos():
        if arm.preset is None:
            photo = photos.exclude(**{source.image: ""}).order_by("pk").first()
            if photo is not None:
                return picture(source.file(photo).url, "st-thumb st-thumb--large", _("Original photo"))
            continue
        shown = StyledVariant.objects.filter(
            content_type=ContentType.objects.get_for_model(source.model),
            field=source.image,
            preset=arm.preset,
            state=VariantState.READY,
        )
        first = photos.order_by("pk").values_list("pk", flat=True).first()
        variant = shown.filter(object_id=str(first)).first() or shown.order_by("pk").first()
        if variant is not None:
            return picture(smallest_url(variant), "st-thumb st-thumb--large", str(arm.name))
    return no_picture("st-thumb st-thumb--large")
