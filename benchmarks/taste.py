"""How soon policies learn tastes: ``python benchmarks/taste.py [--seeds 8] [--quick]``.

A hard simulated shop: 6 styles, 3,000 shoppers with 12 features, 40,000 impressions. Tastes are weak and
clicks rare: styles shown at random are clicked in 2.34 % of impressions, the best single style in 2.86 %,
the best style for each shopper in 4.46 % (the simulator's two widths are set so). Every policy learns once
per 500 impressions and is judged on the second half, by the true probability of a click: by which share it
closes the gap between styles at random and the best style for each.

Contenders: ours as shipped (with floor and exploration budget), ours without both, a logistic Thompson
policy per style at two widths, Beta-Bernoulli Thompson, MABWiser's LinTS and Vowpal Wabbit's cb_explore_adf.
The last two are optional: ``pip install mabwiser vowpalwabbit``. What is missing is said.

The calibration error is that of the shipped policy's model over the second half: each click is predicted
before it is learned from; the mean over ten equal groups of |predicted - clicked|. As much as chance would
give with perfect predictions is printed beside it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from styletransfer.personalization.taste import posterior, thompson
from styletransfer.personalization.taste.thompson import Array

STYLES, FEATURES, SHOPPERS, IMPRESSIONS, BATCH = 6, 12, 3000, 40_000, 500
BASE, STYLE_WIDTH, TASTE_WIDTH = -3.882, 0.168, 0.629
FLOOR, BUDGET, WIDTH = 0.005, 0.3, 0.3


class World:
    """One simulated shop: shoppers (3000, 12), and how probably each clicks on each style (3000, 6)."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.shoppers = generator.normal(size=(SHOPPERS, FEATURES))
        tastes = generator.normal(size=(STYLES, FEATURES)) * TASTE_WIDTH / np.sqrt(FEATURES)
        odds = BASE + generator.normal(size=STYLES) * STYLE_WIDTH + self.shoppers @ tastes.T
        self.chances = 1 / (1 + np.exp(-odds))
        visits = np.random.default_rng([seed, 1])
        self.visitors = visits.integers(0, SHOPPERS, IMPRESSIONS)
        self.luck = visits.random(IMPRESSIONS)
        self.draws = visits.integers(0, 2**63, IMPRESSIONS)


class Policy(Protocol):
    """What a contender does."""

    def probabilities(self, contexts: Array) -> Array:
        """Probability (rows, styles) of each style for these shoppers."""

    def learn(self, contexts: Array, styles: Any, rewards: Array, chosen: Array) -> None:
        """Take in a batch: what was shown, what followed, with which probability it was shown."""


class Ours:
    """The taste model as the shop runs it."""

    def __init__(self, seed: int, floor: float = FLOOR, budget: float = BUDGET, width: float = WIDTH) -> None:
        self.floor, self.budget, self.width = floor, budget, width
        self.seen: list[tuple[Array, Any, Array]] = []
        self.model = self._fit()

    def _fit(self, start: posterior.Posterior | None = None) -> posterior.Posterior:
        columns = zip(*self.seen, strict=True) if self.seen else ([np.empty((0, FEATURES))], [[]], [[]])
        contexts, styles, rewards = map(np.concatenate, columns)
        rows = posterior.Impressions(
            _with_constant(contexts), np.empty((len(contexts), 0)), styles.astype(int), rewards
        )
        return posterior.fit(rows, STYLES, start=start, rounds=2)

    def probabilities(self, contexts: Array) -> Array:
        """See ``Policy``."""
        design = _with_constant(contexts)
        means = design @ self.model.style.T
        width = FEATURES + 1
        blocks = self.model.covariance.reshape(STYLES, width, STYLES, width)
        covariance = np.einsum("nd,kdle,ne->nkl", design, blocks, design, optimize=True)
        scales = thompson.independent_scales(covariance)
        exploration = thompson.within_budget(
            means[:100], scales[:100], floor=self.floor, budget=self.budget, width=self.width
        )
        return exploration.probabilities(means, scales)

    def predict(self, contexts: Array, styles: Any) -> Array:
        """Expected clicks (rows,)."""
        return self.model.probabilities(_with_constant(contexts), np.empty((len(contexts), 0)), styles)

    def learn(self, contexts: Array, styles: Any, rewards: Array, chosen: Array) -> None:
        """See ``Policy``."""
        self.seen.append((contexts, styles, rewards))
        self.model = self._fit(self.model)


def ours_unbounded(seed: int) -> Ours:
    """Plain Thompson sampling with our model: no floor, no budget."""
    return Ours(seed, floor=0.0, budget=1.0, width=1.0)


class LogisticThompson:
    """One Bayesian logistic regression per style with a fixed prior: Chapelle and Li, 2011."""

    def __init__(self, seed: int, width: float) -> None:
        self.width, self.generator = width, np.random.default_rng([seed, 2])
        self.means = np.zeros((STYLES, FEATURES + 1))
        self.means[:, 0] = np.log(0.0234 / 0.9766)
        self.precisions = np.stack([np.eye(FEATURES + 1)] * STYLES)

    def probabilities(self, contexts: Array) -> Array:
        """See ``Policy``."""
        design = _with_constant(contexts)
        scores = np.empty((len(design), STYLES))
        for style in range(STYLES):
            root = np.linalg.cholesky(np.linalg.inv(self.precisions[style]))
            noise = self.generator.normal(size=design.shape) @ root.T
            scores[:, style] = (design * (self.means[style] + self.width * noise)).sum(axis=1)
        return _one_hot(scores.argmax(axis=1))

    def learn(self, contexts: Array, styles: Any, rewards: Array, chosen: Array) -> None:
        """See ``Policy``."""
        design = _with_constant(contexts)
        for style in range(STYLES):
            own, answers = design[styles == style], rewards[styles == style]
            prior, precision = self.means[style].copy(), self.precisions[style]
            for _ in range(8):
                chance = 1 / (1 + np.exp(-own @ self.means[style]))
                slope = own.T @ (answers - chance) - precision @ (self.means[style] - prior)
                curvature = precision + own.T @ (own * (chance * (1 - chance))[:, None])
                self.means[style] += np.linalg.solve(curvature, slope)
            self.precisions[style] = curvature


class BetaBernoulli:
    """Thompson sampling that knows no shopper."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng([seed, 3])
        self.counts = np.ones((STYLES, 2))

    def probabilities(self, contexts: Array) -> Array:
        """See ``Policy``."""
        draws = self.generator.beta(self.counts[:, 0], self.counts[:, 1], size=(len(contexts), STYLES))
        return _one_hot(draws.argmax(axis=1))

    def learn(self, contexts: Array, styles: Any, rewards: Array, chosen: Array) -> None:
        """See ``Policy``."""
        np.add.at(self.counts, (styles, 0), rewards)
        np.add.at(self.counts, (styles, 1), 1 - rewards)


class MabWiser:
    """MABWiser's LinTS."""

    def __init__(self, seed: int, alpha: float) -> None:
        from mabwiser.mab import MAB, LearningPolicy

        self.bandit = MAB(list(range(STYLES)), LearningPolicy.LinTS(alpha=alpha), seed=seed)
        self.is_fitted = False

    def probabilities(self, contexts: Array) -> Array:
        """See ``Policy``."""
        if not self.is_fitted:
            return np.full((len(contexts), STYLES), 1 / STYLES)
        return _one_hot(np.atleast_1d(self.bandit.predict(_with_constant(contexts))))

    def learn(self, contexts: Array, styles: Any, rewards: Array, chosen: Array) -> None:
        """See ``Policy``."""
        teach = self.bandit.partial_fit if self.is_fitted else self.bandit.fit
        teach(styles, rewards, _with_constant(contexts))
        self.is_fitted = True


class VowpalWabbit:
    """Vowpal Wabbit's contextual bandit with shopper by style interactions, doubly robust."""

    def __init__(self, seed: int, exploration: str) -> None:
        from vowpalwabbit import Workspace

        options = f"--cb_explore_adf {exploration} --cb_type mtr -q SA --quiet --random_seed {seed + 1}"
        self.workspace = Workspace(options)

    def probabilities(self, contexts: Array) -> Array:
        """See ``Policy``."""
        return np.stack([self._pmf(row) for row in contexts])

    def _pmf(self, row: Array) -> Array:
        pmf = np.array(self.workspace.predict(self._lines(row)))
        return pmf / pmf.sum()

    def learn(self, contexts: Array, styles: Any, rewards: Array, chosen: Array) -> None:
        """See ``Policy``."""
        for row, style, reward, probability in zip(contexts, styles, rewards, chosen, strict=True):
            self.workspace.learn(self._lines(row, int(style), -float(reward), float(probability)))

    @staticmethod
    def _lines(row: Array, style: int = -1, cost: float = 0.0, probability: float = 1.0) -> list[str]:
        shopper = "shared |S " + " ".join(f"f{place}:{value:.5f}" for place, value in enumerate(row))
        return [shopper] + [
            (f"0:{cost}:{probability:.6f} " if arm == style else "") + f"|A s{arm}" for arm in range(STYLES)
        ]


CONTENDERS: dict[str, Callable[[int], Policy]] = {
    "ours, as shipped": Ours,
    "ours, no floor, no budget": ours_unbounded,
    "logistic Thompson, width 1": lambda seed: LogisticThompson(seed, 1.0),
    "logistic Thompson, width 0.5": lambda seed: LogisticThompson(seed, 0.5),
    "MABWiser LinTS, alpha 0.1": lambda seed: MabWiser(seed, 0.1),
    "MABWiser LinTS, alpha 0.3": lambda seed: MabWiser(seed, 0.3),
    "Vowpal Wabbit, squarecb": lambda seed: VowpalWabbit(seed, "--squarecb"),
    "Vowpal Wabbit, epsilon 0.05": lambda seed: VowpalWabbit(seed, "--epsilon 0.05"),
    "Beta-Bernoulli Thompson": BetaBernoulli,
}


def play(name: str, seed: int) -> dict[str, float]:
    """One contender in one shop: share of the gap, clicks, seconds; calibration for ours."""
    world, policy, started = World(seed), CONTENDERS[name](seed), time.perf_counter()
    value, predicted, clicked = np.empty(IMPRESSIONS), np.zeros(IMPRESSIONS), np.empty(IMPRESSIONS)
    for batch in _batches():
        visitors = world.visitors[batch]
        contexts, chances = world.shoppers[visitors], world.chances[visitors]
        probabilities = policy.probabilities(contexts)
        styles = np.array(
            [
                thompson.draw(row, int(seed))
                for row, seed in zip(probabilities, world.draws[batch], strict=True)
            ]
        )
        taken = np.arange(len(styles)), styles
        rewards = (world.luck[batch] < chances[taken]).astype(float)
        value[batch], clicked[batch] = (probabilities * chances).sum(axis=1), rewards
        if isinstance(policy, Ours):
            predicted[batch] = policy.predict(contexts, styles)
        policy.learn(contexts, styles, rewards, probabilities[taken])
    late = slice(IMPRESSIONS // 2, None)
    truth = world.chances[world.visitors[late]]
    at_random, best = truth.mean(), truth.max(axis=1).mean()
    answer = {
        "random": at_random,
        "single": truth.mean(axis=0).max(),
        "oracle": best,
        "rate": value[late].mean(),
        "gap": (value[late].mean() - at_random) / (best - at_random),
        "seconds": time.perf_counter() - started,
    }
    if isinstance(policy, Ours):
        answer["calibration"], answer["chance"] = calibration_error(predicted[late], clicked[late], seed)
    return answer


def calibration_error(predicted: Array, clicked: Array, seed: int) -> tuple[float, float]:
    """Mean of |predicted - clicked| over ten equal groups, and what chance gives perfect predictions."""
    lucky = np.random.default_rng([seed, 4]).random(len(predicted)) < predicted
    groups = np.array_split(np.argsort(predicted), 10)

    def error(outcome: Array) -> float:
        return float(np.mean([abs(predicted[group].mean() - outcome[group].mean()) for group in groups]))

    return error(clicked), error(lucky)


def _batches() -> Iterator[slice]:
    for first in range(0, IMPRESSIONS, BATCH):
        yield slice(first, first + BATCH)


def _with_constant(contexts: Array) -> Array:
    return np.hstack([np.ones((len(contexts), 1)), contexts])


def _one_hot(styles: Any) -> Array:
    return np.eye(STYLES)[np.asarray(styles, dtype=int)]


def main() -> None:
    """Play every contender in every shop and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", action="append", help="a contender; may be given again")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print("share of the gap closed | clicks | seconds a shop | calibration error (by chance)")
    with ProcessPoolExecutor(options.processes) as pool:
        for name in options.only or CONTENDERS:
            try:
                games = list(pool.map(play, [name] * options.seeds, range(options.seeds)))
            except ImportError as error:
                print(f"{name:30s} not run: {error}. pip install mabwiser vowpalwabbit", flush=True)
                continue
            mean = {key: float(np.mean([game[key] for game in games])) for key in games[0]}
            error = np.std([game["gap"] for game in games], ddof=1) / np.sqrt(len(games))
            line = (
                f"{name:30s} {mean['gap']:6.1%} ± {error:.1%} | {mean['rate']:.2%} | {mean['seconds']:5.1f}"
            )
            if "calibration" in mean:
                line += f" | {mean['calibration']:.4f} ({mean['chance']:.4f})"
            print(line, flush=True)
    print(f"random {mean['random']:.2%}, best single {mean['single']:.2%}, oracle {mean['oracle']:.2%}")


if __name__ == "__main__":
    main()
