"""From a shopper's history and a snapshot's lists to one ordered list of products, each with its reason.

Plain values in, plain values out: equal input gives an equal list, which is what keeps pages stable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from styletransfer.personalization.recommendations.diversity import diversified

# How many products of the history speak, and how many candidates are weighed against each other.
MOST_SEEDS = 20
MOST_CANDIDATES = 160
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

    @classmethod
    def new(cls, keys: tuple[str, ...]) -> Entries:
        """Products of which nothing is known but that they are new, in falling order."""
        return cls(keys, (0.0,) * len(keys), (), (-1,) * len(keys))

    def of_category(self, number: int | None) -> Entries:
        """Only products of one category, and those whose category is not known."""
        kept = [place for place, one in enumerate(self.categories) if one in (number, -1)]
        return Entries(
            tuple(self.keys[place] for place in kept),
            tuple(self.scores[place] for place in kept),
            tuple(self.is_bought[place] for place in kept) if self.is_bought else (),
            tuple(self.categories[place] for place in kept),
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


@dataclass(frozen=True)
class _Candidates:
    """What speaks for the products that may be recommended, one row each.

    Attributes:
        keys: primary keys.
        categories: (candidates,) number of the category, -1 for none.
        profiles: (candidates, seeds) likeness to each product of the history.
        is_bought: (candidates, seeds) whether the two are bought together.
        popular: (candidates,) in [0, 1].
        reasons: of each, why it is there if no seed speaks for it.
    """

    keys: list[str]
    categories: NDArray[np.int32]
    profiles: NDArray[np.float32]
    is_bought: NDArray[np.bool_]
    popular: NDArray[np.float32]
    reasons: list[ReasonCode]


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


class Ranking:
    """What may be recommended, in an order that is found as far as somebody asks for it.

    The order is a matter of the input alone, so that asking for more never changes what came before.
    """

    def __init__(
        self,
        seeds: Sequence[Seed],
        candidates: _Candidates,
        scores: NDArray[np.float32],
        diversity: float,
    ) -> None:
        self._seeds = seeds
        self._candidates = candidates
        self._scores = scores
        # A stable sort: of equals the first mentioned stays first, so new products keep their order.
        self._best = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
        self._diversity = diversity

    @property
    def keys(self) -> list[str]:
        """Of all products that it may yield."""
        return [self._candidates.keys[place] for place in self._best]

    def __iter__(self) -> Iterator[Recommended]:
        order = diversified(
            self._scores[self._best],
            self._candidates.profiles[self._best],
            self._candidates.categories[self._best],
            diversity=self._diversity,
        )
        return (self._explained(int(self._best[place])) for place in order)

    def _explained(self, place: int) -> Recommended:
        """With the product of the history that says most for it, or as popular where none does."""
        key, score = self._candidates.keys[place], float(self._scores[place])
        says = (
            self._candidates.profiles[place] * [seed.weight for seed in self._seeds] if self._seeds else None
        )
        if says is None or not says.any():
            return Recommended(key, self._candidates.reasons[place], "", score)
        number = int(np.argmax(says))
        seed = self._seeds[number]
        is_bought = self._candidates.is_bought[place, number]
        return Recommended(
            key, ReasonCode.BOUGHT_TOGETHER if is_bought else _BY_SIGN[seed.sign], seed.key, score
        )


def rank(
    seeds: Sequence[Seed],
    neighbours: Mapping[str, Entries],
    popular: Entries,
    in_categories: Iterable[Entries],
    *,
    seen: frozenset[str],
    diversity: float,
) -> Ranking:
    """Order what may be recommended: personal candidates and popular ones weighed together, kept diverse.

    Args:
        seeds: of ``seeds_of``; empty for somebody of whom nothing is known.
        neighbours: the snapshot's lists of the seeds, by key; a seed may be missing.
        popular: the shop's popular products.
        in_categories: the popular products of categories that the shopper looks at.
        seen: products that the shopper has looked at; they come later.
        diversity: see ``diversified``.
    """
    lists = [neighbours.get(seed.key, Entries()) for seed in seeds]
    candidates = _candidates(lists, popular, list(in_categories))
    return Ranking(seeds, candidates, _scores(seeds, candidates, seen), diversity)


def _candidates(lists: Sequence[Entries], popular: Entries, in_categories: Sequence[Entries]) -> _Candidates:
    index: dict[str, int] = {}
    categories: list[int] = []

    def places(entries: Entries) -> list[int]:
        for key, category in zip(entries.keys, entries.categories, strict=True):
            if key not in index:
                index[key] = len(index)
                categories.append(category)
        return [index[key] for key in entries.keys]

    by_seed = [places(entries) for entries in lists]
    liked = [(places(popular), popular, ReasonCode.POPULAR)]
    liked += [(places(entries), entries, ReasonCode.POPULAR_IN_CATEGORY) for entries in in_categories]
    profiles = np.zeros((len(index), max(1, len(lists))), np.float32)
    is_bought = np.zeros(profiles.shape, bool)
    for number, (found, entries) in enumerate(zip(by_seed, lists, strict=True)):
        profiles[found, number] = entries.scores
        is_bought[found, number] = entries.is_bought or False
    scores = np.zeros(len(index), np.float32)
    reasons = [ReasonCode.NEW] * len(index)
    for found, entries, reason in liked:
        for place, score in zip(found, entries.scores, strict=True):
            if score > scores[place]:
                scores[place], reasons[place] = score, reason
    return _Candidates(list(index), np.array(categories, np.int32), profiles, is_bought, scores, reasons)


def _scores(seeds: Sequence[Seed], candidates: _Candidates, seen: frozenset[str]) -> NDArray[np.float32]:
    weights = np.array([seed.weight for seed in seeds] or [0.0], np.float32)
    personal = candidates.profiles @ weights
    most = float(personal.max(initial=0))
    share = POPULARITY_SHARE if most else 1.0
    scores = (1 - share) * personal / (most or 1.0) + share * candidates.popular
    again = [key in seen for key in candidates.keys]
    found: NDArray[np.float32] = np.where(again, SEEN_FACTOR * scores, scores).astype(np.float32)
    return found
