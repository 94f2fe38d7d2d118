"""Fitting snapshots and putting them live: the only writer of ``TasteSnapshot``."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.conf import get_settings
from styletransfer.models import ErasureTombstone, SnapshotState, TasteSnapshot
from styletransfer.personalization.offpolicy import gate
from styletransfer.personalization.offpolicy.gate import Evaluation, Requirements, refusals
from styletransfer.personalization.taste import features
from styletransfer.personalization.taste.learning import Arms, current_arms, feature_space, judge, learn
from styletransfer.personalization.taste.policy import TastePolicy
from styletransfer.personalization.taste.posterior import Posterior
from styletransfer.personalization.taste.replay import Replay, replay

NO_LOG = "no-log"
ONE_STYLE = "one-style"
REASONS = {
    NO_LOG: gettext_lazy("Nothing has been drawn yet, so nothing can be said about any other policy."),
    ONE_STYLE: gettext_lazy("There are fewer than two styles to choose from."),
    gate.FEW: gettext_lazy("Too few impressions speak about this policy (effective sample size)."),
    gate.WORSE: gettext_lazy("It would earn less than what is live now."),
    gate.UNCERTAIN: gettext_lazy("The log does not show yet that it earns as much as what is live now."),
    gate.PROPENSITIES: gettext_lazy(
        "The logged probabilities do not fit the log: weights are not 1 on average."
    ),
}


class NotPromotedError(Exception):
    """The snapshot may not go live; the text says why."""


def live_snapshot() -> TasteSnapshot | None:
    """The snapshot that chooses now."""
    return TasteSnapshot.objects.filter(state=SnapshotState.LIVE).first()


@lru_cache(maxsize=4)
def policy_of(pk: int, digest: str) -> TastePolicy:
    """The policy of a snapshot, read once per process: snapshots never change."""
    stored = TasteSnapshot.objects.values_list("parameters", flat=True).get(pk=pk, digest=digest)
    return TastePolicy.from_bytes(bytes(stored))


def fit_snapshot(
    moment: datetime | None = None, *, tell: Callable[[str], None] = lambda line: None
) -> TasteSnapshot:
    """Fit the log up to ``moment`` (now if None), evaluate, and store the result.

    A fit of the policy that is live already goes live by itself, unless the log says it is worse: it is the
    same policy with fresher data. Any other waits as a candidate; with ``TASTE_PROMOTION`` set to
    "automatic" it goes live as soon as nothing speaks against it.

    Args:
        moment: later events are left out.
        tell: called with a line about each step.
    """
    moment, started = moment or timezone.now(), time.monotonic()
    erased = ErasureTombstone.objects.count()
    arms = current_arms()
    space = feature_space(arms, moment)
    log = replay(space, moment)
    tell(_("%(rows)d impressions of %(styles)d styles.") % {"rows": len(log), "styles": len(arms.keys)})
    policy, posterior = learn(arms, space, log)
    evaluation = judge(arms, space, log, posterior)
    against = _refusals(arms, evaluation)
    snapshot = TasteSnapshot(
        fitted_at=moment,
        parameters=policy.to_bytes(),
        digest=policy.digest(),
        policy_digest=_policy_digest(is_collecting=evaluation is None),
        evaluation=evaluation.as_dict() if evaluation else None,
        refusals=against,
    )
    snapshot.summary = _summary(arms, log, policy, posterior, time.monotonic() - started)
    snapshot.save()
    if ErasureTombstone.objects.count() != erased:
        # Whoever was erased meanwhile may still be in this fit, and the fit after the erasure is done.
        snapshot.delete()
        return fit_snapshot(moment, tell=tell)
    live = live_snapshot()
    is_refresh = live is not None and live.policy_digest == snapshot.policy_digest
    if (is_refresh and gate.WORSE not in against) or (
        get_settings().taste_promotion == "automatic" and not against and live is not None
    ):
        _put_live(snapshot, None)
    return TasteSnapshot.objects.get(pk=snapshot.pk)


def may_start(snapshot: TasteSnapshot) -> bool:
    """Whether it may go live to collect the first log: nothing is live, and only the log is missing."""
    return list(snapshot.refusals) == [NO_LOG] and live_snapshot() is None


def promote(snapshot: TasteSnapshot, user: Any = None) -> None:
    """Let a snapshot choose from now on.

    Raises:
        NotPromotedError: the evidence is too thin; the text lists what is missing.
    """
    if snapshot.state == SnapshotState.LIVE:
        return
    if not bytes(snapshot.parameters):
        raise NotPromotedError(_("Its parameters were deleted after an erasure. Fit a new one."))
    if snapshot.refusals and not may_start(snapshot):
        raise NotPromotedError(" ".join(str(REASONS.get(code, code)) for code in snapshot.refusals))
    _put_live(snapshot, user)


def switch_off() -> bool:
    """Stop choosing by taste at once; shoppers see the shop's default. False when nothing was live."""
    retired = TasteSnapshot.objects.filter(state=SnapshotState.LIVE).update(
        state=SnapshotState.RETIRED, retired_at=timezone.now()
    )
    return bool(retired)


def refit_after_erasure() -> None:
    """Fit without whoever was erased, and delete the parameters of every fit that knew them."""
    live = live_snapshot()
    known = list(TasteSnapshot.objects.exclude(parameters=b"").values_list("pk", flat=True))
    if not known:
        return
    fresh = fit_snapshot() if live is not None else None
    # The promise to forget outweighs a fit that may be a little worse.
    if fresh is not None and live is not None:
        if fresh.policy_digest == live.policy_digest:
            _put_live(fresh, None)
        else:
            switch_off()
    TasteSnapshot.objects.filter(pk__in=known).update(parameters=b"", summary={})
    TasteSnapshot.objects.filter(pk__in=known, state=SnapshotState.CANDIDATE).delete()
    policy_of.cache_clear()


@transaction.atomic
def _put_live(snapshot: TasteSnapshot, user: Any) -> None:
    now = timezone.now()
    if live_snapshot() is not None and live_snapshot() != snapshot:
        switch_off()
    TasteSnapshot.objects.filter(pk=snapshot.pk).update(
        state=SnapshotState.LIVE,
        promoted_at=now,
        promoted_by=user if getattr(user, "pk", None) else None,
        retired_at=None,
    )


def _refusals(arms: Arms, evaluation: Evaluation | None) -> list[str]:
    if len(arms.keys) < 2:
        return [ONE_STYLE]
    if evaluation is None:
        return [NO_LOG]
    configured = get_settings()
    return refusals(
        evaluation,
        Requirements(effective_size=configured.taste_effective_size, margin=configured.taste_margin),
    )


def _policy_digest(*, is_collecting: bool) -> str:
    """What makes two fits the same policy: everything but the data."""
    configured = get_settings()
    described = {
        "features": features.VERSION,
        "collecting": is_collecting,
        "floor": configured.taste_floor,
        "budget": configured.taste_budget,
        "width": configured.taste_width,
        "original": configured.taste_original,
        "half_life": configured.taste_half_life_days,
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _summary(
    arms: Arms, log: Replay, policy: TastePolicy, posterior: Posterior, seconds: float
) -> dict[str, Any]:
    """What the admin shows of a fit."""
    population = policy.probabilities_for(None, "")
    shown = np.bincount(log.styles, minlength=len(arms.keys))
    answered = np.bincount(log.styles, weights=log.rewards, minlength=len(arms.keys))
    return {
        "seconds": round(seconds, 2),
        "impressions": len(log),
        "shoppers": len(np.unique(log.shoppers)),
        "answers": int(log.rewards.sum()),
        "drawn": int(log.is_drawn.sum()),
        "is_collecting": not bool(log.is_drawn.any()),
        "styles": [
            {
                "slug": slug,
                "shown": int(shown[place]),
                "answered": int(answered[place]),
                "newcomers": round(float(population[place]), 4),
            }
            for place, slug in enumerate(arms.slugs)
        ],
        "affinity": {
            name: [round(float(mean), 3), round(float(np.sqrt(variance)), 3)]
            for name, mean, variance in zip(
                features.AFFINITIES, posterior.affinity, np.diagonal(posterior.covariance), strict=False
            )
        },
        "exploration": {
            "floor": policy.exploration.floor,
            "scale": round(policy.exploration.scale, 3),
            "blend": round(policy.exploration.blend, 3),
        },
        "calibration": _calibration(log, posterior),
    }


def _calibration(log: Replay, posterior: Posterior) -> list[list[float]]:
    """Ten equal groups by predicted chance: [predicted, answered, impressions]."""
    if len(log) < 100:
        return []
    rows = log.impressions()
    predicted = posterior.probabilities(rows.contexts, rows.affinities, rows.styles)
    groups = np.array_split(np.argsort(predicted), 10)
    return [
        [round(float(predicted[group].mean()), 5), round(float(log.rewards[group].mean()), 5), len(group)]
        for group in groups
    ]
