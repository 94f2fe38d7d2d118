"""From a shopper's history and a snapshot's lists to one ordered list of products, each with its reason.

Plain values in, plain values out: equal input gives an equal list, which is what keeps pages stable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from styletransfer.personalization.recommendations.diversity import diversified

# How many products of the history speak, and how many candidates are weighed against each other.
MOST_SEEDS = 20
MOST_CANDIDATES = 240
# Days after which a look counts half in the history of one shopper: sessions are short, tastes are not.
HISTORY_HALF_LIFE = 14.0
# Share of popularity in a personal score; measured by benchmarks/recommendations.py.
POPULARITY_SHARE = 0.1
# A product that the shopper has looked at already is worth less than one that is new to them.
SEEN_FACTOR = 0.35


class Sign(Enum):
    """What a shopper did with a product, as far as the list goes by it."""

    LOOKED = "looked"
    LIKED = "liked"
    CARTED = "carted"
    BOUGHT = "bought"
    DISLIKED = "disliked"


SIGN_WEIGHTS = {Sign.LOOKED: 1.0, Sign.LIKED: 3.0, Sign.CARTED: 3.0, Sign.BOUGHT: 5.0}


@dataclass(frozen=True)
class Deed:
    """One thing that the shopper did: with which product, of which category, and how many days ago."""

    key: str
    category: str
    sign: Sign
    age: float


@dataclass(frozen=True)
class Entries:
    """One stored list: neighbours of a product, or the popular products of the shop or of a category.

    Attributes:
        keys: products, the best first.
        scores: of each, in [0, 1].
        is_bought: of each, whether purchases say most for it; empty for popular lists.
        categories: of each, the number of its category in the snapshot; -1 for none.
    """

    keys: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    is_bought: tuple[bool, ...] = ()
    categories: tuple[int, ...] = ()

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Entries:
        """From the JSON of a row; see ``dump``."""
        return cls(
            tuple(stored["keys"]),
            tuple(score / 1000 for score in stored["scores"]),
            tuple(letter == "1" for letter in stored.get("bought", "")),
            tuple(stored["categories"]),
        )

    def dump(self) -> dict[str, Any]:
        """As compact JSON: scores in thousandths, the flags as a text of zeros and ones."""
        stored: dict[str, Any] = {
            "keys": list(self.keys),
            "scores": [max(1, round(1000 * score)) if score > 0 else 0 for score in self.scores],
            "categories": list(self.categories),
        }
        if any(self.is_bought):
            stored["bought"] = "".join("01"[flag] for flag in self.is_bought)
        return stored


class ReasonCode(Enum):
    """Why a product is recommended."""

    VIEWED = "viewed"
    LIKED = "liked"
    CARTED = "carted"
    BOUGHT = "bought"
    BOUGHT_TOGETHER = "bought_together"
    POPULAR_IN_CATEGORY = "popular_in_category"
    POPULAR = "popular"
    NEW = "new"
    PINNED = "pinned"


@dataclass(frozen=True)
class Recommended:
    """One product of the list.

    Attributes:
        key: its primary key as text.
        reason: why it is there.
        because: key of the product of the history that speaks most for it, or "".
        score: in [0, 1]; for explaining, not for sorting again.
    """

    key: str
    reason: ReasonCode
    because: str = ""
    score: float = 0.0


@dataclass
class _Candidate:
    """What speaks for one product: its likeness to each seed, and how popular it is."""

    category: int = -1
    by_seed: dict[int, float] = field(default_factory=dict)
    bought_with: set[int] = field(default_factory=set)
    popular: float = 0.0
    reason: ReasonCode = ReasonCode.POPULAR


_BY_SIGN = {
    Sign.LOOKED: ReasonCode.VIEWED,
    Sign.LIKED: ReasonCode.LIKED,
    Sign.CARTED: ReasonCode.CARTED,
    Sign.BOUGHT: ReasonCode.BOUGHT,
}


@dataclass(frozen=True)
class Seed:
    """One product of the history and how much it says; ``sign`` is the strongest thing done with it."""

    key: str
    weight: float
    sign: Sign


def seeds_of(history: Iterable[Deed]) -> list[Seed]:
    """The products that say most about the shopper now, the weightiest first; nothing that was disliked."""
    weights: dict[str, float] = {}
    signs: dict[str, Sign] = {}
    disliked = set()
    for deed in history:
        if deed.sign is Sign.DISLIKED:
            disliked.add(deed.key)
            continue
        strength = SIGN_WEIGHTS[deed.sign]
        weights[deed.key] = weights.get(deed.key, 0) + strength * 2 ** (-deed.age / HISTORY_HALF_LIFE)
        if deed.key not in signs or SIGN_WEIGHTS[signs[deed.key]] < strength:
            signs[deed.key] = deed.sign
    found = [
        Seed(key, math.log1p(weight), signs[key]) for key, weight in weights.items() if key not in disliked
    ]
    return sorted(found, key=lambda seed: (-seed.weight, seed.key))[:MOST_SEEDS]


def rank(
    seeds: Sequence[Seed],
    neighbours: Mapping[str, Entries],
    popular: Entries,
    in_categories: Iterable[Entries],
    *,
    seen: frozenset[str],
    left_out: frozenset[str],
    count: int,
    diversity: float,
) -> list[Recommended]:
    """Order what may be recommended: personal candidates and popular ones weighed together, kept diverse.

    Args:
        seeds: of ``seeds_of``; empty for somebody of whom nothing is known.
        neighbours: the snapshot's lists of the seeds, by key; a seed may be missing.
        popular: the shop's popular products.
        in_categories: the popular products of categories that the shopper looks at.
        seen: products that the shopper has looked at; they come later.
        left_out: products that are never recommended now.
        count: how many to return at most.
        diversity: see ``diversified``.
    """
    candidates = _candidates(seeds, neighbours, popular, in_categories)
    for key in left_out:
        candidates.pop(key, None)
    scores = _scores(seeds, candidates, seen)
    keys = sorted(candidates, key=lambda key: (-scores[key], key))[:MOST_CANDIDATES]
    chosen = [candidates[key] for key in keys]
    profiles = np.zeros((len(keys), max(1, len(seeds))), np.float32)
    for row, candidate in enumerate(chosen):
        for number, likeness in candidate.by_seed.items():
            profiles[row, number] = likeness
    order = diversified(
        np.array([scores[key] for key in keys], np.float32),
        profiles,
        np.array([candidate.category for candidate in chosen], np.int32),
        count,
        diversity=diversity,
    )
    return [_explained(keys[place], chosen[place], seeds, scores[keys[place]]) for place in order]


def _candidates(
    seeds: Sequence[Seed],
    neighbours: Mapping[str, Entries],
    popular: Entries,
    in_categories: Iterable[Entries],
) -> dict[str, _Candidate]:
    found: dict[str, _Candidate] = {}
    for number, seed in enumerate(seeds):
        entries = neighbours.get(seed.key, Entries())
        flags = entries.is_bought or (False,) * len(entries.keys)
        rows = zip(entries.keys, entries.scores, entries.categories, flags, strict=True)
        for key, score, category, is_bought in rows:
            candidate = found.setdefault(key, _Candidate(category))
            candidate.by_seed[number] = score
            if is_bought:
                candidate.bought_with.add(number)
    sources = [(popular, ReasonCode.POPULAR)]
    sources += [(entries, ReasonCode.POPULAR_IN_CATEGORY) for entries in in_categories]
    for entries, reason in sources:
        for key, score, category in zip(entries.keys, entries.scores, entries.categories, strict=True):
            candidate = found.setdefault(key, _Candidate(category))
            if score > candidate.popular or (score == candidate.popular and not candidate.by_seed):
                candidate.popular = score
                candidate.reason = reason if score > 0 else ReasonCode.NEW
    return found


def _scores(
    seeds: Sequence[Seed], candidates: Mapping[str, _Candidate], seen: frozenset[str]
) -> dict[str, float]:
    personal = {
        key: sum(seeds[number].weight * likeness for number, likeness in candidate.by_seed.items())
        for key, candidate in candidates.items()
    }
    most = max(personal.values(), default=0.0) or 1.0
    share = POPULARITY_SHARE if any(personal.values()) else 1.0
    return {
        key: ((1 - share) * personal[key] / most + share * candidate.popular)
        * (SEEN_FACTOR if key in seen else 1)
        for key, candidate in candidates.items()
    }


def _explained(key: str, candidate: _Candidate, seeds: Sequence[Seed], score: float) -> Recommended:
    """With the product of the history that says most for it, or as popular where none does."""
    if not candidate.by_seed:
        return Recommended(key, candidate.reason, "", score)
    number = max(candidate.by_seed, key=lambda one: (seeds[one].weight * candidate.by_seed[one], -one))
    seed = seeds[number]
    reason = ReasonCode.BOUGHT_TOGETHER if number in candidate.bought_with else _BY_SIGN[seed.sign]
    return Recommended(key, reason, seed.key, score)
