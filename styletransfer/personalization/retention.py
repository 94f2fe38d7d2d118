"""Nothing is kept longer than was promised: old events become totals, absent shoppers are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from styletransfer.conf import get_settings
from styletransfer.models import ConsentRecord, Purpose, Shopper
from styletransfer.personalization.erasure import forget
from styletransfer.personalization.locking import lock_people
from styletransfer.personalization.privacy import PersonalModel, registered, run_erasure_hooks

# Rows summed up and deleted in one transaction.
_CHUNK = 2000


@dataclass
class RetentionReport:
    """What a run removed, or would remove.

    Attributes:
        rows: dated rows past ``EVENT_DAYS``, by model label.
        absent: shoppers not seen for ``PROFILE_DAYS``.
        withdrawn: shoppers who have allowed nothing for ``WITHDRAWN_DAYS``.
    """

    rows: dict[str, int] = field(default_factory=dict)
    absent: int = 0
    withdrawn: int = 0


def retain(*, is_dry: bool = False, now: datetime | None = None) -> RetentionReport:
    """Remove whatever is older than the settings allow; safe to run at any time, and twice.

    A run that is interrupted has done what it has done: each chunk and each shopper is a transaction.
    """
    now = now or timezone.now()
    configured = get_settings()
    report = RetentionReport()
    for personal in registered():
        if personal.dated is not None:
            before = now - timedelta(days=configured.event_days)
            report.rows[personal.label] = _age_out(personal, before, is_dry=is_dry)
    absent = absent_shoppers(now - timedelta(days=configured.profile_days))
    report.absent = _forget_all(absent, is_dry=is_dry)
    withdrawn = withdrawn_shoppers(now - timedelta(days=configured.withdrawn_days))
    report.withdrawn = _forget_all(withdrawn.exclude(pk__in=absent.values("pk")), is_dry=is_dry)
    if not is_dry and report.absent + report.withdrawn:
        run_erasure_hooks()
    return report


def absent_shoppers(before: datetime) -> QuerySet[Shopper]:
    """Shoppers last seen before a time; those merged into another one go with it."""
    return Shopper.objects.filter(last_seen_at__lt=before, merged_into=None)


def withdrawn_shoppers(before: datetime) -> QuerySet[Shopper]:
    """Shoppers whose latest decision on every purpose is a refusal, the last of them before a time.

    Whoever has decided nothing at all counts from the day the row was made.
    """
    later = ConsentRecord.objects.filter(shopper=OuterRef("shopper"), purpose=OuterRef("purpose")).filter(
        Q(decided_at__gt=OuterRef("decided_at")) | Q(decided_at=OuterRef("decided_at"), pk__gt=OuterRef("pk"))
    )
    standing = ConsentRecord.objects.filter(shopper=OuterRef("pk"), granted=True).filter(~Exists(later))
    recent = ConsentRecord.objects.filter(shopper=OuterRef("pk"), decided_at__gte=before)
    return Shopper.objects.filter(
        ~Exists(standing.filter(purpose__in=Purpose.values)),
        ~Exists(recent),
        created_at__lt=before,
        merged_into=None,
    )


def _age_out(personal: PersonalModel, before: datetime, *, is_dry: bool) -> int:
    old = personal.model._default_manager.filter(**{f"{personal.dated}__lt": before})
    if is_dry:
        return old.count()
    removed = 0
    for chunk in _chunks(old):
        with transaction.atomic():
            rows = list(old.select_for_update().filter(pk__in=chunk))
            if personal.summarise is not None:
                personal.summarise(rows)
            old.filter(pk__in=[row.pk for row in rows]).delete()
            removed += len(rows)
    return removed


def _chunks(old: QuerySet) -> Iterator[list[object]]:  # type: ignore[type-arg]  # of any model
    while keys := list(old.values_list("pk", flat=True)[:_CHUNK]):
        yield keys


def _forget_all(shoppers: QuerySet[Shopper], *, is_dry: bool) -> int:
    found = list(shoppers)
    if not is_dry:
        for shopper in found:
            with transaction.atomic():
                lock_people(shopper)
                # Whoever came back or logged in since the list was made stays.
                if shoppers.filter(pk=shopper.pk).exists():
                    forget(shopper)
    return len(found)
