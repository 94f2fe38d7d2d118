"""A style of one's own: a shopper's taste as a point in code space, painted for those who ask.

Any convex mix of style codes is a style, so a taste is one too: the mean of the codes of the styles the
shopper took to, weighted by how much. It becomes a preset that mixes those presets, is offered to nobody,
and goes when its shopper is erased.
"""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models.signals import post_delete
from django.utils.translation import gettext as _

from styletransfer.conf import get_settings
from styletransfer.models import (
    PersonalStyle,
    Shopper,
    StylePreset,
    StylePresetPart,
    StyleTaste,
)
from styletransfer.models.preset import AMOUNTS
from styletransfer.personalization.locking import lock_owner
from styletransfer.personalization.taste.history import ORIGINAL_KEY, History
from styletransfer.personalization.taste.learning import current_arms
from styletransfer.personalization.taste.thompson import Array

MOST_PARTS = 4
_LEAST_SHARE = 0.05


class PersonalStyleError(Exception):
    """A style of one's own cannot be mixed; the text says why and what to do."""


def taste_weights(history: History | None) -> dict[int, float]:
    """How a shopper's taste mixes presets: keys to shares that sum to 1; empty without any sign of taste.

    Presets that mix others are left out, for a mix cannot hold a mix.
    """
    if history is None:
        return {}
    engaged = {key: amount for key, amount in history.engagement() if key != ORIGINAL_KEY and amount > 0}
    plain = set(
        StylePreset.objects.offered()
        .filter(pk__in=engaged, parts__isnull=True)
        .values_list("pk", flat=True)
        .distinct()
    )
    top = sorted((key for key in engaged if key in plain), key=lambda key: -engaged[key])[:MOST_PARTS]
    total = sum(engaged[key] for key in top)
    shares = {key: engaged[key] / total for key in top if engaged[key] / total >= _LEAST_SHARE}
    rest = sum(shares.values())
    return {key: share / rest for key, share in shares.items()}


def taste_point(history: History | None) -> Array | None:
    """A shopper's place (128,) in code space; None where taste or codes are not known yet."""
    weights = taste_weights(history)
    arms = current_arms()
    known = [
        (weights[key], code)
        for key, code in zip(arms.keys, arms.codes, strict=True)
        if key in weights and np.isfinite(code).all()
    ]
    if not known:
        return None
    shares, codes = zip(*known, strict=True)
    point: Array = np.average(np.stack(codes), axis=0, weights=shares)
    return point


@transaction.atomic
def mix_personal_style(shopper: Shopper, weights: dict[int, float] | None = None) -> StylePreset:
    """Make a preset of a shopper's own, ready to be restyled in; the oldest equal one is returned again.

    Args:
        shopper: whose it will be.
        weights: shares by key of offered presets; the shopper's taste if None.

    Raises:
        PersonalStyleError: the shopper was erased meanwhile, there is no sign of taste for two styles yet,
            a preset is not offered, or the quota is used up.
    """
    # Two requests at once must not both find the quota free.
    owner = lock_owner(shopper)
    if owner is None:
        raise PersonalStyleError(_("This shopper is not known any more."))
    shopper = owner
    own = list(PersonalStyle.objects.filter(shopper=shopper).select_related("preset").order_by("pk"))
    mixture = _checked(weights) if weights is not None else taste_weights(_history(shopper))
    if not mixture:
        raise PersonalStyleError(
            _("There is no sign of your taste yet. Look at some products first, or pick styles yourself.")
        )
    if weights is None and len(mixture) == 1:
        only = StylePreset.objects.get(pk=next(iter(mixture)))
        raise PersonalStyleError(
            _("So far you took to “%(style)s” alone, which is offered already. Look at others too.")
            % {"style": only.name}
        )
    for style in own:
        parts = dict(style.preset.parts.values_list("component_id", "weight"))
        if parts.keys() == mixture.keys() and all(abs(parts[key] - mixture[key]) < 0.02 for key in parts):
            return style.preset
    quota = get_settings().personal_styles
    if len(own) >= quota:
        raise PersonalStyleError(
            _("You have %(count)d styles of your own, and may have %(quota)d. Delete one first.")
            % {"count": len(own), "quota": quota}
        )
    return _make(shopper, mixture)


def delete_personal_style(shopper: Shopper, slug: str) -> bool:
    """Delete one of a shopper's own styles with its pictures; False where they have none of that name."""
    found = PersonalStyle.objects.filter(shopper=shopper, preset__slug=slug).first()
    if found is None:
        return False
    found.delete()
    return True


def connect() -> None:
    """Let a personal style take its preset and its paintings along when it goes, however it goes."""
    post_delete.connect(_delete_preset, sender=PersonalStyle, dispatch_uid="styletransfer.personal_style")


def _make(shopper: Shopper, mixture: dict[int, float]) -> StylePreset:
    components = StylePreset.objects.in_bulk(list(mixture))
    main = components[max(mixture, key=lambda key: mixture[key])]
    amounts = {
        name: sum(share * getattr(components[key], name) for key, share in mixture.items())
        for name in AMOUNTS
    }
    preset = StylePreset.objects.create(
        name=_("My style"),
        slug=f"{PersonalStyle.PREFIX}{uuid.uuid4().hex[:20]}",
        engine=main.engine,
        widths=main.widths,
        scope=main.scope,
        is_public=False,
        position=10_000,
        **amounts,
    )
    for key, share in sorted(mixture.items()):
        StylePresetPart.objects.create(preset=preset, component=components[key], weight=round(share, 3))
    PersonalStyle.objects.create(shopper=shopper, preset=preset)
    preset.refresh_from_db()
    return preset


def _checked(weights: dict[int, float]) -> dict[int, float]:
    offered = set(
        StylePreset.objects.offered()
        .filter(pk__in=weights, parts__isnull=True)
        .values_list("pk", flat=True)
        .distinct()
    )
    if not weights or set(weights) - offered or len(weights) > MOST_PARTS:
        raise PersonalStyleError(
            _("Mix one to %(most)d of the offered styles that are no mixes themselves.")
            % {"most": MOST_PARTS}
        )
    if not all(np.isfinite(share) and share > 0 for share in weights.values()):
        raise PersonalStyleError(_("Every share must be a number above 0."))
    total = sum(weights.values())
    return {key: share / total for key, share in weights.items()}


def _history(shopper: Shopper) -> History | None:
    taste = StyleTaste.objects.filter(shopper=shopper).first()
    return History.from_json(taste.history) if taste is not None else None


def _delete_preset(instance: PersonalStyle, **_: Any) -> None:
    StylePreset.objects.filter(pk=instance.preset_id).delete()
