"""Daily sums in, an answer out: the right arm, for the right reason, and none before its time."""

from datetime import date, timedelta

import numpy as np
import pytest

from styletransfer.experiments.statistics.analysis import Design, Tally, Verdict, analyse
from styletransfer.experiments.statistics.samples import Sample

START = date(2026, 3, 1)


def tallies(rates, *, days=30, visitors=1000, spread=0.0, propensities=None):
    """Days without chance: exactly the expected numbers of buyers, so that the answer is certain."""
    weights = propensities or [1 / len(rates)] * len(rates)
    return [
        Tally(
            START + timedelta(days=day),
            arm,
            weights[arm],
            Sample(
                visitors * weights[arm],
                visitors * weights[arm] * rate,
                visitors * weights[arm] * (rate + spread**2),
            ),
        )
        for day in range(days)
        for arm, rate in enumerate(rates)
    ]


def test_the_better_arm_wins_once_it_is_sure_and_not_before():
    design = Design(weights=(1, 1), lift=0.2)
    early, late = (analyse(design, tallies([0.05, 0.065], days=days)) for days in (3, 40))
    assert (early.verdict, early.best) == (Verdict.OPEN, None)
    assert (late.verdict, late.best) == (Verdict.WINNER, 1)
    [comparison] = late.comparisons
    assert comparison.estimate.value == pytest.approx(0.3)
    assert comparison.estimate.lower > 0
    assert [point.visitors for point in comparison.points[:2]] == [1000, 2000]
    widths = [point.estimate.upper - point.estimate.lower for point in comparison.points]
    assert widths == sorted(widths, reverse=True)


def test_the_control_stays_when_all_others_are_worse():
    found = analyse(Design(weights=(1, 1, 2), control=1, lift=0.2), tallies([0.03, 0.06, 0.04], days=60,
                    propensities=[0.25, 0.25, 0.5]))  # fmt: skip
    assert (found.verdict, found.best) == (Verdict.CONTROL, 1)
    assert [one.arm for one in found.comparisons] == [0, 2]
    assert all(one.is_worse for one in found.comparisons)


def test_a_difference_too_small_to_matter_ends_the_experiment_too():
    design = Design(weights=(1, 1), lift=0.2)
    assert analyse(design, tallies([0.05, 0.05], days=20)).verdict is Verdict.OPEN
    found = analyse(design, tallies([0.05, 0.05], days=400))
    assert (found.verdict, found.best) == (Verdict.EQUAL, 0)


def test_many_arms_need_more_evidence_than_one():
    two = analyse(Design(weights=(1, 1), lift=0.2), tallies([0.05, 0.065], days=17, visitors=700))
    six = analyse(Design(weights=(1,) * 6, lift=0.2), tallies([0.05, 0.065, *[0.05] * 4], days=17,
                  visitors=2100))  # fmt: skip
    assert two.samples[1] == six.samples[1]
    assert two.verdict is Verdict.WINNER
    assert six.verdict is Verdict.OPEN


def test_amounts_are_compared_by_their_means():
    design = Design(weights=(1, 1), is_mean=True, planned=20_000)
    found = analyse(design, tallies([2.0, 2.4], spread=8.0, days=40))
    assert found.verdict is Verdict.WINNER
    assert found.means == pytest.approx((2.0, 2.4))


def test_a_handful_of_buyers_says_nothing_about_amounts():
    """With none in one arm the usual formula would be certain."""
    design = Design(weights=(1, 1), is_mean=True, planned=5000)
    found = analyse(design, tallies([0.0, 0.01], days=3))
    assert found.samples[1].total == pytest.approx(15)
    assert found.verdict is Verdict.OPEN
    assert np.isinf(found.comparisons[0].estimate.upper)
    assert found.comparisons[0].p_value == 1


def test_traffic_that_follows_the_evidence_is_weighed_not_averaged():
    """Two equal arms; visitors who buy more come when the second arm hardly gets any (Simpson)."""
    first = tallies([0.04, 0.04], days=20, propensities=[0.2, 0.8])
    second = [
        Tally(one.day + timedelta(days=20), one.arm, one.propensity, one.sample)
        for one in tallies([0.10, 0.10], days=20, propensities=[0.8, 0.2])
    ]
    found = analyse(Design(weights=(1, 1), is_adaptive=True, planned=40_000), [*first, *second])
    plain = [sample.mean for sample in found.samples]
    assert plain[0] > 1.5 * plain[1]
    assert found.means[0] == pytest.approx(found.means[1])
    assert found.verdict is Verdict.OPEN
    assert found.comparisons[0].estimate.value == pytest.approx(0, abs=1e-9)


def test_nothing_came_nothing_is_said():
    found = analyse(Design(weights=(1, 1)), [])
    assert found.verdict is Verdict.OPEN
    assert found.means == (0, 0)
    assert found.comparisons[0].points == ()
    assert np.isinf(found.comparisons[0].estimate.upper)
