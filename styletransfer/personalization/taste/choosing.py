"""The taste layer among those that choose a page's style: after a pick and an experiment, before the default.

It decides for shoppers who allowed personal pictures, on pages that may differ from visitor to visitor, and
notes what it drew from, so that every impression is logged with its true probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings as django_settings
from django.db.models import Subquery
from django.http import HttpRequest
from django.utils import timezone

from styletransfer.conf import get_settings
from styletransfer.delivery.choosing import ORIGINAL, Chooser, chooser_for, register_hook
from styletransfer.delivery.views import add_to_state
from styletransfer.models import Purpose, Shopper, SnapshotState, StylePreset, StyleTaste, TasteSnapshot
from styletransfer.personalization.consent import allows
from styletransfer.personalization.decisions import Decision, decision_of, note_decision, sign_decision
from styletransfer.personalization.devices import device_of
from styletransfer.personalization.shoppers import LIVE_TASTE, shopper_of
from styletransfer.personalization.taste.history import ORIGINAL_KEY, History
from styletransfer.personalization.taste.replay import POLICY_PREFIX
from styletransfer.personalization.taste.snapshots import policy_of
from styletransfer.personalization.taste.thompson import draw, seed_for
from styletransfer.prepared import Prepared

HOOK = "taste"
ORDER = 20
SURFACE = "turned"


def connect() -> None:
    """Take part in choosing, and tell scripts on cached pages how it was drawn."""
    register_hook(HOOK, choose, order=ORDER)
    add_to_state(HOOK, drawn_context)


def drawn_context(request: HttpRequest) -> dict[str, Any]:
    """The signed context for impressions on a page that a script turned to the drawn style."""
    if chooser_for(request).choice.reason != HOOK:
        return {}
    return {"context": sign_decision(decision_of(request), SURFACE)}


def choose(chooser: Chooser) -> str | None:
    """The style for the shopper behind a page, or None to leave it to the shop's default.

    Says nothing where the address alone decides (``use_cookie=False``): such pages are shared by all.
    """
    if chooser.request is None or not chooser.use_cookie or not get_settings().taste_enabled:
        return None
    if not allows(chooser.request, Purpose.PERSONALISATION):
        return None
    shopper = shopper_of(chooser.request)
    # The shopper's own query tells whether there is anything to ask, for most shops begin without a policy.
    if shopper is None or not shopper.__dict__.get(LIVE_TASTE, True):
        return None
    decision = decide(shopper, device_of(chooser.request))
    if decision is None:
        return None
    note_decision(chooser.request, decision)
    return decision.style


def decide(shopper: Shopper, device: str) -> Decision | None:
    """Draw a style for a shopper; one query. None while nothing is live.

    The seed follows from the shopper, the snapshot, their history's version and the day. As long as these
    stay, so does the style; when one changes, the draw is a fresh one, independent of all that was seen
    before. Hence the logged probability is the true one.
    """
    standing = _standing(shopper)
    if standing is None:
        return None
    policy = policy_of(standing.live, standing.digest)
    slugs = {ORIGINAL_KEY: ORIGINAL, **standing.slugs}
    candidates = [place for place, key in enumerate(policy.space.styles) if key in slugs]
    if len(candidates) < 2:
        return None
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    history, as_of = _history(standing.history)
    if history is not None:
        history.decay_to(today, get_settings().taste_half_life_days)
    probabilities = policy.probabilities_for(history, device, np.array(candidates))
    seed = seed_for(
        django_settings.SECRET_KEY, shopper.key, standing.live, as_of, today.date(), device, *candidates
    )
    place = draw(probabilities, seed)
    keys = [policy.space.styles[candidate] for candidate in candidates]
    return Decision(
        style=slugs[keys[place]],
        candidates=tuple(key or None for key in keys),
        propensity=float(probabilities[place]),
        policy=f"{POLICY_PREFIX}{standing.live}",
        seed=seed,
    )


@dataclass(frozen=True)
class _Standing:
    """What is drawn from.

    Attributes:
        live: primary key of the live snapshot.
        digest: of its parameters.
        slugs: of the offered presets by primary key.
        history: the shopper's, as it is stored.
    """

    live: int
    digest: str
    slugs: dict[int, str]
    history: dict[str, Any] | None


def _standing(shopper: Shopper) -> _Standing | None:
    """What stands for a shopper at present; one query. None where nothing is offered or live."""
    rows = _ROWS.rows(shopper=shopper.pk)
    if not rows or rows[0][2] is None:
        return None
    _key, _slug, live, digest, history = rows[0]
    return _Standing(live, digest, {row[0]: row[1] for row in rows}, history)


def _rows(shopper: Any) -> Any:
    """Offered presets, each row with the live snapshot and the shopper's history."""
    live = TasteSnapshot.objects.filter(state=SnapshotState.LIVE)
    history = StyleTaste.objects.filter(shopper_id=shopper).values("history")[:1]
    return (
        StylePreset.objects.offered()
        .annotate(
            live=Subquery(live.values("pk")[:1]),
            live_digest=Subquery(live.values("digest")[:1]),
            history=Subquery(history),
        )
        .values_list("pk", "slug", "live", "live_digest", "history")
        .order_by("pk")
    )


# A shopper's key is a number as a preset's is.
_ROWS = Prepared(StylePreset, _rows, shopper="id")


def _history(stored: dict[str, Any] | None) -> tuple[History | None, str]:
    if not stored:
        return None, ""
    return History.from_json(stored), stored["as_of"]
