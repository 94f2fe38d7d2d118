"""How far jobs are: a fixed number of queries for any number of jobs on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from styletransfer.admin import tallies
from styletransfer.admin.rendering import stacked_bar
from styletransfer.admin.tallies import tallied
from styletransfer.models import FoldedSelection, RestyleJob, RestyleJobItem, VariantState
from styletransfer.models.job import OPEN_STATES


@dataclass
class JobProgress:
    """Counts of one job.

    Attributes:
        states: number of variants by state.
        photos: selected photos.
        unplanned: selected photos that have no variants yet.
        refused: selected photos that cannot be painted at all.
        presets: number of looks asked for.
        is_cancelled: whether somebody stopped the job.
        is_undone: whether the shop shows the photos instead of what this job painted.
    """

    states: dict[str, int] = field(default_factory=dict)
    photos: int = 0
    unplanned: int = 0
    refused: int = 0
    presets: int = 0
    is_cancelled: bool = False
    is_undone: bool = False

    @property
    def variants(self) -> int:
        """Variants there are so far."""
        return sum(self.states.values())

    @property
    def waiting(self) -> int:
        """Variants still to come of photos that are not planned."""
        return 0 if self.is_cancelled else self.unplanned * self.presets

    @property
    def total(self) -> int:
        """Pictures this job still stands for; a refused photo counts once a preset."""
        return self.variants - self.replaced + self.waiting + self.refused * self.presets

    @property
    def ready(self) -> int:
        """Finished variants."""
        return self.states.get(VariantState.READY, 0)

    @property
    def replaced(self) -> int:
        """Variants that a changed photo or preset has put out of date."""
        return self.states.get(VariantState.SUPERSEDED, 0)

    @property
    def failed(self) -> int:
        """Variants and refused photos that came to nothing."""
        return self.states.get(VariantState.FAILED, 0) + self.refused * self.presets

    @property
    def open(self) -> int:
        """Variants that are waiting or in work."""
        return self.waiting + sum(self.states.get(state, 0) for state in OPEN_STATES)

    @property
    def queued(self) -> int:
        """Variants that no worker has taken."""
        return self.waiting + self.states.get(VariantState.QUEUED, 0)

    @property
    def cancelled(self) -> int:
        """Variants taken out of the queue."""
        return self.states.get(VariantState.CANCELLED, 0)

    @property
    def percent(self) -> int:
        """Share that is done, whichever way it ended, as a whole number that is 100 only at the end."""
        return 100 * (self.total - self.open) // self.total if self.total else 100

    def sentence(self) -> str:
        """The counts in words."""
        parts = []
        if self.is_undone:
            parts.append(_("%(count)d ready but hidden") % {"count": self.ready})
        elif self.total or not self.replaced:
            parts.append(_("%(ready)d of %(total)d ready") % {"ready": self.ready, "total": self.total})
        in_work = self.open - self.queued
        if in_work:
            parts.append(_("%(count)d in work") % {"count": in_work})
        if self.queued:
            parts.append(_("%(count)d waiting") % {"count": self.queued})
        if self.failed:
            parts.append(_("%(count)d failed") % {"count": self.failed})
        if self.cancelled:
            parts.append(_("%(count)d cancelled") % {"count": self.cancelled})
        if self.replaced:
            parts.append(_("%(count)d replaced by newer ones") % {"count": self.replaced})
        return ", ".join(parts)

    def status(self) -> tuple[str, str]:
        """(css suffix, word) for a badge."""
        if self.is_undone:
            return "cancelled", _("Undone")
        if self.open:
            return ("painting", _("Running")) if self.ready + self.failed else ("queued", _("Queued"))
        if self.is_cancelled:
            return "cancelled", _("Cancelled")
        if self.failed:
            return "failed", _("Done, with failures")
        return "ready", _("Done")

    def segments(self) -> list[tuple[str, int]]:
        """(css suffix, count) in the order a bar shows them."""
        return [
            ("cancelled" if self.is_undone else "ready", self.ready),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("painting", self.open - self.queued),
            ("queued", self.queued),
        ]

    def bar(self) -> SafeString:
        """The counts as a stacked bar."""
        return stacked_bar(self.segments(), self.sentence())


def progress_of(jobs: Sequence[RestyleJob]) -> dict[int, JobProgress]:
    """Progress by job id for a list of jobs.

    Jobs that have ended are counted once and then taken from their row; the others cost three queries
    together.
    """
    known = {job.pk: JobProgress(**job.summary) for job in jobs if job.summary}
    counted = [job for job in jobs if job.pk not in known]
    return known | count_progress(counted)


def current_progress(job: RestyleJob, *, is_large: bool) -> JobProgress:
    """Progress of one job, counted now, or a moment ago where counting takes long."""
    return tallied("progress", job.pk, lambda: count_progress([job])[job.pk], is_large=is_large)


def count_progress(jobs: Sequence[RestyleJob]) -> dict[int, JobProgress]:
    """Progress by job id, in three queries; what has ended is noted in the job's row."""
    if not jobs:
        return {}
    found = {
        job.pk: JobProgress(is_cancelled=job.cancelled_at is not None, is_undone=job.undone_at is not None)
        for job in jobs
    }
    _add_states(found)
    _add_items(found)
    _add_presets(found)
    _note_ended(jobs, found)
    return found


def _note_ended(jobs: Sequence[RestyleJob], found: Mapping[int, JobProgress]) -> None:
    changed = []
    for job in jobs:
        has_ended = (job.planned_at or job.cancelled_at) and not found[job.pk].open
        summary = asdict(found[job.pk]) if has_ended else None
        if summary != job.summary:
            job.summary = summary
            changed.append(job)
    if changed:
        RestyleJob.objects.bulk_update(changed, ["summary"])


def forget_progress(jobs: QuerySet[RestyleJob]) -> None:
    """Count these jobs anew; called after every act on them."""
    keys = list(jobs.order_by().values_list("pk", flat=True))
    RestyleJob.objects.filter(pk__in=keys, summary__isnull=False).update(summary=None)
    tallies.forget(keys)


def _add_states(found: dict[int, JobProgress]) -> None:
    through: Any = RestyleJob.variants.through
    states = (
        through.objects.filter(restylejob__in=list(found))
        .order_by()
        .values_list("restylejob", "styledvariant__state")
        .annotate(Count("pk"))
    )
    for pk, state, count in states:
        found[pk].states[state] = count


def _add_items(found: dict[int, JobProgress]) -> None:
    items = (
        RestyleJobItem.objects.filter(job__in=list(found))
        .order_by()
        .values("job")
        .annotate(
            photos=Count("pk"),
            unplanned=Count("pk", filter=Q(is_planned=False)),
            refused=Count("pk", filter=~Q(error="")),
        )
        .values_list("job", "photos", "unplanned", "refused")
    )
    for pk, photos, unplanned, refused in items:
        found[pk].photos, found[pk].unplanned, found[pk].refused = photos, unplanned, refused
    folded = FoldedSelection.objects.filter(job__in=list(found)).order_by().values_list("job")
    for pk, number in folded.annotate(Sum("number")):
        found[pk].photos += number
        found[pk].unplanned += number


def _add_presets(found: dict[int, JobProgress]) -> None:
    chosen: Any = RestyleJob.presets.through
    presets = (
        chosen.objects.filter(restylejob__in=list(found))
        .order_by()
        .values_list("restylejob")
        .annotate(Count("pk"))
    )
    for pk, count in presets:
        found[pk].presets = count
