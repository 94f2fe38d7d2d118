"""From the log to a policy: which styles and categories there are, the fit, and what the log says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Count, Exists, OuterRef
from numpy.typing import NDArray

from styletransfer.conf import get_settings
from styletransfer.engine.base import CODE_SIZE
from styletransfer.models import StyledVariant, StylePreset, VariantState
from styletransfer.personalization.offpolicy.estimators import cross_fitted
from styletransfer.personalization.offpolicy.gate import Evaluation, evaluate
from styletransfer.personalization.taste.features import FeatureSpace, alikeness
from styletransfer.personalization.taste.history import ORIGINAL_KEY
from styletransfer.personalization.taste.policy import TastePolicy, leaders
from styletransfer.personalization.taste.posterior import Posterior, fit
from styletransfer.personalization.taste.replay import Replay, usable_events
from styletransfer.personalization.taste.thompson import Array, Exploration, within_budget

CATEGORIES = 8
FOLDS = 3
_RECENT = 200


@dataclass(frozen=True)
class Arms:
    """The styles there are to choose from.

    Attributes:
        keys: keys of the presets; 0 is the original photo.
        slugs: what a page asks for, in the same order.
        codes: (styles, 128), nan where a style has no code yet.
        leader: index of the shop's default.
    """

    keys: tuple[int, ...]
    slugs: tuple[str, ...]
    codes: Array
    leader: int


def current_arms() -> Arms:
    """Presets that shoppers may pick and in which something is painted, and the original if it takes part."""
    configured = get_settings()
    painted = StyledVariant.objects.filter(preset=OuterRef("pk"), state=VariantState.READY)
    presets = list(StylePreset.objects.offered().filter(Exists(painted)).order_by("pk"))
    keys, slugs = [preset.pk for preset in presets], [preset.slug for preset in presets]
    codes = [_code(preset) for preset in presets]
    if configured.taste_original:
        keys, slugs = [ORIGINAL_KEY, *keys], ["original", *slugs]
        codes = [np.full(CODE_SIZE, np.nan), *codes]
    default = configured.default_preset or "original"
    leader = slugs.index(default) if default in slugs else 0
    return Arms(tuple(keys), tuple(slugs), np.array(codes).reshape(-1, CODE_SIZE), leader)


def feature_space(arms: Arms, moment: datetime) -> FeatureSpace:
    """The features for these styles, with the categories shoppers have looked into most."""
    named = usable_events(moment).exclude(category="").values("category")
    most = named.annotate(events=Count("pk")).order_by("-events", "category")[:CATEGORIES]
    return FeatureSpace(arms.keys, tuple(row["category"] for row in most), alikeness(arms.codes))


def learn(
    arms: Arms,
    space: FeatureSpace,
    log: Replay,
    chosen: NDArray[np.bool_] | None = None,
    start: Posterior | None = None,
) -> tuple[TastePolicy, Posterior]:
    """Fit the model to some of the log's rows (all if None) and bound its exploration.

    ``start`` is a fit of nearly the same rows: its closeness is kept, and its widths need few rounds.
    """
    rows, styles = log.impressions(chosen), len(arms.keys)
    if start is None:
        posterior = fit(rows, styles, codes=arms.codes, groups=space.groups)
    else:
        posterior = fit(
            rows,
            styles,
            codes=arms.codes,
            groups=space.groups,
            closeness=[start.closeness],
            start=start,
            rounds=2,
        )
    return _policy(arms, space, log, posterior), posterior


def _policy(arms: Arms, space: FeatureSpace, log: Replay, posterior: Posterior) -> TastePolicy:
    configured = get_settings()
    plain = TastePolicy(
        space=space,
        affinity=posterior.affinity,
        style=posterior.style,
        covariance=posterior.covariance,
        exploration=Exploration(),
        leader=arms.leader,
        shared=posterior.shared,
    )
    contexts, affinities = log.contexts[-_RECENT:], log.affinities[-_RECENT:]
    if not len(contexts):
        contexts, affinities = space.context(None, "")[None], space.affinities(None)[None]
    means, scales = plain.scores(contexts, affinities)
    exploration = within_budget(
        means,
        scales,
        floor=configured.taste_floor,
        budget=configured.taste_budget,
        width=configured.taste_width,
        leaders=leaders(means, arms.leader),
    )
    return TastePolicy(**{**plain.__dict__, "exploration": exploration})


def judge(arms: Arms, space: FeatureSpace, log: Replay, fitted: Posterior) -> Evaluation | None:
    """What the way we learn would earn, by rows that a taste policy drew; None without such rows.

    Cross-fitted by shopper: each shopper's rows are judged by a policy and by a reward model that were
    fitted without them. A policy judged on the clicks it has learned from would flatter itself.
    """
    drawn = log.is_drawn
    if not drawn.any() or len(arms.keys) < 2:
        return None
    folds = _folds(log.shoppers)
    if len(np.unique(folds[drawn])) < 2:
        return None

    def without(learn_from: NDArray[np.bool_], held_out: NDArray[np.bool_]) -> Array:
        policy, _ = learn(arms, space, log, learn_from, fitted)
        states = log.state[held_out]
        chosen = policy.probabilities(log.contexts, log.affinities)[states]
        offered = np.where(log.offered[held_out], chosen, 0.0)
        offered /= offered.sum(axis=1, keepdims=True)
        expected = policy.expected(log.contexts, log.affinities)[states]
        return np.stack([offered, expected], axis=-1)

    predicted = cross_fitted(len(log), folds, without)
    return evaluate(log.logged_choices(drawn), predicted[drawn, :, 0], predicted[drawn, :, 1])


def _folds(shoppers: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold for each row by its shopper, at random: keys themselves may follow a pattern of the shop's."""
    people, place = np.unique(shoppers, return_inverse=True)
    folds: NDArray[np.int64] = np.random.default_rng(0).integers(0, FOLDS, len(people))[place]
    return folds


def _code(preset: StylePreset) -> Array:
    # A code of older references or weights still says better than nothing what a style looks like.
    if preset.style_code is None:
        return np.full(CODE_SIZE, np.nan)
    return np.frombuffer(bytes(preset.style_code), dtype="<f4").astype(np.float64)
