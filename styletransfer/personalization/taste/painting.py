"""Painting a style of one's own for whoever asks, and showing it to them alone, photo by photo.

Asking is a pick: ``Shopper.picked_style`` names the shopper's own preset until they pick something else. So
nobody else pays a query for it. What is not painted yet is shown as the shop would choose without a pick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.delivery.choosing import Choice, Chooser, Rule, register_hook
from styletransfer.delivery.selection import showable_variants
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import (
    PersonalStyle,
    Purpose,
    RestyleJob,
    RestyleJobItem,
    Shopper,
    StyledVariant,
    StylePreset,
    VariantState,
)
from styletransfer.models.job import OPEN_STATES
from styletransfer.personalization.consent import allows, granted
from styletransfer.personalization.picks import set_pick
from styletransfer.personalization.recommendations.serving import recommendations
from styletransfer.personalization.shoppers import shopper_of
from styletransfer.personalization.taste.personal import (
    PersonalStyleError,
    delete_personal_style,
    mix_personal_style,
)
from styletransfer.personalization.turns import take_turn
from styletransfer.products import all_products
from styletransfer.sources import Source, get_source

HOOK = "personal"
# A shopper asked for it, so it comes before experiments and before what the shop guesses.
ORDER = 5
# So many photos of each kind of product are painted for one style: what recommendations would show first.
MOST_PHOTOS = 48
_DAY = 24 * 3600  # seconds


class TooManyAsksError(PersonalStyleError):
    """The shopper has asked too often in a day; the text says so."""


@dataclass(frozen=True)
class OwnStyle:
    """One style of a shopper's own.

    Attributes:
        slug: of its preset.
        name: as shown to the shopper.
        mix: share by the slug of each style in it; the shares sum to 1.
        state: "painting", "ready", or "failed" where nothing could be painted.
        painted: number of photos that are painted.
        wanted: number of photos that were asked for.
        is_picked: whether it is what the shopper is shown.
    """

    slug: str
    name: str
    mix: dict[str, float]
    state: Literal["painting", "ready", "failed"]
    painted: int
    wanted: int
    is_picked: bool


def connect() -> None:
    """Take part in choosing."""
    register_hook(HOOK, choose, order=ORDER)


@transaction.atomic
def ask_for_style(shopper: Shopper, weights: dict[int, float] | None = None) -> StylePreset:
    """Mix a style of a shopper's own, have the photos they are likely to see painted in it, and pick it.

    Asking again for the same mix makes no other, and paints nothing twice.

    Args:
        shopper: who asks.
        weights: shares by key of offered presets; the shopper's taste if None.

    Raises:
        TooManyAsksError: ``PERSONAL_STYLE_ASKS`` were asked for in a day; nothing is changed.
        PersonalStyleError: it is not allowed, cannot be mixed, or there is nothing to paint.
    """
    if Purpose.PERSONALISATION not in granted(shopper):
        raise PersonalStyleError(_("Allow personal pictures first."))
    preset = mix_personal_style(shopper, weights)
    photos = _photos_for(shopper)
    if not photos:
        raise PersonalStyleError(_("There are no photos to paint at the moment."))
    # Whoever asks and deletes by turns keeps painters busy with what nobody will see.
    if not take_turn("personal-style", shopper, most=get_settings().personal_style_asks, seconds=_DAY):
        raise TooManyAsksError(_("You have asked for many styles today. Come back tomorrow."))
    for source, keys in photos.items():
        # The job's name tells staff what it is for and nobody who asked.
        request_restyle(source, keys, [preset], selection=_("A shopper\u2019s own style"))
    set_pick(shopper, preset.slug)
    return preset


@transaction.atomic
def drop_styles(shopper: Shopper, slug: str = "") -> int:
    """Delete a shopper's own styles with their paintings, and whatever of them waits to be painted.

    Args:
        shopper: whose.
        slug: only this one; "" for all.

    Returns:
        How many were deleted.
    """
    slugs = PersonalStyle.objects.filter(shopper=shopper).values_list("preset__slug", flat=True)
    dropped = [one for one in slugs if slug in ("", one)]
    for one in dropped:
        delete_personal_style(shopper, one)
    if shopper.picked_style in dropped:
        set_pick(shopper, "")
    return len(dropped)


def own_styles(shopper: Shopper) -> list[OwnStyle]:
    """A shopper's own styles, the oldest first; four queries a style, at most the quota of them."""
    rows = PersonalStyle.objects.filter(shopper=shopper).select_related("preset").order_by("pk")
    return [_described(row.preset, shopper) for row in rows]


def quota() -> int:
    """How many styles of their own a shopper may have."""
    return get_settings().personal_styles


def choose(chooser: Chooser) -> Iterator[Rule]:
    """The chooser's hook: the shopper's own style, for the photos that are painted in it.

    One query, and that only where a style of one's own is picked. Says nothing where the address alone
    decides: such pages are the same for everybody.
    """
    if chooser.request is None or not chooser.use_cookie:
        return
    if not allows(chooser.request, Purpose.PERSONALISATION):
        return
    shopper = shopper_of(chooser.request)
    if shopper is None or not shopper.picked_style.startswith(PersonalStyle.PREFIX):
        return
    painted = _painted(shopper)
    if painted:
        yield Rule(
            Choice(shopper.picked_style, HOOK),
            lambda source, photo: (source.label, source.image, str(photo.pk)) in painted,
        )


def _painted(shopper: Shopper) -> frozenset[tuple[str, str, str]]:
    """Photos that are painted in the picked style, if it is the shopper's own: label, field and key."""
    rows = (
        showable_variants([shopper.picked_style])
        .filter(preset__personal__shopper=shopper.pk, state=VariantState.READY)
        .values_list("content_type__app_label", "content_type__model", "field", "object_id")
    )
    return frozenset((f"{app}.{model}", field, key) for app, model, field, key in rows)


def _photos_for(shopper: Shopper) -> dict[Source, list[object]]:
    """Keys of the photos that recommendations would show the shopper first, by source."""
    found: dict[Source, list[object]] = {}
    for product in all_products():
        if product.available is None or not product.has_photo:
            continue
        entries = recommendations(product, shopper, None, count=MOST_PHOTOS).entries
        photos: Iterable[Model] = (entry.photo for entry in entries if entry.photo is not None)
        for photo in photos:
            found.setdefault(get_source(type(photo)), []).append(photo.pk)
    return {source: list(dict.fromkeys(keys)) for source, keys in found.items()}


def _described(preset: StylePreset, shopper: Shopper) -> OwnStyle:
    parts = dict(preset.parts.values_list("component__slug", "weight"))
    jobs = RestyleJob.objects.filter(presets=preset)
    wanted = RestyleJobItem.objects.filter(job__in=jobs).values("job__content_type", "object_id").distinct()
    states = list(StyledVariant.objects.filter(preset=preset).values_list("state", flat=True))
    is_open = any(state in OPEN_STATES for state in states) or jobs.filter(planned_at=None).exists()
    painted = states.count(VariantState.READY)
    total = sum(parts.values())
    return OwnStyle(
        slug=preset.slug,
        name=preset.name,
        mix={slug: round(weight / total, 3) for slug, weight in parts.items()},
        state="painting" if is_open else "ready" if painted else "failed",
        painted=painted,
        wanted=wanted.count(),
        is_picked=shopper.picked_style == preset.slug,
    )
