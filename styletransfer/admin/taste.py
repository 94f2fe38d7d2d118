"""Taste policies: what each would earn, whether the evidence is enough, and the buttons that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.admin.access import log_acts, require
from styletransfer.admin.rendering import badge
from styletransfer.admin.taste_plots import calibration_plot, intervals_plot, percent, styles_plot
from styletransfer.conf import get_settings
from styletransfer.models import SnapshotState, TasteSnapshot
from styletransfer.personalization.offpolicy.gate import Evaluation
from styletransfer.personalization.taste.snapshots import (
    REASONS,
    NotPromotedError,
    may_start,
    promote,
    switch_off,
)

if TYPE_CHECKING:
    SnapshotAdminBase = admin.ModelAdmin[TasteSnapshot]
else:
    SnapshotAdminBase = admin.ModelAdmin


_UNKNOWN = "-"


class TasteSnapshotAdmin(SnapshotAdminBase):
    """Read-only but for two acts: put live, switch off."""

    list_display = ("__str__", "state_column", "fitted_at", "learned_from", "now", "would_earn", "evidence")
    list_filter = ("state",)
    change_form_template = "admin/styletransfer/tastesnapshot/change_form.html"

    class Media:
        css = {"all": ["styletransfer/admin.css", "styletransfer/admin-taste.css"]}

    def get_urls(self) -> list[URLPattern]:
        """Add the address that the buttons post to."""
        view = self.admin_site.admin_view(self.act_view)
        return [
            path("<int:snapshot_id>/act/", view, name="styletransfer_tastesnapshot_act"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Policies are fitted by ``fit_taste``."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The record of what was live stays."""
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the parameters, which no page shows."""
        return super().get_queryset(request).defer("parameters").select_related("promoted_by")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_column(self, snapshot: TasteSnapshot) -> str:
        """The state as a badge."""
        kinds = {SnapshotState.LIVE.value: "ready", SnapshotState.CANDIDATE.value: "queued"}
        return badge(kinds.get(snapshot.state, "superseded"), snapshot.get_state_display())

    @admin.display(description=gettext_lazy("learned from"))
    def learned_from(self, snapshot: TasteSnapshot) -> str:
        """How many impressions it was fitted on."""
        return number_format(snapshot.summary.get("impressions", 0), force_grouping=True)

    @admin.display(description=gettext_lazy("live earned"))
    def now(self, snapshot: TasteSnapshot) -> str:
        """What was live earned at that time."""
        return percent(snapshot.evaluation["current"]["estimate"]) if snapshot.evaluation else _UNKNOWN

    @admin.display(description=gettext_lazy("this would earn"))
    def would_earn(self, snapshot: TasteSnapshot) -> str:
        """The best estimate."""
        if not snapshot.evaluation:
            return _UNKNOWN
        return percent(Evaluation.from_dict(snapshot.evaluation).best.estimate)

    @admin.display(description=gettext_lazy("evidence"))
    def evidence(self, snapshot: TasteSnapshot) -> str:
        """Whether it is enough."""
        if snapshot.evaluation is None:
            return _("none yet")
        return _("enough") if not snapshot.refusals else _("too thin")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page of one policy, with its plots."""
        snapshot = self.get_object(request, object_id or "")
        shown = self._shown(request, snapshot) if snapshot is not None else {}
        return super().changeform_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def act_view(self, request: HttpRequest, snapshot_id: int) -> HttpResponse:
        """Put live or switch off, and come back to the policy."""
        snapshot = TasteSnapshot.objects.filter(pk=snapshot_id).first()
        if snapshot is None:
            raise Http404(str(snapshot_id))
        require(self.has_change_permission(request, snapshot))
        if request.method == "POST":
            acts = {"promote": self._promote, "off": self._off}
            act = acts.get(request.POST.get("act", ""))
            if act is None:
                raise Http404(_("There is no such act."))
            act(request, snapshot)
        name = f"{self.admin_site.name}:styletransfer_tastesnapshot_change"
        return HttpResponseRedirect(reverse(name, args=[snapshot_id]))

    def _promote(self, request: HttpRequest, snapshot: TasteSnapshot) -> None:
        try:
            promote(snapshot, request.user)
        except NotPromotedError as error:
            self.message_user(request, _("It was not put live. %(why)s") % {"why": error}, messages.ERROR)
            return
        log_acts(request, [snapshot], _("Put live."))
        self.message_user(request, _("It chooses from now on."), messages.SUCCESS)

    def _off(self, request: HttpRequest, snapshot: TasteSnapshot) -> None:
        if switch_off():
            log_acts(request, [snapshot], _("Switched off."))
        text = _("Nobody's style is chosen by taste any more; the shop's default is shown.")
        self.message_user(request, text, messages.SUCCESS)

    def _shown(self, request: HttpRequest, snapshot: TasteSnapshot) -> dict[str, Any]:
        evaluation = Evaluation.from_dict(snapshot.evaluation) if snapshot.evaluation else None
        is_live = snapshot.state == SnapshotState.LIVE
        starts = may_start(snapshot)
        name = f"{self.admin_site.name}:styletransfer_tastesnapshot_act"
        return {
            "snapshot": snapshot,
            "state_badge": self.state_column(snapshot),
            "evaluation": evaluation,
            "intervals": intervals_plot(evaluation) if evaluation else None,
            "gain": percent(evaluation.gain.estimate) if evaluation else "",
            "gain_lower": percent(evaluation.gain.lower) if evaluation else "",
            "gain_upper": percent(evaluation.gain.upper) if evaluation else "",
            "needed": number_format(get_settings().taste_effective_size, force_grouping=True),
            "effective": _whole(evaluation.weights.effective_size) if evaluation else "",
            "drawn": _whole(evaluation.rows) if evaluation else "",
            "shoppers": _whole(evaluation.clusters) if evaluation else "",
            "greatest": number_format(evaluation.weights.greatest, 1) if evaluation else "",
            "styles": styles_plot(snapshot.summary.get("styles", [])),
            "calibration": calibration_plot(snapshot.summary.get("calibration", [])),
            "refusals": [REASONS.get(code, code) for code in snapshot.refusals],
            "is_enabled": get_settings().taste_enabled,
            "is_live": is_live,
            "may_start": starts,
            "budget": percent(get_settings().taste_budget),
            "may_promote": not is_live and (starts or not snapshot.refusals),
            "may_act": self.has_change_permission(request, snapshot),
            "act_url": reverse(name, args=[snapshot.pk]),
            "title": str(snapshot),
        }


def _whole(number: float) -> str:
    return number_format(round(number), force_grouping=True)
