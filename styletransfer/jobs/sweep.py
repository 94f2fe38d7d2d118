"""Clearing away what nothing needs any more: rows first, then the files that no row refers to.

Everything here may run beside busy workers. A row is locked and looked at again before it goes, a file is
asked for once more before it is deleted, and both must be older than the grace, which is far longer than
any worker takes between writing a file and committing the row that refers to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.jobs import claims
from styletransfer.jobs.leftovers import find_leftovers
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.rows import writing_connection
from styletransfer.models import (
    NotedChange,
    PhotoMask,
    PictureMeasure,
    StyledVariant,
    StylePreset,
    VariantState,
    WorkerSign,
)
from styletransfer.models.job import OPEN_STATES
from styletransfer.models.storage import variant_storage

logger = get_logger(__name__)

CHUNK = 500
DRAFT_HOURS = 24
ENDED_STATES = (VariantState.READY, VariantState.FAILED, VariantState.CANCELLED, VariantState.SUPERSEDED)

Tell = Callable[[str, str], None]


@dataclass
class SweepReport:
    """What was found and, unless it was a dry run, taken away.

    Attributes:
        leases: expired claims taken back.
        drafts: presets that live previews left behind, with their variants.
        orphan_rows: variants whose photo is gone.
        superseded_rows: variants that were replaced longer ago than the grace.
        masters: ended variants that still named a master.
        masks: masks of bytes that no painted or measured photo has, and measures of paintings that are gone.
        signs: signs of workers of days past, and notes that the policy does not use.
        files: that no row refers to.
        bytes: in these files.
        problems: what could not be done, in words.
    """

    leases: int = 0
    drafts: int = 0
    orphan_rows: int = 0
    superseded_rows: int = 0
    masters: int = 0
    masks: int = 0
    signs: int = 0
    files: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)


class Sweep:
    """One run over rows and files.

    Args:
        grace: how long what nothing needs is kept.
        is_dry: only count and tell; the files of rows that would go are not counted then.
        tell: called with the kind and the name of each thing that goes.
    """

    def __init__(
        self, grace: timedelta | None = None, *, is_dry: bool = False, tell: Tell | None = None
    ) -> None:
        if grace is None:
            grace = timedelta(hours=get_settings().sweep_grace_hours)
        self.report = SweepReport()
        self._cutoff = timezone.now() - grace
        self._is_dry = is_dry
        self._tell = tell or (lambda kind, name: None)

    def run(self) -> SweepReport:
        """Sweep everything."""
        self._leases()
        self._drafts()
        self._orphan_rows()
        self._superseded_rows()
        self._masters()
        self._masks()
        self._signs()
        self._files()
        return self.report

    def _leases(self) -> None:
        expired = StyledVariant.objects.filter(lease_until__lt=Now())
        self.report.leases = expired.count() if self._is_dry else claims.sweep()

    def _drafts(self) -> None:
        """A preview's preset goes a day after anything happened to it."""
        cutoff = timezone.now() - timedelta(hours=DRAFT_HOURS)
        in_use = StyledVariant.objects.filter(
            Q(state__in=OPEN_STATES) | Q(created_at__gte=cutoff) | Q(finished_at__gte=cutoff),
            preset=OuterRef("pk"),
        )
        drafts = StylePreset.objects.filter(~Exists(in_use), draft_of__isnull=False, created_at__lt=cutoff)
        self.report.drafts = self._delete(drafts, "draft")

    def _orphan_rows(self) -> None:
        kinds = StyledVariant.objects.order_by().values_list("content_type_id", "field").distinct()
        for content_type_id, name in list(kinds):
            model = ContentType.objects.get_for_id(content_type_id).model_class()
            if model is None:
                continue  # Its app is not installed now and may come back; remove_stale_contenttypes ends it.
            variants = StyledVariant.objects.filter(content_type=content_type_id, field=name)
            for missing in _missing_keys(model, variants):
                self.report.orphan_rows += self._delete(variants.filter(object_id__in=missing), "orphan row")

    def _superseded_rows(self) -> None:
        """A row counts as superseded from the moment at which its successor was finished."""
        recent = StyledVariant.objects.filter(
            content_type=OuterRef("content_type"),
            object_id=OuterRef("object_id"),
            field=OuterRef("field"),
            preset=OuterRef("preset"),
            finished_at__gte=self._cutoff,
        )
        rows = StyledVariant.objects.filter(
            ~Exists(recent), state=VariantState.SUPERSEDED, created_at__lt=self._cutoff
        )
        self.report.superseded_rows = self._delete(rows, "superseded row")

    def _masters(self) -> None:
        """An ended variant has no use for its master; without its name the file is swept below."""
        rows = StyledVariant.objects.filter(state__in=ENDED_STATES, finished_at__lt=self._cutoff)
        rows = rows.exclude(master_name="")
        self.report.masters = rows.count() if self._is_dry else rows.update(master_name="")

    def _masks(self) -> None:
        """Found masks can be found again; drawn ones go with the last photo that has their bytes."""
        same = {"source_digest": OuterRef("source_digest")}
        used = Exists(StyledVariant.objects.filter(**same)) | Exists(PictureMeasure.objects.filter(**same))
        rows = PhotoMask.objects.filter(~used, created_at__lt=self._cutoff)
        self.report.masks = self._delete(rows.filter(drawn_name="", areas_name=""), "mask")
        for content_type_id in list(rows.order_by().values_list("content_type_id", flat=True).distinct()):
            model = ContentType.objects.get_for_id(content_type_id).model_class()
            drawn = rows.filter(content_type=content_type_id)
            for missing in _missing_keys(model, drawn) if model is not None else ():
                self.report.masks += self._delete(drawn.filter(object_id__in=missing), "mask")
        kind = ContentType.objects.get_for_model(StyledVariant)
        measures = PictureMeasure.objects.filter(content_type=kind)
        for missing in _missing_keys(StyledVariant, measures):
            self.report.masks += self._delete(measures.filter(object_id__in=missing), "measure")

    def _signs(self) -> None:
        old = WorkerSign.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1))
        unused = NotedChange.objects.filter(noted_at__lt=self._cutoff)
        if get_settings().refresh != "never":
            unused = unused.none()
        self.report.signs = old.count() + unused.count()
        if not self._is_dry:
            old.delete()
            unused.delete()

    def _files(self) -> None:
        storage = variant_storage()
        try:
            for leftover in find_leftovers(self._cutoff):
                self._tell("file", leftover.name)
                if not self._is_dry:
                    storage.delete(leftover.name)
                self.report.files += 1
                self.report.bytes += leftover.size
        except NotImplementedError:
            self.report.problems.append(
                _("The storage %(alias)s cannot list its files, so none were swept.")
                % {"alias": get_settings().storage}
            )

    def _delete(self, rows: QuerySet[Any], kind: str) -> int:
        """Delete rows in small transactions, each row locked and checked first; the number of rows."""
        if self._is_dry:
            keys = rows.order_by("pk").values_list("pk", flat=True)
            number = 0
            for key in keys.iterator(chunk_size=CHUNK):
                self._tell(kind, str(key))
                number += 1
            return number
        number = 0
        while True:
            with transaction.atomic(using=writing_connection().alias):
                locked = rows.select_for_update(of=("self",)).order_by("pk")
                keys_now = list(locked.values_list("pk", flat=True)[:CHUNK])
                rows.model._base_manager.filter(pk__in=keys_now).delete()
            for key in keys_now:
                self._tell(kind, str(key))
            number += len(keys_now)
            if len(keys_now) < CHUNK:
                return number


def _missing_keys(model: type[Model], variants: QuerySet[Any]) -> Iterator[list[str]]:
    """Keys of objects that are gone, in lists of at most ``CHUNK``."""
    distinct = variants.order_by("object_id").values_list("object_id", flat=True).distinct()
    keys = distinct.iterator(chunk_size=CHUNK)
    missing: list[str] = []
    while chunk := list(islice(keys, CHUNK)):
        found = model._base_manager.filter(pk__in=_parsed(model, chunk)).values_list("pk", flat=True)
        there = {str(key) for key in found}
        missing += [key for key in chunk if key not in there]
    # Only now: deleting rows would disturb the query that reads them.
    yield from (missing[start : start + CHUNK] for start in range(0, len(missing), CHUNK))


def _parsed(model: type[Model], keys: list[str]) -> list[Any]:
    parsed = []
    for key in keys:
        try:
            parsed.append(model._meta.pk.to_python(key))
        except (ValidationError, ValueError):
            continue
    return parsed
