"""Who somebody is at this moment, held until the transaction ends: what erasing, merging and recording share.

A person is one shopper and all that were merged into it. Rows are always locked lowest key first, so that
two who need the same person wait for each other instead of standing in each other's way.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from styletransfer.models import Shopper


def lock_owner(shopper: Shopper) -> Shopper | None:
    """Whoever owns what this shopper does now, locked: the shopper, or the one it was merged into.

    Call it in a transaction that adds rows about the shopper: a merge or an erasure waits until they are in,
    or has been done before and is heeded. One query, and two more where it had to wait for a merge.

    Returns:
        None when the shopper was erased meanwhile.
    """
    root = Shopper.objects.filter(pk=shopper.pk).values(root=Coalesce("merged_into_id", "pk"))
    free = Shopper.objects.select_for_update(no_key=True).filter(merged_into=None)
    while True:
        owner = free.filter(pk__in=root).first()
        if owner is not None or not Shopper.objects.filter(pk=shopper.pk).exists():
            return owner


def lock_people(*shoppers: Shopper) -> list[Shopper]:
    """These shoppers and all that are one person with any of them, locked and read anew.

    Call it in a transaction.

    Returns:
        Those that are still there, lowest key first; a person's merged shoppers name it in ``merged_into``.
    """
    while True:
        wanted = keys_of(shoppers)
        with transaction.atomic():
            locked = list(Shopper.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
            if keys_of(shoppers) == {one.pk for one in locked}:
                return locked
            # Somebody was merged or erased before the lock was there: let go of it, and look again.
            transaction.set_rollback(True)


def keys_of(shoppers: Iterable[Shopper]) -> set[int]:
    """Primary keys of all that are, at present, one person with any of these shoppers; two queries."""
    given = Shopper.objects.filter(pk__in=[one.pk for one in shoppers])
    roots = list(given.values_list(Coalesce("merged_into_id", "pk"), flat=True))
    return set(
        Shopper.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots)).values_list("pk", flat=True)
    )
