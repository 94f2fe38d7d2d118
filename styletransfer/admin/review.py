"""The review of a job: before and after side by side, decided from the keyboard or many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from styletransfer.admin import tallies
from styletransfer.admin.access import RESTYLE, REVIEW, log_acts, may, require
from styletransfer.admin.photos import before_url, product_name, source_prefetch
from styletransfer.admin.rendering import badge, largest_url
from styletransfer.admin.selection import Selection, remember
from styletransfer.conf import get_settings
from styletransfer.jobs.review import set_review
from styletransfer.models import RestyleJob, ReviewState, StyledVariant, VariantState

if TYPE_CHECKING:
    JobAdminBase = admin.ModelAdmin[RestyleJob]
else:
    JobAdminBase = object

PAGE = 24
LARGE = 5000
KEY_DIGITS = 19
ACTS = {
    "approve": ReviewState.APPROVED,
    "reject": ReviewState.REJECTED,
    "reopen": ReviewState.PENDING,
}
DONE = {
    "approve": gettext_lazy("Approved: %(count)d."),
    "reject": gettext_lazy("Rejected: %(count)d. The shop shows their photos."),
    "reopen": gettext_lazy("Not reviewed any more: %(count)d."),
}
SHOWN = ("pending", "approved", "rejected", "all")


class ReviewViews(JobAdminBase):
    """The review page of ``RestyleJobAdmin``."""

    review_template = "admin/styletransfer/restylejob/review.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the review page."""
        view = self.admin_site.admin_view(never_cache(self.review_view))
        return [
            path("<int:job_id>/review/", view, name="styletransfer_restylejob_review"),
            *super().get_urls(),
        ]

    def review_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """GET: a page of pictures. POST: a decision about some or all of them."""
        require(self.has_view_permission(request) or may(request, REVIEW))
        job = self.get_queryset(request).filter(pk=job_id).first()
        if job is None:
            raise Http404(str(job_id))
        shown = request.GET.get("show", "pending")
        if shown not in SHOWN:
            raise Http404(shown)
        if request.method == "POST":
            return self._decided(request, job, shown)
        return self._review_page(request, job, shown)

    def _decided(self, request: HttpRequest, job: RestyleJob, shown: str) -> HttpResponse:
        act = request.POST.get("act", "")
        rows = pictures_of(job, shown)
        is_all = request.POST.get("scope") == "all"
        if not is_all:
            ticked = [number for text in request.POST.getlist("variant") if (number := _key(text))]
            rows = pictures_of(job).filter(pk__in=ticked[:PAGE])
        if act == "redo":
            return self._redone(request, job, shown, None if is_all else rows)
        if act not in ACTS:
            raise Http404(_("There is no such act."))
        require(may(request, REVIEW))
        decided = [] if is_all else list(rows.exclude(review=ACTS[act]).only("source_name", "preset"))
        count = set_review(rows, ACTS[act], request.user)
        text = DONE[act] % {"count": count}
        if count:
            log_acts(request, [job, *decided], str(text))
            tallies.forget([job.pk])
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse({"text": text, "tabs": self._tabs(job, shown), **_badge_of(ACTS[act])})
        self.message_user(request, str(text), messages.SUCCESS if count else messages.INFO)
        return HttpResponseRedirect(request.get_full_path())

    def _redone(
        self, request: HttpRequest, job: RestyleJob, shown: str, ticked: QuerySet[StyledVariant] | None
    ) -> HttpResponse:
        """Lead to the confirm page with the photos of the ticked pictures, or of all that are shown."""
        require(may(request, RESTYLE))
        keys: tuple[str, ...] = ()
        if ticked is not None:
            keys = tuple(dict.fromkeys(ticked.order_by("pk").values_list("object_id", flat=True)))
        if ticked is not None and not keys:
            self.message_user(request, _("Tick the pictures to paint again first."), messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        model = cast("Any", job.content_type.model_class())
        chosen = Selection(
            model=model._meta.label_lower,
            query=request.get_full_path(),
            across=ticked is None,
            pks=keys,
            job=job.pk,
            review="" if shown == "all" else shown,
            words=_("the review of job %(number)d") % {"number": job.pk},
        )
        name = f"{self.admin_site.name}:styletransfer_restyle_confirm"
        return HttpResponseRedirect(reverse(name, args=[remember(request, chosen)]))

    def _review_page(self, request: HttpRequest, job: RestyleJob, shown: str) -> HttpResponse:
        after = request.GET.get("after", "")
        rows = pictures_of(job, shown)
        if after.isdecimal() and len(after) < 19:
            rows = rows.filter(pk__gt=int(after))
        found = list(
            rows.order_by("pk").prefetch_related("preset", "content_type", source_prefetch())[: PAGE + 1]
        )
        page = found[:PAGE]
        tabs = self._tabs(job, shown)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Review of job %(number)d") % {"number": job.pk},
            "opts": self.opts,
            "media": self.media,
            "job": job,
            "job_url": reverse(f"{self.admin_site.name}:styletransfer_restylejob_change", args=[job.pk]),
            "tabs": tabs,
            "shown": shown,
            "count": next(tab["count"] for tab in tabs if tab["value"] == shown),
            "tiles": [self._tile(variant) for variant in page],
            "next_url": f"?show={shown}&after={page[-1].pk}" if len(found) > PAGE else "",
            "first_url": f"?show={shown}" if after else "",
            "shows_unapproved": get_settings().show_unapproved,
            "may_review": may(request, REVIEW),
            "may_restyle": may(request, RESTYLE),
        }
        return TemplateResponse(request, self.review_template, context)

    def _tile(self, variant: StyledVariant) -> dict[str, Any]:
        page = f"{self.admin_site.name}:styletransfer_styledvariant_change"
        return {
            "pk": variant.pk,
            "name": product_name(variant) or variant.source_name,
            "look": variant.preset.name,
            "before": before_url(variant),
            "after": largest_url(variant),
            "is_hidden": variant.hidden_by_id is not None,
            "url": reverse(page, args=[variant.pk]),
            **_badge_of(ReviewState(variant.review)),
        }

    def _tabs(self, job: RestyleJob, shown: str) -> list[dict[str, Any]]:
        counts: dict[str, int] = tallies.tallied(
            "reviews", job.pk, lambda: _review_counts(job), is_large=job.selected_count() > LARGE
        )
        labels = {**{state.value: state.label for state in ReviewState}, "all": _("All")}
        counts = {**counts, "all": sum(counts.values())}
        return [
            {
                "value": value,
                "label": str(labels[value]),
                "count": counts.get(value, 0),
                "url": f"?show={value}",
                "is_current": value == shown,
            }
            for value in SHOWN
        ]


def pictures_of(job: RestyleJob, shown: str = "all") -> QuerySet[StyledVariant]:
    """Finished pictures of a job, those of one review state where it is named."""
    links = RestyleJob.variants.through.objects.filter(restylejob_id=job.pk)
    rows = StyledVariant.objects.filter(pk__in=links.values("styledvariant_id"), state=VariantState.READY)
    return rows if shown == "all" else rows.filter(review=shown)


def _review_counts(job: RestyleJob) -> dict[str, int]:
    return dict(pictures_of(job).order_by().values_list("review").annotate(Count("pk")))


def _key(text: str) -> int:
    """A primary key from a form or an address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < KEY_DIGITS else 0


def _badge_of(review: ReviewState) -> dict[str, str]:
    return {"review": review.value, "badge": badge(review.value, review.label)}
