"""What a shopper allows: off until granted, off while the browser sends Global Privacy Control.

Decisions go into the ledger (``ConsentRecord``). A small readable cookie tells the page's script the answer,
so that public pages need not vary by visitor; the server trusts the ledger alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase

from styletransfer.conf import get_settings
from styletransfer.models import ConsentBasis, ConsentRecord, ConsentSource, Purpose, Shopper
from styletransfer.models.shopper import GRANTED_PREFIX
from styletransfer.personalization.locking import lock_owner
from styletransfer.personalization.shoppers import ensure_shopper, remember, shopper_of

COOKIE = "styletransfer_consent"


def has_privacy_control(request: Any) -> bool:
    """Whether the browser objects by ``Sec-GPC: 1`` (https://www.w3.org/TR/gpc/)."""
    return bool(request.headers.get("Sec-GPC", "").strip() == "1")


def allows(request: Any, purpose: Purpose | str, *, by_user: bool = False) -> bool:
    """Whether this request's shopper allows a purpose; never writes.

    No query without the shopper's cookie, else the one of ``shopper_of``, to which ``by_user`` is handed.
    """
    if request is None or has_privacy_control(request):
        return False
    shopper = shopper_of(request, by_user=by_user)
    return shopper is not None and Purpose(purpose) in granted(shopper)


def standing(shopper: Shopper) -> dict[Purpose, bool | None]:
    """The latest decision on each purpose, None where there is none on the present texts.

    No query if ``with_consent`` annotated the row, else one.
    """
    names = {purpose: f"{GRANTED_PREFIX}{purpose.value}" for purpose in Purpose}
    values = shopper.__dict__
    if not all(name in values for name in names.values()):
        found = Shopper.objects.with_consent().filter(pk=shopper.pk).first()
        values = found.__dict__ if found is not None else {}
    return {purpose: values.get(name) for purpose, name in names.items()}


def granted(shopper: Shopper) -> frozenset[Purpose]:
    """Purposes that the shopper's latest decisions allow; costs what ``standing`` does."""
    return frozenset(purpose for purpose, answer in standing(shopper).items() if answer)


def basis(purposes: frozenset[Purpose]) -> ConsentBasis | None:
    """What to note on an event that was recorded under these purposes; None when there are none."""
    if len(purposes) == len(Purpose):
        return ConsentBasis.BOTH
    return ConsentBasis(next(iter(purposes)).value) if purposes else None


@transaction.atomic
def decide(
    request: Any, decisions: Mapping[Purpose, bool], source: ConsentSource
) -> tuple[Shopper | None, frozenset[Purpose]]:
    """Write a shopper's decisions into the ledger and return the shopper and what is allowed from now on.

    Whoever refuses everything and is not known stays unknown: no row is made. While the browser sends
    Global Privacy Control every grant counts as a refusal. Only changes add rows.
    The caller's response must go through ``write_cookie``.
    """
    if has_privacy_control(request):
        decisions, source = dict.fromkeys(Purpose, False), ConsentSource.GPC
    shopper = shopper_of(request, by_user=True)
    if shopper is None:
        if not any(decisions.values()):
            return None, frozenset()
        shopper = ensure_shopper(request)
    owner = note_decisions(shopper, decisions, source)
    if owner is None:
        remember(request, None)
        return None, frozenset()
    fresh = Shopper.objects.with_consent().get(pk=owner.pk)
    remember(request, fresh)
    return fresh, granted(fresh)


@transaction.atomic
def note_decisions(
    shopper: Shopper, decisions: Mapping[Purpose, bool], source: ConsentSource
) -> Shopper | None:
    """Add to the ledger what differs from the shopper's standing decisions.

    Returns:
        Whose ledger it is: after a merge the other shopper's; None when the shopper was erased meanwhile.
    """
    owner = lock_owner(shopper)
    if owner is None:
        return None
    known = standing(owner)
    version = get_settings().consent_version
    ConsentRecord.objects.bulk_create(
        ConsentRecord(shopper=owner, purpose=purpose, granted=answer, version=version, source=source)
        for purpose, answer in decisions.items()
        if known[purpose] is not answer
    )
    return owner


def note_objection(shopper: Shopper) -> None:
    """Global Privacy Control takes back what was granted, for good; only standing grants add rows."""
    note_decisions(shopper, dict.fromkeys(granted(shopper), False), ConsentSource.GPC)


def follow(request: Any, response: HttpResponseBase) -> None:
    """Let the readable cookie say what the request's shopper has decided; without a decision it goes."""
    shopper = shopper_of(request)
    known = standing(shopper) if shopper is not None else {}
    if any(answer is not None for answer in known.values()):
        write_cookie(request, response, frozenset(purpose for purpose, answer in known.items() if answer))
    else:
        response.delete_cookie(COOKIE, samesite="Lax")


def write_cookie(request: Any, response: HttpResponseBase, allowed: frozenset[Purpose]) -> None:
    """Tell the page's script what was decided: version, then a letter for each purpose allowed.

    It identifies nobody and is needed to respect the decision, so it is set for a refusal as well.
    """
    plain = getattr(request, "_request", request)
    letters = "".join(purpose.value[0] for purpose in Purpose if purpose in allowed)
    response.set_cookie(
        COOKIE,
        f"{get_settings().consent_version}.{letters}",
        max_age=get_settings().profile_days * 24 * 3600,
        samesite="Lax",
        secure=plain.is_secure(),
    )
