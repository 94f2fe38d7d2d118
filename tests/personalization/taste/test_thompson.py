"""The probabilities are those of Thompson sampling, and what is drawn follows them exactly."""

import numpy as np
import pytest

from styletransfer.personalization.taste.thompson import (
    Exploration,
    best_probabilities,
    draw,
    independent_scales,
    seed_for,
    with_floor,
    within_budget,
)


def by_drawing(means, covariance, draws=200_000):
    """How often each score is the greatest, by brute force."""
    samples = np.random.default_rng(0).multivariate_normal(means, covariance, draws)
    return np.bincount(samples.argmax(axis=1), minlength=len(means)) / draws


@pytest.mark.parametrize(
    "scales", [[0.5, 0.5, 0.5], [0.3, 0.6, 0.9], [0.02, 1.5, 0.4], [1e-6, 1.0, 1.0]], ids=str
)
def test_probabilities_are_those_of_drawing_from_the_posterior(scales):
    means, scales = np.array([0.1, 0.3, -0.2]), np.array(scales)
    found = best_probabilities(means, scales)
    assert found.sum() == pytest.approx(1.0)
    assert found == pytest.approx(by_drawing(means, np.diag(scales**2)), abs=4e-3)


def test_two_styles_have_a_closed_form():
    from scipy.special import ndtr

    means, scales = np.array([[0.3, 0.0], [-1.0, 2.0]]), np.array([[0.4, 0.7], [0.1, 2.0]])
    truth = ndtr((means[:, 0] - means[:, 1]) / np.hypot(*scales.T))
    assert best_probabilities(means, scales)[:, 0] == pytest.approx(truth, abs=2e-4)


def test_what_styles_share_cancels():
    own = np.array([0.2, 0.5, 0.8, 0.3])
    assert independent_scales(np.diag(own**2) + 3.0) == pytest.approx(own)
    assert independent_scales(np.diag(own[:2] ** 2) + 3.0) ** 2 == pytest.approx([0.145, 0.145])


def test_correlated_styles_stay_close_to_the_truth():
    generator = np.random.default_rng(1)
    for _ in range(5):
        root = generator.normal(size=(5, 5)) * 0.2 + np.eye(5) * 0.4 + 0.3
        covariance, means = root @ root.T, generator.normal(size=5) * 0.3
        found = best_probabilities(means, independent_scales(covariance))
        assert np.abs(found - by_drawing(means, covariance)).sum() / 2 < 0.08


def test_the_floor_is_added_not_clipped():
    chosen = with_floor(np.array([0.9, 0.1, 0.0]), 0.02)
    assert chosen == pytest.approx([0.02 + 0.94 * 0.9, 0.02 + 0.94 * 0.1, 0.02])
    assert with_floor(np.array([1.0, 0.0]), 0.9) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("budget", [0.02, 0.1, 0.3])
def test_exploration_stays_within_its_budget(budget):
    generator = np.random.default_rng(2)
    means, scales = generator.normal(size=(50, 6)) * 0.4, np.full((50, 6), 0.5)
    exploration = within_budget(means, scales, floor=0.02, budget=budget)
    chosen = exploration.probabilities(means, scales)
    spent = 1 - chosen[np.arange(50), means.argmax(axis=1)].mean()
    assert budget * 0.9 < spent <= budget + 1e-9
    assert chosen.min() >= exploration.floor > 0


def test_before_any_data_the_shops_default_leads():
    means, scales = np.zeros((1, 4)), np.ones((1, 4))
    exploration = within_budget(means, scales, floor=0.01, budget=0.2, leaders=np.array([2]))
    chosen = exploration.probabilities(means, scales, np.array([2]))[0]
    assert chosen == pytest.approx([0.2 / 3, 0.2 / 3, 0.8, 0.2 / 3])


def test_a_generous_budget_leaves_the_posterior_alone():
    means, scales = np.array([[2.0, 0.0, 0.0]]), np.full((1, 3), 0.5)
    assert within_budget(means, scales, floor=0.01, budget=0.9) == Exploration(0.01)


def test_draws_follow_the_probabilities_and_their_seed():
    chosen = np.array([0.5, 0.02, 0.48])
    draws = [draw(chosen, seed_for("secret", shopper, 7)) for shopper in range(20_000)]
    assert np.bincount(draws) / 20_000 == pytest.approx(chosen, abs=0.012)
    assert draws[:50] == [draw(chosen, seed_for("secret", shopper, 7)) for shopper in range(50)]
    assert 0 <= seed_for("secret", 1) < 2**63
    assert seed_for("secret", "ab", "c") != seed_for("secret", "a", "bc")
    assert draw(chosen, 2**63 - 1) == 2
