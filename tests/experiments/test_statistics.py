"""The statistics against hand-computed values, gbstats, and small simulations with the truth known."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from styletransfer.experiments.statistics import adaptive, multiple, planning, ratio, successes
from styletransfer.experiments.statistics.samples import Sample, adjusted_means, plain_mean, variance_kept
from styletransfer.experiments.statistics.sequences import NOTHING_KNOWN, compare_means

# Made with gbstats 0.8.0 (SequentialTwoSidedTTest, RegressionAdjustedStatistic, check_srm).
GOLDEN = json.loads((Path(__file__).parent / "data" / "gbstats.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["comparisons"])
def test_sequences_equal_those_of_gbstats(case):
    control, arm = Sample(*case["control"]), Sample(*case["arm"])
    options = {"alpha": case["alpha"], "planned": case["planned"]}
    plain = compare_means(plain_mean(control), plain_mean(arm), relative=case["relative"], **options)
    adjusted = compare_means(*adjusted_means(control, arm), relative=False, **options)
    for found, wanted in ((plain, case["plain"]), (adjusted, case["adjusted"])):
        assert found.value == pytest.approx(wanted["value"], rel=1e-9)
        assert [found.lower, found.upper] == pytest.approx(wanted["interval"], rel=1e-9)
        assert found.p_value == pytest.approx(wanted["p"], rel=1e-7)


@pytest.mark.parametrize("case", GOLDEN["ratios"])
def test_the_ratio_check_equals_that_of_gbstats(case):
    assert ratio.check_ratio(case["observed"], case["weights"]).p_value == pytest.approx(case["p"], rel=1e-9)


def test_the_ratio_check_counts_only_arms_that_can_have_visitors():
    # gbstats would take two degrees of freedom here.
    found = ratio.check_ratio([1000, 1200, 0], [0.5, 0.5, 0.0])
    assert found.p_value == pytest.approx(stats.chisquare([1000, 1200]).pvalue)
    assert found.is_broken
    assert ratio.check_ratio([1000, 1000, 1], [0.5, 0.5, 0.0]).is_broken
    assert not ratio.check_ratio([4, 5], [0.5, 0.5]).is_checked
    assert not ratio.check_ratio([0, 0], [0.0, 0.0]).is_broken


def test_samples_are_sums_of_visitors():
    generator = np.random.default_rng(1)
    outcome, before = generator.normal(5, 2, 400), generator.normal(1, 1, 400)
    whole = Sample.of(outcome[:150], before[:150]) + Sample.of(outcome[150:], before[150:])
    assert whole.mean == pytest.approx(outcome.mean())
    assert whole.variance == pytest.approx(outcome.var(ddof=1))
    assert whole.covariance == pytest.approx(np.cov(outcome, before)[0, 1])


def test_what_visitors_did_before_sharpens_the_estimate_and_does_not_shift_it():
    generator = np.random.default_rng(2)
    before = generator.gamma(1, 10, 8000)
    outcome = before + generator.normal(0, 3, 8000)
    outcome[4000:] += 0.5
    control, arm = (Sample.of(outcome[part], before[part]) for part in (slice(4000), slice(4000, None)))
    plain = compare_means(plain_mean(control), plain_mean(arm), alpha=0.05, planned=8000, relative=False)
    sharp = compare_means(*adjusted_means(control, arm), alpha=0.05, planned=8000, relative=False)
    assert sharp.upper - sharp.lower < 0.4 * (plain.upper - plain.lower)
    assert sharp.lower < 0.5 < sharp.upper
    assert sharp.p_value < 0.001 < plain.p_value
    assert variance_kept(control, arm) < 0.2
    silent = Sample(*[control.count, control.total, control.squares])
    assert adjusted_means(silent, silent)[1] == plain_mean(silent)


def test_without_data_nothing_is_claimed():
    empty = plain_mean(Sample(0, 0, 0))
    assert compare_means(empty, empty, alpha=0.05, planned=100) == NOTHING_KNOWN
    assert successes.compare_rates(0, 0, share=0.5, lift=0.2, alpha=0.05) == NOTHING_KNOWN


def test_the_mixture_is_the_integral_it_claims_to_be():
    a, b = successes.prior(1 / 3, 0.2)
    theta = np.linspace(1e-6, 1 - 1e-6, 400_001)
    density = stats.beta.pdf(theta, a, b) * (theta / (1 / 3)) ** 60 * ((1 - theta) / (2 / 3)) ** 70
    wanted = np.log(np.trapezoid(density, theta))
    found = successes.log_evidence(np.array([60.0]), np.array([70.0]), share=1 / 3, lift=0.2)
    assert found[0] == pytest.approx(wanted, abs=1e-6)
    assert a / (a + b) == pytest.approx(1 / 3)


def test_the_mixture_is_a_fair_bet():
    """Under equal rates the e-value's expectation is 1, exactly, for any number of successes."""
    arm = np.arange(41.0)
    for share in (0.5, 0.2):
        evidence = successes.log_evidence(arm, 40 - arm, share=share, lift=0.3)
        assert stats.binom.pmf(arm, 40, share) @ np.exp(evidence) == pytest.approx(1.0)


def test_the_sequence_for_conversion_ends_where_the_evidence_does():
    found = successes.compare_rates(300, 400, share=0.5, lift=0.2, alpha=0.05)
    assert found.value == pytest.approx(1 / 3)
    assert 0 < found.lower < found.value < found.upper
    assert found.p_value < 0.05
    # At the p-value's own level the sequence just touches "no difference".
    touching = successes.compare_rates(300, 400, share=0.5, lift=0.2, alpha=found.p_value)
    assert touching.lower == pytest.approx(0, abs=1e-9)
    # Twice the traffic and twice the buyers are no difference.
    equal = successes.compare_rates(300, 600, share=2 / 3, lift=0.2, alpha=0.05)
    assert equal.value == pytest.approx(0)
    assert equal.lower < 0 < equal.upper


def test_holm_and_e_bh_by_hand():
    assert multiple.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert multiple.holm([]) == []
    assert multiple.e_bh([70, 25, 3, 1], alpha=0.1) == [True, True, False, False]
    assert multiple.e_bh([30, 1, 1, 1], alpha=0.1) == [False] * 4


def simulate_shop(runs, days, rate, lift, *, seed, visitors=1000):
    """Successes (runs, days, 2) of a shop whose visitors are sent to an arm by chance, one by one."""
    generator = np.random.default_rng(seed)
    sent = generator.binomial(visitors, 0.5, size=(runs, days))
    bought = [generator.binomial(visitors - sent, rate), generator.binomial(sent, rate * (1 + lift))]
    return np.cumsum(bought, axis=2), np.cumsum([visitors - sent, sent], axis=2)


@pytest.mark.parametrize("rate", [0.005, 0.03, 0.3])
def test_daily_looks_at_equal_arms_find_a_difference_in_one_of_twenty_at_most(rate):
    bought, _sent = simulate_shop(1500, 100, rate, 0.0, seed=3)
    evidence = successes.log_evidence(bought[1], bought[0], share=0.5, lift=0.2)
    false = (evidence >= np.log(20)).any(axis=1).mean()
    assert false <= 0.05


def test_a_fifth_more_at_three_per_cent_is_found_by_sixty_thousand_a_side():
    bought, _sent = simulate_shop(400, 120, 0.03, 0.2, seed=4)
    found = (successes.log_evidence(bought[1], bought[0], share=0.5, lift=0.2) >= np.log(20)).any(axis=1)
    assert found.mean() >= 0.95


def test_means_of_equal_arms_are_rarely_found_different():
    generator = np.random.default_rng(5)
    false = 0
    for _run in range(200):
        spent = generator.gamma(2, 20, (2, 40, 250)) * (generator.random((2, 40, 250)) < 0.05)
        totals, squares = (np.cumsum(one.sum(axis=2), axis=1) for one in (spent, spent**2))
        false += any(
            compare_means(
                *(plain_mean(Sample(250 * (day + 1), totals[arm, day], squares[arm, day])) for arm in (0, 1)),
                alpha=0.05,
                planned=10_000,
            ).p_value
            <= 0.05
            for day in range(40)
        )
    assert false <= 10


def run_bandit(generator, rates, periods=20, visitors=500):
    """A shop whose traffic follows top-two weights; the strata, and what plain means say."""
    weights, strata = [1 / len(rates)] * len(rates), []
    for period in range(periods):
        sent = generator.multinomial(visitors, weights)
        for arm, count in enumerate(sent):
            bought = generator.binomial(count, rates[arm])
            strata.append(adaptive.Stratum(period, arm, weights[arm], int(count), bought, bought))
        means = adaptive.weighted_means(strata, len(rates))
        weights = adaptive.top_two_weights(means, floor=0.05, seed=period)
    plain = [
        sum(one.total for one in strata if one.arm == arm)
        / sum(one.count for one in strata if one.arm == arm)
        for arm in range(len(rates))
    ]
    return strata, weights, plain


def test_weighted_estimates_stay_honest_where_traffic_follows_the_evidence():
    generator = np.random.default_rng(6)
    differences, covered = [], 0
    runs = 40
    for _run in range(runs):
        strata, _weights, _plain = run_bandit(generator, [0.05, 0.05], periods=12)
        found = adaptive.compare_weighted(strata, arm=1, control=0, alpha=0.05, planned=6_000)
        differences.append(found.value)
        covered += found.lower <= 0 <= found.upper
    assert covered >= 38
    assert abs(np.mean(differences)) < 3 * np.std(differences) / np.sqrt(runs) + 0.005


def test_top_two_sends_most_visitors_to_the_best_and_some_to_all():
    strata, weights, _plain = run_bandit(np.random.default_rng(7), [0.03, 0.06, 0.03])
    sent = [sum(one.count for one in strata if one.arm == arm) for arm in range(3)]
    assert sent[1] == max(sent)
    assert min(weights) >= 0.05 - 1e-12
    assert sum(weights) == pytest.approx(1)
    # Half the draws go to the likely best, the other half to whoever is likely next.
    means = [adaptive.WeightedMean(value, 0.01) for value in (0.03, 0.031, 0.2, 0.03)]
    best = adaptive.top_two_weights(means, floor=0.0, seed=0)
    assert best[2] == pytest.approx(0.5, abs=0.01)
    assert best[1] > best[0] > 0.1
    unknown = [adaptive.WeightedMean(0.1, 0.01), adaptive.WeightedMean(0, np.inf)]
    assert adaptive.top_two_weights(unknown, floor=0.05, seed=0) == [0.5, 0.5]
    with pytest.raises(ValueError, match="floor"):
        adaptive.top_two_weights(unknown, floor=0.6, seed=0)


def test_fixed_weights_give_the_weighted_comparison_the_plain_answer():
    strata = [
        adaptive.Stratum(day, arm, 0.5, 500, total, total)
        for day in range(4)
        for arm, total in enumerate((20 + day, 30 - day))
    ]
    found = adaptive.compare_weighted(strata, arm=1, control=0, alpha=0.05, planned=4000)
    assert found.value == pytest.approx((114 - 86) / 86, rel=0.02)


def test_plans_agree_with_the_formula_and_with_each_other():
    plan = planning.plan_rate(0.03, 0.2)
    # Fixed sample size for 80 % power: 12,933 an arm; looking every day costs something.
    assert 25_866 < plan.likely < 2.2 * 25_866
    assert plan.typical < plan.likely
    assert planning.plan_rate(0.03, 0.1).likely == pytest.approx(4 * plan.likely, rel=0.25)
    assert planning.plan_rate(0.03, 0.2, weights=(1, 1, 1)).likely > 1.5 * plan.likely
    mean = planning.plan_mean(0.03, np.sqrt(0.03 * 0.97), 0.2)
    assert mean.likely == pytest.approx(plan.likely, rel=0.25)
    assert plan.days(1000)[1] == plan.likely / 1000
    assert plan.days(0) == (np.inf, np.inf)
    with pytest.raises(ValueError, match="rate"):
        planning.plan_rate(0.9, 0.2)
    with pytest.raises(ValueError, match="positive"):
        planning.plan_mean(1, 0, 0.2)
