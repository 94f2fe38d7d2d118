"""An explicit pick of a style, kept with whoever allowed personal pictures: on every device of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.utils import timezone

from styletransfer.delivery.choosing import COOKIE, chooser_for, set_pick_reader
from styletransfer.delivery.picks import set_pick_writer
from styletransfer.models import EventKind, Purpose, Shopper
from styletransfer.personalization.consent import allows, granted
from styletransfer.personalization.devices import device_of
from styletransfer.personalization.events import NewEvent, record
from styletransfer.personalization.shoppers import shopper_of


@dataclass(frozen=True)
class Pick:
    """What a visitor has picked.

    Attributes:
        style: a slug, "original", or "" where the shop chooses.
        kept_with: "shopper": on every device; "session": in this browser until it is closed; None: nothing
            was picked.
    """

    style: str = ""
    kept_with: Literal["shopper", "session"] | None = None


def connect() -> None:
    """Take part in choosing and in remembering picks."""
    set_pick_reader(read_pick)
    set_pick_writer(keep_pick)


def read_pick(request: Any) -> str | None:
    """The kept pick, "" where the choice was left to the shop, None when nothing is known or allowed.

    No query without the shopper's cookie, else the one of ``shopper_of``.
    """
    if not allows(request, Purpose.PERSONALISATION):
        return None
    shopper = shopper_of(request)
    return shopper.picked_style if shopper is not None and shopper.picked_at is not None else None


def pick_of(request: Any) -> Pick:
    """The standing pick of whoever asks, for personal pages and the API."""
    shopper_of(request, by_user=True)
    kept = read_pick(request)
    if kept is not None:
        return Pick(kept, "shopper")
    style = request.COOKIES.get(COOKIE, "")
    return Pick(style, "session") if style and chooser_for(request).knows(style) else Pick()


def keep_pick(request: Any, style: str) -> bool:
    """Keep a pick with the request's shopper, and note it as an event; False without consent."""
    if not allows(request, Purpose.PERSONALISATION, by_user=True):
        return False
    shopper = shopper_of(request, by_user=True)
    if shopper is None:
        return False
    set_pick(shopper, style)
    if style:
        event = NewEvent(EventKind.PICK, style=style)
        record([event], shopper=shopper, purposes=granted(shopper), device=device_of(request))
    return True


def set_pick(shopper: Shopper, style: str) -> None:
    """Keep a pick: a slug, "original", or "" to leave the choice to the shop."""
    shopper.picked_style, shopper.picked_at = style, timezone.now()
    Shopper.objects.filter(pk=shopper.pk).update(picked_style=style, picked_at=shopper.picked_at)
