"""How well lists foretell what shoppers turn to next, against popularity and against ``implicit``."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.simulated_shopping import PURCHASE, Simulated, simulate
from styletransfer.personalization.recommendations.popularity import popularity
from styletransfer.personalization.recommendations.ranking import (
    Deed,
    Entries,
    Sign,
    rank,
    seeds_of,
)
from styletransfer.personalization.recommendations.similarity import (
    NOBODY,
    CosineSimilarity,
    Interactions,
    Neighbours,
    blend,
    interaction_matrix,
)

LENGTH = 10
ASKED = 1500
HALF_LIFE = 30.0
WEIGHTS = np.array([1.0, 3.0, 5.0])
SIGNS = (Sign.LOOKED, Sign.CARTED, Sign.BOUGHT)

Recommender = Callable[[int], Sequence[int]]


@dataclass(frozen=True)
class Quality:
    """Means over shoppers: recall@10 (of at most ten), NDCG@10, and seconds it took to fit."""

    recall: float
    ndcg: float
    seconds: float


class Split:
    """Simulated events, each shopper's last fifth held out.

    Attributes:
        events: what is fitted on.
        known: products of each shopper in it.
        wanted: products of each shopper that come only in the part held out.
    """

    def __init__(self, simulated: Simulated) -> None:
        shoppers = simulated.shape[0]
        numbers = np.bincount(simulated.shoppers, minlength=shoppers)
        first = np.searchsorted(simulated.shoppers, np.arange(shoppers))
        rank_in_history = np.arange(len(simulated.items)) - first[simulated.shoppers]
        self.is_known = rank_in_history < np.ceil(0.8 * numbers)[simulated.shoppers]
        self.simulated, self._first, self._numbers = simulated, first, numbers
        known = self.is_known
        self.events = Interactions(
            simulated.shoppers[known],
            simulated.items[known],
            WEIGHTS[simulated.kinds[known]],
            simulated.ages[known],
            simulated.shape,
        )

    def of(self, shopper: int) -> tuple[slice, set[int], set[int]]:
        """Where a shopper's events are, the products known, and those to be found."""
        place = slice(self._first[shopper], self._first[shopper] + self._numbers[shopper])
        items, known = self.simulated.items[place], self.is_known[place]
        before = set(items[known].tolist())
        return place, before, set(items[~known].tolist()) - before

    def deeds(self, shopper: int) -> list[Deed]:
        """The known history, as a page reads it."""
        place, _, _ = self.of(shopper)
        rows = zip(
            self.simulated.items[place],
            self.simulated.kinds[place],
            self.simulated.ages[place],
            self.is_known[place],
            strict=True,
        )
        return [Deed(str(item), "", SIGNS[kind], age) for item, kind, age, known in rows if known]


def compare(products: int, shoppers: int) -> Iterator[tuple[str, Quality]]:
    """One row after the other: popularity, the default with and without diversity, and ``implicit``."""
    split = Split(simulate(products, shoppers))
    liked = popularity(split.events, HALF_LIFE)
    best = np.argsort(-liked, kind="stable")[:400]
    yield "popularity", evaluate(split, lambda _: best.tolist(), 0.0)
    popular = entries(best, np.log1p(liked[best]) / np.log1p(liked.max()), split)
    bought = split.events.chosen(split.events.weights == WEIGHTS[PURCHASE])
    models: list[tuple[str, Any]] = [("cosine (default)", CosineSimilarity())]
    if find_spec("implicit") is not None:
        from styletransfer.personalization.recommendations.implicit_models import ImplicitAls, ImplicitTfIdf

        models += [("implicit TF-IDF", ImplicitTfIdf()), ("implicit ALS, similar items", ImplicitAls())]
    for name, model in models:
        begun = time.perf_counter()
        looks = model.neighbours(interaction_matrix(split.events, HALF_LIFE), 80)
        sales = model.neighbours(interaction_matrix(bought, HALF_LIFE), 80)
        found = blend(looks, sales, 40, 0.4).found
        seconds = time.perf_counter() - begun
        for diversity in (0.0, 0.25) if name.startswith("cosine") else (0.25,):
            lists = Lists(split, found, popular, diversity)
            label = name if diversity else f"{name}, diversity 0"
            yield label, evaluate(split, lists, seconds)
    if find_spec("implicit") is not None:
        yield factors_of_shoppers(split)


@dataclass(frozen=True)
class Lists:
    """The lists that the app would show."""

    split: Split
    found: Neighbours
    popular: Entries
    diversity: float

    def __call__(self, shopper: int) -> list[int]:
        """Products for one shopper."""
        deeds = self.split.deeds(shopper)
        seeds = seeds_of(deeds)
        neighbours = {
            seed.key: entries(self.found.items[int(seed.key)], self.found.scores[int(seed.key)], self.split)
            for seed in seeds
        }
        seen = frozenset(deed.key for deed in deeds)
        ranked = rank(seeds, neighbours, self.popular, (), seen=seen, diversity=self.diversity)
        new = (int(one.key) for one in ranked if one.key not in seen)
        return list(itertools.islice(new, LENGTH))


def entries(items: Any, scores: Any, split: Split) -> Entries:
    """A stored list."""
    known = items != NOBODY
    categories = split.simulated.categories[items[known]]
    return Entries(
        tuple(map(str, items[known])), tuple(scores[known].tolist()), (), tuple(categories.tolist())
    )


def factors_of_shoppers(split: Split) -> tuple[str, Quality]:
    """ALS as ``implicit`` means it: a factor for every shopper, fitted again for each new event."""
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    matrix = (interaction_matrix(split.events, HALF_LIFE) * 40).tocsr()
    model = AlternatingLeastSquares(factors=64, random_state=1)
    begun = time.perf_counter()
    with threadpool_limits(1, "blas"):
        model.fit(matrix, show_progress=False)
    seconds = time.perf_counter() - begun
    return "implicit ALS, shopper factors", evaluate(
        split, lambda shopper: model.recommend(shopper, matrix[shopper], N=LENGTH)[0].tolist(), seconds
    )


def evaluate(split: Split, recommender: Recommender, seconds: float) -> Quality:
    """Means over shoppers who turn to something new."""
    draw = np.random.default_rng(0)
    shoppers = split.events.shape[0]
    gains = 1 / np.log2(np.arange(LENGTH) + 2)
    recalls, ndcgs = [], []
    for shopper in draw.choice(shoppers, min(ASKED, shoppers), replace=False):
        _, known, wanted = split.of(int(shopper))
        if not wanted:
            continue
        top = [item for item in recommender(int(shopper)) if item not in known][:LENGTH]
        hits = np.array([item in wanted for item in top] + [False] * (LENGTH - len(top)))
        reachable = min(LENGTH, len(wanted))
        recalls.append(hits.sum() / reachable)
        ndcgs.append(float(hits @ gains) / gains[:reachable].sum())
    return Quality(float(np.mean(recalls)), float(np.mean(ndcgs)), seconds)
