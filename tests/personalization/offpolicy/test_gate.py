"""What an evaluation says when the truth is known, and when it refuses."""

import numpy as np
import pytest

from styletransfer.personalization.offpolicy import gate
from styletransfer.personalization.offpolicy.estimators import (
    LoggedChoices,
    Terms,
    bootstrap,
    cross_fitted,
    importance_weights,
    weight_summary,
)
from styletransfer.personalization.offpolicy.gate import Evaluation, Requirements, evaluate, refusals

STYLES = 4


def simulated(seed, rows=6000, lift=0.0):
    """A log of uniform choices, a policy that leans to style 1, and what that policy truly earns."""
    generator = np.random.default_rng(seed)
    chances = 0.1 + 0.05 * generator.random((rows, STYLES))
    chances[:, 1] += lift
    actions = generator.integers(0, STYLES, rows)
    rewards = (generator.random(rows) < chances[np.arange(rows), actions]).astype(float)
    policy = np.full((rows, STYLES), 0.1)
    policy[:, 1] = 0.7
    log = LoggedChoices(actions, rewards, np.full(rows, 1 / STYLES), np.arange(rows) // 3)
    return log, policy, chances


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = {"ipw": 0, "snipw": 0, "doubly_robust": 0}
    for seed in range(60):
        log, policy, chances = simulated(seed, rows=1500, lift=0.05)
        truth = (policy * chances).sum(axis=1).mean()
        found = evaluate(log, policy, chances * 0.9, resamples=300)
        for name in held:
            interval = getattr(found, name)
            held[name] += interval.lower <= truth <= interval.upper
    assert all(count >= 52 for count in held.values()), held  # 95 % of 60, less three standard errors


def test_a_better_policy_passes_and_a_worse_one_does_not():
    log, policy, chances = simulated(1, lift=0.06)
    assert refusals(evaluate(log, policy, chances), Requirements()) == []
    log, policy, chances = simulated(1, lift=-0.09)
    assert refusals(evaluate(log, policy, chances), Requirements()) == [gate.WORSE]


def test_thin_evidence_is_refused_for_what_it_lacks():
    log, policy, _ = simulated(2, rows=900, lift=0.2)
    assert refusals(evaluate(log, policy), Requirements()) == [gate.FEW]
    assert refusals(evaluate(log, policy), Requirements(effective_size=300)) == []
    log, policy, _ = simulated(3, lift=0.0)
    assert refusals(evaluate(log, policy), Requirements()) == [gate.UNCERTAIN]
    assert refusals(evaluate(log, policy), Requirements(margin=0.2)) == []


def test_propensities_that_are_not_the_true_ones_are_noticed():
    log, policy, _ = simulated(4, lift=0.2)
    wrong = LoggedChoices(log.actions, log.rewards, np.full(len(log), 0.5), log.clusters)
    assert gate.PROPENSITIES in refusals(evaluate(wrong, policy), Requirements())


def test_the_policy_that_was_logged_is_neither_better_nor_worse():
    log, _, _ = simulated(5)
    found = evaluate(log, np.full((len(log), STYLES), 1 / STYLES))
    assert found.ipw.estimate == pytest.approx(found.current.estimate)
    assert (found.gain.lower, found.gain.upper) == pytest.approx((0.0, 0.0))
    assert found.weights.effective_size == pytest.approx(len(log))


def test_weights_are_summed_up():
    log = LoggedChoices(np.array([0, 1]), np.array([1.0, 0.0]), np.array([0.5, 0.25]))
    weights = importance_weights(log, np.array([[1.0, 0.0], [0.0, 1.0]]))
    summary = weight_summary(weights)
    assert (summary.greatest, summary.mean) == (4.0, 3.0)
    assert summary.effective_size == pytest.approx(36 / 20)


def test_clusters_are_resampled_whole():
    values = np.repeat(np.random.default_rng(6).normal(size=50), 40)
    terms = Terms(values, np.ones(len(values)))
    alone = bootstrap([terms])
    together = bootstrap([terms], np.repeat(np.arange(50), 40))
    assert together.upper - together.lower > 4 * (alone.upper - alone.lower)


def test_no_row_is_predicted_by_a_model_that_has_seen_it():
    folds = np.array([0, 1, 2, 0, 1, 2, 2])

    def fit_and_predict(learn_from, held_out):
        assert not (learn_from & held_out).any()
        return np.full((held_out.sum(), 2), learn_from.sum())

    predicted = cross_fitted(len(folds), folds, fit_and_predict)
    assert predicted[:, 0].tolist() == [5, 5, 4, 5, 5, 4, 4]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (([], [], []), "empty"),
        (([0, 1], [1.0], [0.5, 0.5]), "one length"),
        (([0], [1.0], [0.0]), "above 0"),
        (([0], [1.0], [1.5]), "at most 1"),
    ],
)
def test_a_log_that_makes_no_sense_is_refused(columns, said):
    with pytest.raises(ValueError, match=said):
        LoggedChoices(*(np.array(column) for column in columns))


def test_an_evaluation_survives_its_json():
    log, policy, chances = simulated(7, rows=300)
    for found in (evaluate(log, policy), evaluate(log, policy, chances)):
        assert Evaluation.from_dict(found.as_dict()) == found
