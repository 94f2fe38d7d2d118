"""How often experiments cry wolf, how soon they find a real difference, and how gbstats does in the same run.

Every run is a shop whose visitors are sent to an arm one by one by chance, looked at once a day. Usage::

    python -m benchmarks.experiments [--runs 2000] [--gbstats /path/to/python/with/gbstats]

With ``--gbstats`` a random set of outcomes is also given to gbstats (its own environment, because it needs an
older numpy), and the largest difference to our confidence sequences is printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time

import numpy as np
from scipy.stats import norm

from styletransfer.experiments.statistics import adaptive, planning, successes
from styletransfer.experiments.statistics.analysis import LEAST_BUYERS
from styletransfer.experiments.statistics.samples import Sample, adjusted_means, plain_mean
from styletransfer.experiments.statistics.sequences import compare_means

ALPHA = 0.05
LIFT = 0.2
SIDE = 60_000
LOOKS = 120

PEER = """
import json, sys
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic
for control, arm, planned in json.load(sys.stdin):
    a, b = (SampleMeanStatistic(n=int(n), sum=s, sum_squares=q) for n, s, q in (control, arm))
    test = SequentialTwoSidedTTest(a, b, SequentialConfig(alpha=0.05, sequential_tuning_parameter=planned))
    print(json.dumps([float(x) for x in (*test.confidence_interval, test.p_value)]))
"""


def shop(generator, runs, looks, a_day, rates):
    """Visitors and buyers by arm, run and look, shape (2, runs, looks) each."""
    sent = generator.binomial(2 * a_day, 0.5, size=(runs, looks))
    visitors = np.stack([2 * a_day - sent, sent])
    bought = np.stack([generator.binomial(visitors[arm], rates[arm]) for arm in (0, 1)])
    return visitors.cumsum(axis=2), bought.cumsum(axis=2)


def peeking_z(visitors, bought):
    """Whether a z-test at 5 % rejects, by run and look: what a naive dashboard does."""
    rates = bought / visitors
    pooled = bought.sum(axis=0) / visitors.sum(axis=0)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / visitors[0] + 1 / visitors[1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(rates[1] - rates[0]) / spread > norm.ppf(1 - ALPHA / 2)


def by_mixture(bought):
    """Whether the conversion test of this app rejects, by run and look."""
    evidence = successes.log_evidence(bought[1].astype(float), bought[0].astype(float), share=0.5, lift=LIFT)
    return evidence >= np.log(1 / ALPHA)


def by_sequence(visitors, bought, planned, least):
    """Whether the confidence sequence for means rejects, by run and look, once both arms have ``least``.

    With ``least`` 0 it is gbstats' own test.
    """
    runs, looks = visitors.shape[1:]
    found = np.zeros((runs, looks), bool)
    for run in range(runs):
        for look in range(looks):
            if bought[:, run, look].min() < max(1, least):
                continue
            means = [
                plain_mean(Sample(visitors[arm, run, look], bought[arm, run, look], bought[arm, run, look]))
                for arm in (0, 1)
            ]
            found[run, look] = compare_means(*means, alpha=ALPHA, planned=planned).p_value <= ALPHA
            if found[run, look]:
                break
    return found


def row(name, visitors, rejected):
    """One line: share of runs that reject at some look, and the median visitors a side when they do."""
    first = rejected.argmax(axis=1)
    any_time = rejected.any(axis=1)
    share = any_time.mean()
    error = np.sqrt(share * (1 - share) / len(any_time))
    stops = visitors[:, np.arange(len(first)), first].sum(axis=0)[any_time] / 2
    median = f"{np.median(stops):9,.0f}" if len(stops) else "        -"
    print(f"  {name:34s} {100 * share:6.2f} % +- {100 * error:.2f}   median stop {median} a side")


def conversions(runs):
    """Conversion: equal arms at three rates, then real differences."""
    few = max(100, runs // 5)
    for rate, lift in ((0.03, 0.0), (0.005, 0.0), (0.3, 0.0), (0.03, 0.2), (0.03, 0.1), (0.005, 0.4)):
        generator = np.random.default_rng(1)
        print(f"rate {rate:g}, difference {100 * lift:+.0f} %, {LOOKS} daily looks to {SIDE:,} a side")
        visitors, bought = shop(generator, runs, LOOKS, SIDE // LOOKS, (rate, rate * (1 + lift)))
        if not lift:
            row("z-test at every look", visitors, peeking_z(visitors, bought))
            row("z-test once, at the end", visitors, peeking_z(visitors, bought)[:, -1:])
        row("ours: mixture on successes", visitors, by_mixture(bought))
        part = (visitors[:, :few], bought[:, :few])
        planned = planning.plan_rate(rate, LIFT).likely
        row(f"gbstats' test, N*=5000 ({few})", part[0], by_sequence(*part, 5000, 0))
        row(f"ours for means, N*=5000 ({few})", part[0], by_sequence(*part, 5000, LEAST_BUYERS))
        row(f"ours for means, planned N* ({few})", part[0], by_sequence(*part, planned, LEAST_BUYERS))


def revenue(runs):
    """Revenue a visitor: skewed amounts, with and without what was spent before taken out."""
    few = max(100, runs // 5)
    for lift in (0.0, 0.2):
        generator = np.random.default_rng(2)
        found = np.zeros((2, few, 60), bool)
        visitors = np.zeros((2, few, 60))
        for run in range(few):
            sums = [Sample(0, 0, 0)] * 2
            for day in range(60):
                for arm in (0, 1):
                    before = (generator.random(1000) < 0.2) * generator.lognormal(3, 1, 1000)
                    buys = generator.random(1000) < np.minimum(
                        1, 0.03 * (1 + lift * arm) + 0.1 * (before > 0)
                    )
                    spent = buys * generator.lognormal(3, 1, 1000)
                    sums[arm] = sums[arm] + Sample.of(spent, before)
                    visitors[arm, run, day] = sums[arm].count
                for method, means in enumerate(
                    ((plain_mean(sums[0]), plain_mean(sums[1])), adjusted_means(*sums))
                ):
                    found[method, run, day] = (
                        compare_means(*means, alpha=ALPHA, planned=60_000).p_value <= ALPHA
                    )
        print(f"revenue, difference {100 * lift:+.0f} % of buyers' rate, 60 daily looks, {few} runs")
        row("sequence for means", visitors, found[0])
        row("the same, history taken out", visitors, found[1])


def bandits(runs):
    """Equal arms under top-two traffic: what plain means and weighted estimates say."""
    few = max(100, runs // 10)
    generator = np.random.default_rng(3)
    wrong, honest = 0, 0
    for _run in range(few):
        weights, strata = [0.5, 0.5], []
        for period in range(30):
            sent = generator.multinomial(1000, weights)
            for arm in (0, 1):
                bought = int(generator.binomial(sent[arm], 0.05))
                strata.append(adaptive.Stratum(period, arm, weights[arm], int(sent[arm]), bought, bought))
            weights = adaptive.top_two_weights(adaptive.weighted_means(strata, 2), floor=0.05, seed=period)
        found = adaptive.compare_weighted(strata, arm=1, control=0, alpha=ALPHA, planned=30_000)
        honest += found.lower <= 0 <= found.upper
        sums = [
            sum((Sample(s.count, s.total, s.squares) for s in strata if s.arm == arm), Sample(0, 0, 0))
            for arm in (0, 1)
        ]
        error = np.sqrt(sum(one.variance / one.count for one in sums))
        wrong += abs(sums[1].mean - sums[0].mean) > norm.ppf(1 - ALPHA / 2) * error
    print(f"top-two traffic, equal arms, {few} runs, one look at the end")
    print(f"  plain means, z-test                wrong in {100 * wrong / few:5.1f} %")
    print(f"  weighted sequence                  wrong in {100 * (1 - honest / few):5.1f} %")


def peer(python):
    """The largest difference to gbstats over 300 random outcomes."""
    generator = np.random.default_rng(4)
    cases = []
    for _ in range(300):
        arms = []
        for _arm in (0, 1):
            count = int(generator.integers(200, 50_000))
            spent = (generator.random(count) < 0.05) * generator.lognormal(3, 1, count)
            arms.append([count, float(spent.sum()), float(np.square(spent).sum())])
        cases.append([*arms, int(generator.integers(500, 50_000))])
    answer = subprocess.run(
        [python, "-c", PEER], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    worst = 0.0
    for case, line in zip(cases, answer.stdout.splitlines(), strict=True):
        lower, upper, p_value = json.loads(line)
        ours = compare_means(
            plain_mean(Sample(*case[0])), plain_mean(Sample(*case[1])), alpha=ALPHA, planned=case[2]
        )
        worst = max(worst, abs(ours.lower - lower), abs(ours.upper - upper), abs(ours.p_value - p_value))
    print(f"gbstats: largest difference over {len(cases)} random outcomes {worst:.1e}")


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--gbstats", metavar="PYTHON")
    options = parser.parse_args()
    start = time.process_time()
    conversions(options.runs)
    revenue(options.runs)
    bandits(options.runs)
    if options.gbstats:
        peer(options.gbstats)
    for rate in (0.03, 0.005):
        plan = planning.plan_rate(rate, LIFT)
        print(f"plan for rate {rate:g}, +20 %: half decided by {plan.typical:,}, 80 % by {plan.likely:,}")
    print(f"{time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
