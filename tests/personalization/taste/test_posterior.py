"""The model finds what is there, says how sure it is, and starts new styles from their neighbours."""

import numpy as np
import pytest
from scipy.optimize import minimize

from styletransfer.personalization.taste.posterior import (
    Impressions,
    PriorWidths,
    fit,
    style_correlation,
)

FEATURES = 4


def simulated(seed, rows, tastes, affinity=0.0):
    """Impressions of shoppers whose answers follow known tastes (styles, features)."""
    generator = np.random.default_rng(seed)
    contexts = np.hstack([np.ones((rows, 1)), generator.normal(size=(rows, FEATURES - 1))])
    histories = generator.random((rows, 1))
    styles = generator.integers(0, len(tastes), rows)
    odds = (contexts * tastes[styles]).sum(axis=1) + affinity * histories[:, 0] - 1.5
    rewards = (generator.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)
    return Impressions(contexts, histories, styles, rewards)


@pytest.fixture(scope="module")
def tastes():
    return np.random.default_rng(3).normal(size=(5, FEATURES)) * 0.7


def test_tastes_are_found_within_the_uncertainty_that_is_stated(tastes):
    found = fit(simulated(1, 20_000, tastes, affinity=1.2), len(tastes))
    assert found.affinity[0] == pytest.approx(1.2, abs=0.3)
    size, known = tastes.size, len(found.affinity)
    spread = found.covariance[known:, known:]
    # Only what sets styles apart can be told: compare differences from the mean style.
    apart = np.kron(np.eye(5) - 0.2, np.eye(FEATURES))
    error = apart @ (found.style.ravel() - tastes.ravel())
    scores = error / np.sqrt(np.diagonal(apart @ spread @ apart.T))
    assert np.abs(scores).max() < 4
    assert 0.4 < np.square(scores).sum() / size < 2.0


def test_the_mode_is_the_mode():
    """Newton's answer is that of a general optimiser on the same posterior."""
    rows = simulated(2, 400, np.zeros((2, FEATURES)))
    found = fit(rows, 2, rounds=1)
    widths = PriorWidths.first_guess(FEATURES)
    design = np.zeros((400, 1 + FEATURES * 3))
    design[:, :FEATURES], design[:, FEATURES] = rows.contexts, rows.affinities[:, 0]
    for style in range(2):
        own = rows.styles == style
        first = FEATURES + 1 + style * FEATURES
        design[own, first : first + FEATURES] = rows.contexts[own]
    scales = [[3.0], np.full(FEATURES - 1, widths.shared), [widths.affinity], np.tile(widths.style, 2)]
    precision = np.concatenate(scales) ** -2

    def loss(at):
        scores = design @ at
        return np.logaddexp(0, scores).sum() - rows.rewards @ scores + 0.5 * precision @ at**2

    def slope(at):
        return design.T @ (1 / (1 + np.exp(-design @ at)) - rows.rewards) + precision * at

    truth = minimize(loss, np.zeros(design.shape[1]), jac=slope, method="L-BFGS-B", tol=1e-12).x
    ours = np.concatenate([found.shared, found.affinity, found.style.ravel()])
    assert ours == pytest.approx(truth, abs=1e-3)


def test_without_data_the_answer_is_the_prior():
    empty = Impressions(np.empty((0, FEATURES)), np.empty((0, 1)), np.empty(0, dtype=int), np.empty(0))
    found = fit(empty, 3)
    assert not found.style.any()
    assert np.diagonal(found.covariance) == pytest.approx(0.09)


def test_a_prior_that_fits_is_learned(tastes):
    weak = fit(simulated(4, 8000, tastes * 0.05), len(tastes))
    strong = fit(simulated(4, 8000, tastes), len(tastes))
    assert weak.widths.style[1:].max() < 0.2
    assert strong.widths.style[1:].min() > 0.4


def test_predictions_are_calibrated(tastes):
    found = fit(simulated(5, 10_000, tastes), len(tastes))
    fresh = simulated(6, 10_000, tastes)
    predicted = found.probabilities(fresh.contexts, fresh.affinities, fresh.styles)
    for group in np.array_split(np.argsort(predicted), 5):
        assert predicted[group].mean() == pytest.approx(fresh.rewards[group].mean(), abs=0.035)


def test_a_new_style_starts_from_its_neighbours_widened(tastes):
    """Style 5 has no rows; it looks like style 0, whose code is next to its own."""
    codes = np.random.default_rng(7).normal(size=(6, 128)) * 3
    codes[5] = codes[0] + 0.02
    similar = np.vstack([tastes, tastes[0]])
    similar[1] = tastes[0] + 0.05  # another pair that looks alike and is alike: the data support closeness
    codes[1] = codes[0] - 0.02
    rows = simulated(8, 20_000, similar[:5])
    found = fit(rows, 6, codes=codes)
    alone = fit(rows, 6)
    truth = similar[5] - similar[:5].mean(axis=0)

    def distance(model):
        return np.linalg.norm(model.style[5] - model.style[:5].mean(axis=0) - truth)

    assert distance(found) < 0.5 * distance(alone)
    known = len(found.affinity)
    spread = np.diagonal(found.covariance)[known:].reshape(6, FEATURES).mean(axis=1)
    assert spread[5] > 1.5 * spread[0]


def test_style_correlation_needs_no_codes():
    assert style_correlation(None, 3, 0.9) == pytest.approx(np.eye(3))
    codes = np.full((3, 128), np.nan)
    codes[:2] = 0.0
    codes[1] += 0.1
    found = style_correlation(codes, 3, 0.5)
    assert np.linalg.eigvalsh(found).min() > 0
    assert found[0, 2] == found[1, 2] == 0
    assert found[0, 1] > 0.2
