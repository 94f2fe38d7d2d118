"""What staff do to variants: approve, reject, retry, cancel. Each checks a permission, logs and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from styletransfer.admin.access import RESTYLE, REVIEW, log_acts, may, require
from styletransfer.jobs import claims
from styletransfer.jobs.requests import retry_failed
from styletransfer.jobs.review import set_review
from styletransfer.models import ReviewState, StyledVariant, VariantState
from styletransfer.models.job import OPEN_STATES

if TYPE_CHECKING:
    VariantAdminBase = admin.ModelAdmin[StyledVariant]
else:
    VariantAdminBase = object


class VariantActs(VariantAdminBase):
    """The actions of the variants' list and the buttons of a variant's page."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address that a variant's buttons post to."""
        act = path(
            "<int:variant_id>/act/",
            self.admin_site.admin_view(self.act_view),
            name="styletransfer_styledvariant_act",
        )
        return [act, *super().get_urls()]

    def has_review_permission(self, request: HttpRequest) -> bool:
        """For ``@admin.action(permissions=["review"])``."""
        return may(request, REVIEW)

    def has_restyle_permission(self, request: HttpRequest) -> bool:
        """For ``@admin.action(permissions=["restyle"])``."""
        return may(request, RESTYLE)

    @admin.action(description=gettext_lazy("Approve"), permissions=["review"])
    def approve(self, request: HttpRequest, queryset: QuerySet[StyledVariant]) -> None:
        """Mark ready variants as approved."""
        self._review(request, queryset, ReviewState.APPROVED)

    @admin.action(description=gettext_lazy("Reject"), permissions=["review"])
    def reject(self, request: HttpRequest, queryset: QuerySet[StyledVariant]) -> None:
        """Mark ready variants as rejected; the shop shows the photo instead."""
        self._review(request, queryset, ReviewState.REJECTED)

    @admin.action(description=gettext_lazy("Retry failed"), permissions=["restyle"])
    def retry(self, request: HttpRequest, queryset: QuerySet[StyledVariant]) -> None:
        """Queue failed variants again."""
        failed = _snapshot(queryset.filter(state=VariantState.FAILED))
        count = retry_failed(_rows(failed))
        log_acts(request, failed, _("Queued again after a failure."))
        done = ngettext("%(count)d variant was queued again.", "%(count)d variants were queued again.", count)
        self._report(request, count, done, _("None of the selected variants has failed."))

    @admin.action(description=gettext_lazy("Cancel"), permissions=["restyle"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[StyledVariant]) -> None:
        """Take open variants out of the queue."""
        waiting = _snapshot(queryset.filter(state__in=OPEN_STATES))
        count = claims.cancel(_rows(waiting))
        log_acts(request, waiting, _("Cancelled."))
        done = ngettext("%(count)d variant was cancelled.", "%(count)d variants were cancelled.", count)
        self._report(request, count, done, _("None of the selected variants is waiting or being painted."))

    def act_view(self, request: HttpRequest, variant_id: int) -> HttpResponse:
        """One act on one variant, from its page."""
        acts: dict[str, tuple[bool, Callable[[HttpRequest, QuerySet[StyledVariant]], None]]] = {
            "approve": (self.has_review_permission(request), self.approve),
            "reject": (self.has_review_permission(request), self.reject),
            "retry": (self.has_restyle_permission(request), self.retry),
            "cancel": (self.has_restyle_permission(request), self.cancel),
        }
        back = HttpResponseRedirect(
            reverse(f"{self.admin_site.name}:styletransfer_styledvariant_change", args=[variant_id])
        )
        if request.method != "POST":
            return back
        if request.POST.get("act") not in acts:
            raise Http404(_("There is no such act."))
        allowed, act = acts[request.POST["act"]]
        require(allowed)
        rows = self.get_queryset(request).filter(pk=variant_id)
        if not rows.exists():
            raise Http404(str(variant_id))
        act(request, rows)
        return back

    def _review(self, request: HttpRequest, queryset: QuerySet[StyledVariant], review: ReviewState) -> None:
        ready = _snapshot(queryset.filter(state=VariantState.READY).exclude(review=review))
        count = set_review(_rows(ready), review, request.user)
        if review == ReviewState.APPROVED:
            log_acts(request, ready, _("Approved."))
            done = ngettext("%(count)d variant was approved.", "%(count)d variants were approved.", count)
        else:
            log_acts(request, ready, _("Rejected."))
            done = ngettext("%(count)d variant was rejected.", "%(count)d variants were rejected.", count)
        self._report(request, count, done, _("None of the selected variants is ready and undecided."))

    def _report(self, request: HttpRequest, count: int, done: str, none_fit: str) -> None:
        if count:
            self.message_user(request, done % {"count": count}, messages.SUCCESS)
        else:
            self.message_user(request, none_fit, messages.WARNING)


def _snapshot(queryset: QuerySet[StyledVariant]) -> list[StyledVariant]:
    """The rows an act is about, with no more than the history needs, before it changes them."""
    return list(queryset.order_by().prefetch_related(None).select_related(None).only("source_name", "preset"))


def _rows(variants: list[StyledVariant]) -> QuerySet[StyledVariant]:
    return StyledVariant.objects.filter(pk__in=[variant.pk for variant in variants])
