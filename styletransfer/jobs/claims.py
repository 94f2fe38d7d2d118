"""The only writer of a variant's state. Every change is one conditional UPDATE.

A claim writes a fresh token and a lease by the database's clock. Whoever reports back after the lease
was given to somebody else finds that its token no longer matches, and its write is refused: the
functions then return False or leave the row's id out of their answer, and the caller drops its work.

``attempts`` counts tries that failed or whose worker died, in painting and encoding together.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.jobs import metrics, rows
from styletransfer.jobs.log import get_logger
from styletransfer.models import StyledVariant, StylePreset, VariantState
from styletransfer.models.job import OPEN_STATES

BACK_OFF_SECONDS = 2
STORAGE_PAUSE_SECONDS = 15.0
SWEPT_AT_ONCE = 500

logger = get_logger(__name__)

Variants = QuerySet[StyledVariant]


@dataclass(frozen=True)
class Claim:
    """Variants that this worker alone may work on while it keeps the lease alive.

    Attributes:
        token: what every later write must carry.
        variants: the claimed rows, oldest first; painting claims share one engine and one bucket.
    """

    token: uuid.UUID
    variants: list[StyledVariant]

    @property
    def ids(self) -> list[int]:
        """Primary keys of the claimed rows."""
        return [variant.pk for variant in self.variants]

    @property
    def is_retried(self) -> bool:
        """Whether an earlier try failed or took its worker along; such a variant is claimed alone."""
        return any(variant.attempts for variant in self.variants)

    def load_presets(self) -> None:
        """Load the presets and content types of all rows with one query, before threads need them."""
        presets = StylePreset.objects.select_related("draft_of").in_bulk(
            {variant.preset_id for variant in self.variants}
        )
        for variant in self.variants:
            variant.preset = presets[variant.preset_id]
            variant.content_type = ContentType.objects.get_for_id(variant.content_type_id)


def claim_for_painting(
    lane: str, *, limit: int | None = None, without_engines: Collection[str] = ()
) -> Claim | None:
    """Take the oldest queued variant of a lane and up to ``limit`` - 1 others of its bucket and engine.

    A variant that failed before is taken alone, so that one that kills its worker takes no mates along.
    """
    token = uuid.uuid4()
    taken = rows.take(
        (VariantState.QUEUED, VariantState.PAINTING),
        lane,
        limit or get_settings().batch_size,
        token=token,
        lease_seconds=get_settings().lease_seconds,
        alike=True,
        without_engines=without_engines,
    )
    return Claim(token, taken) if taken else None


def claim_for_encoding(*, limit: int = 1, among: Collection[int] | None = None) -> Claim | None:
    """Take up to ``limit`` painted variants, interactive ones first; ``among`` restricts to some ids."""
    token = uuid.uuid4()
    taken = rows.take(
        (VariantState.ENCODING, VariantState.ENCODING),
        None,
        limit,
        token=token,
        lease_seconds=get_settings().lease_seconds,
        alike=False,
        among=among,
    )
    return Claim(token, taken) if taken else None


def renew(token: uuid.UUID) -> int:
    """Prolong the lease of everything still held under ``token``; the number of rows still held."""
    return _held(token).update(lease_until=_lease())


def to_encoding(token: uuid.UUID, painted: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Hand painted variants to the encode lane.

    Args:
        token: of the painting claim.
        painted: ``master_name``, ``width``, ``height`` and ``timings`` by variant id.

    Returns:
        Ids whose master is now referenced; the caller deletes the masters of the others.
    """
    common = {"state": VariantState.ENCODING, "token": None, "lease_until": None, "error": ""}
    is_light = rows.is_in_no_transaction()
    return rows.update_fenced(VariantState.PAINTING, token, painted, common, may_be_forgotten=is_light)


def finish(token: uuid.UUID, encoded: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Make encoded variants ready; what was shown before them becomes superseded in the same transaction.

    Args:
        token: of the encoding claim.
        encoded: ``renditions``, ``placeholder``, ``measures`` and ``timings`` by variant id.

    Returns:
        Ids that are ready now.
    """
    common = {
        "state": VariantState.READY,
        "token": None,
        "lease_until": None,
        "error": "",
        "master_name": "",
        "finished_at": Now(),
    }
    is_light = rows.is_in_no_transaction()
    with transaction.atomic(using=rows.writing_connection().alias):
        done = rows.update_fenced(VariantState.ENCODING, token, encoded, common, may_be_forgotten=is_light)
        if done:
            rows.supersede_ready_before(sorted(done))
    return done


def fail(
    variant: StyledVariant, token: uuid.UUID, error: str, *, permanent: bool = False, repaint: bool = False
) -> bool:
    """Record a failed try: another one later, or ``failed`` for good with its reason.

    Args:
        variant: a row of the claim, as it was claimed.
        token: of the claim.
        error: the reason, in words for staff.
        permanent: another try cannot help.
        repaint: an encoding variant goes back to painting (its master is lost).
    """
    attempts = variant.attempts + 1
    held = _held(token).filter(pk=variant.pk)
    if permanent or attempts >= get_settings().max_attempts:
        return bool(_end(held, VariantState.FAILED, error=error, attempts=attempts))
    again: dict[str, Any] = {"state": VariantState.QUEUED, "master_name": ""}
    if variant.state == VariantState.ENCODING and not repaint:
        again = {"state": VariantState.ENCODING}
    pause = timedelta(seconds=BACK_OFF_SECONDS**attempts)
    return bool(
        held.update(
            **again, token=None, lease_until=None, attempts=attempts, error=error, run_after=Now() + pause
        )
    )


def release(
    token: uuid.UUID, *, among: Collection[int] | None = None, pause_seconds: float = 0, error: str = ""
) -> int:
    """Give a claim back without using up a try: a graceful stop, or storage that is down for a moment."""
    held = _held(token)
    if among is not None:
        held = held.filter(pk__in=among)
    given_back: dict[str, Any] = {"token": None, "lease_until": None}
    if pause_seconds:
        given_back["run_after"] = Now() + timedelta(seconds=pause_seconds)
    if error:
        given_back["error"] = error
    return held.filter(state=VariantState.PAINTING).update(
        state=VariantState.QUEUED, **given_back
    ) + held.filter(state=VariantState.ENCODING).update(**given_back)


def wait_for_storage(variant: StyledVariant, token: uuid.UUID, error: Exception) -> None:
    """Give one variant back for a while, without using up a try: the storage is down, not the picture bad."""
    logger.error("The storage does not take pictures: %s", error)
    release(token, among=[variant.pk], pause_seconds=STORAGE_PAUSE_SECONDS, error=str(error))


def cancel(variants: Variants) -> int:
    """Cancel whatever is still open among ``variants``; a worker's late write will be refused."""
    return _end(variants.filter(state__in=OPEN_STATES), VariantState.CANCELLED)


def supersede(variants: Variants) -> int:
    """Take outdated variants that never became ready out of the queue and out of the list of failures."""
    outdated = variants.filter(state__in=[*OPEN_STATES, VariantState.FAILED, VariantState.CANCELLED])
    return _end(outdated, VariantState.SUPERSEDED)


def requeue(variants: Variants) -> int:
    """Queue failed, cancelled and superseded variants again, with all their tries."""
    ended = [VariantState.FAILED, VariantState.CANCELLED, VariantState.SUPERSEDED]
    return variants.filter(state__in=ended).update(
        state=VariantState.QUEUED, attempts=0, error="", run_after=None, finished_at=None, master_name=""
    )


def revive(variants: Variants) -> int:
    """Show superseded variants again whose files are still there; what was shown becomes superseded."""
    with transaction.atomic(using=rows.writing_connection().alias):
        superseded = variants.filter(state=VariantState.SUPERSEDED, width__gt=0)
        ids = sorted(superseded.values_list("pk", flat=True))
        revived = StyledVariant.objects.filter(pk__in=ids, state=VariantState.SUPERSEDED).update(
            state=VariantState.READY, error="", finished_at=Now()
        )
        if revived:
            rows.supersede_ready_before(ids)
    return revived


def give_way(approved: Variants) -> None:
    """Let some hundreds of approved variants take the place of older ones of their photo and preset."""
    ids = list(approved.filter(state=VariantState.READY).values_list("pk", flat=True))
    if ids:
        rows.supersede_ready_before(ids, only_older=True)


def hurry(variants: Variants) -> int:
    """Move queued variants to the interactive lane, because somebody is waiting for them now."""
    return variants.filter(state__in=OPEN_STATES, lane="bulk").update(lane="interactive")


def sweep() -> int:
    """Take back expired leases, the oldest first: their workers died or hung. Cheap when there is none."""
    expired = StyledVariant.objects.filter(
        lease_until__lt=Now(), state__in=[VariantState.PAINTING, VariantState.ENCODING]
    )
    if not expired.exists():
        return 0
    with transaction.atomic(using=rows.writing_connection().alias):
        # Rows that another worker sweeps or finishes just now are skipped, for two that wait are a deadlock.
        free = expired.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)
        swept = _take_back(StyledVariant.objects.filter(pk__in=list(free[:SWEPT_AT_ONCE])))
    metrics.leases_swept(swept)
    return swept


def _take_back(expired: Variants) -> int:
    last_try = get_settings().max_attempts - 1
    reason = _("The worker died or hung while it worked on this picture.")
    ended = _end(
        expired.filter(attempts__gte=last_try, token__isnull=False),
        VariantState.FAILED,
        error=reason,
        attempts=F("attempts") + 1,
    )
    free = {"token": None, "lease_until": None, "attempts": F("attempts") + 1, "error": reason}
    painting = expired.filter(state=VariantState.PAINTING).update(state=VariantState.QUEUED, **free)
    encoding = expired.filter(state=VariantState.ENCODING, token__isnull=False).update(**free)
    return ended + painting + encoding


def _held(token: uuid.UUID) -> Variants:
    # ``lease_until`` is named because it has a partial index and the token has none.
    return StyledVariant.objects.filter(
        token=token, lease_until__isnull=False, state__in=[VariantState.PAINTING, VariantState.ENCODING]
    )


def _lease() -> Any:
    return Now() + timedelta(seconds=get_settings().lease_seconds)


def _end(variants: Variants, state: VariantState, **values: Any) -> int:
    return variants.update(
        state=state, token=None, lease_until=None, run_after=None, finished_at=Now(), **values
    )
