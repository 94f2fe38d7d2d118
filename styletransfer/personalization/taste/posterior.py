"""The taste model: a hierarchical Bayesian logistic regression over styles, fitted by Laplace's method.

The log-odds that a shopper with context x answers style k are

    x·mu + z_k·beta + x·delta_k

mu is what all styles share, beta what a shopper's history with a style says about that style (z_k), and
delta_k what sets style k apart. Styles that look alike differ alike: for each feature j the deviations of
all styles are normal with covariance tau_j² G, and G_kl = rho exp(-|c_k - c_l|² / (2 l²)) + (1 - rho) [k = l]
for style codes c. So a style that nobody has seen yet starts from its neighbours, widened, and one without
neighbours from the population. The prior's widths are learned from the data by EM on the Laplace
approximation (MacKay, "Bayesian interpolation", 1992; Rasmussen and Williams, 2006, chapter 3.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

INTERCEPT_SCALE = 3.0
_LEAST_WIDTH, _GREATEST_WIDTH = 1e-3, 3.0


@dataclass(frozen=True)
class Impressions:
    """Styles that were shown and what followed.

    Attributes:
        contexts: (rows, features); the first feature is the constant 1.
        affinities: (rows, affinities) of the style that was shown.
        styles: (rows,) index of the style that was shown.
        rewards: (rows,) 1 where the shopper answered, else 0.
    """

    contexts: Array
    affinities: Array
    styles: Indices
    rewards: Array

    def __len__(self) -> int:
        return len(self.styles)


@dataclass(frozen=True)
class PriorWidths:
    """Standard deviations of the prior.

    Attributes:
        shared: of mu, but for the intercept.
        affinity: of beta.
        style: (features,) of the deviations delta.
    """

    shared: float
    affinity: float
    style: Array

    @classmethod
    def first_guess(cls, features: int) -> PriorWidths:
        """Before any data."""
        return cls(0.3, 0.3, np.full(features, 0.3))


@dataclass(frozen=True)
class Posterior:
    """The fitted model.

    Attributes:
        shared: (features,) mu.
        affinity: (affinities,) beta.
        style: (styles, features) delta.
        covariance: (affinities + styles * features)² of beta and delta; what all styles share cancels when
            styles are compared.
        widths: the prior's learned widths.
        closeness: rho, how far styles that look alike were found to be alike.
        evidence: log evidence of the Laplace approximation, to compare priors on the same rows.
    """

    shared: Array
    affinity: Array
    style: Array
    covariance: Array
    widths: PriorWidths
    closeness: float
    evidence: float

    def probabilities(self, contexts: Array, affinities: Array, styles: Indices) -> Array:
        """Expected answer (rows,) to the styles that were shown."""
        scores = contexts @ self.shared + affinities @ self.affinity
        scores += np.einsum("nd,nd->n", contexts, self.style[styles])
        chances: Array = expit(scores)
        return chances


def style_correlation(codes: Array | None, styles: int, closeness: float) -> Array:
    """G: how alike the deviations of two styles are, from the distance of their style codes.

    Args:
        codes: (styles, 128), rows of nan where a style has no code; or None.
        styles: how many.
        closeness: rho, from 0 (every style for itself) to below 1.
    """
    correlation = np.eye(styles)
    if codes is None or styles < 2 or closeness <= 0:
        return correlation
    squares = np.square(codes[:, None, :] - codes[None, :, :]).sum(axis=-1)
    known = np.isfinite(squares)
    pairs = known & ~np.eye(styles, dtype=bool)
    if not pairs.any():
        return correlation
    length = np.median(squares[pairs])
    alike = np.where(known, np.exp(-squares / max(2 * length, 1e-12)), 0.0)
    np.fill_diagonal(alike, 1.0)
    return closeness * alike + (1 - closeness) * correlation


def fit(
    rows: Impressions,
    styles: int,
    *,
    codes: Array | None = None,
    groups: Sequence[int] | None = None,
    closeness: Sequence[float] = (0.0, 0.5, 0.9),
    start: Posterior | None = None,
    rounds: int = 6,
) -> Posterior:
    """Fit the model; without rows the answer is the prior.

    Args:
        rows: what was shown and what followed.
        styles: number of styles; some may have no rows.
        codes: (styles, 128) style codes, nan where unknown.
        groups: (features,) features of a group share a prior width; None for intercept and the rest.
        closeness: candidates for rho; the one with the most evidence is taken.
        start: an earlier fit of the same shape to start from.
        rounds: EM rounds for the widths.
    """
    features = rows.contexts.shape[1]
    grouping = np.asarray(groups if groups is not None else [0] + [1] * (features - 1))
    problem = _Problem(rows, styles)
    candidates = closeness if codes is not None and len(rows) else closeness[-1:]
    best: Posterior | None = None
    for candidate in candidates:
        correlation = style_correlation(codes, styles, candidate)
        # The widths found for one closeness are a good start for the next.
        turns = rounds if best is None else max(rounds // 2, 1)
        fitted = _fit_widths(problem, correlation, grouping, best or start, turns)
        fitted = replace(fitted, closeness=candidate)
        if best is None or fitted.evidence > best.evidence:
            best = fitted
    if best is None:
        raise ValueError("Give at least one candidate for closeness.")
    return best


class _Problem:
    """The rows sorted by style, and what Newton's method asks of them."""

    def __init__(self, rows: Impressions, styles: int) -> None:
        order = np.argsort(rows.styles, kind="stable")
        self.design = np.hstack([rows.contexts, rows.affinities])[order]
        self.rewards = rows.rewards[order]
        self.edges = np.searchsorted(rows.styles[order], np.arange(styles + 1))
        self.styles = styles
        self.features = rows.contexts.shape[1]
        self.common = self.design.shape[1]
        self.size = self.common + styles * self.features

    def slices(self) -> list[tuple[slice, slice]]:
        """For each style: its rows, and its deviations among the parameters."""
        first = self.common
        return [
            (
                slice(self.edges[style], self.edges[style + 1]),
                slice(first + style * self.features, first + (style + 1) * self.features),
            )
            for style in range(self.styles)
        ]

    def scores(self, parameters: Array) -> Array:
        """Log-odds of every row."""
        answer = self.design @ parameters[: self.common]
        for own, place in self.slices():
            answer[own] += self.design[own, : self.features] @ parameters[place]
        return answer

    def log_likelihood(self, scores: Array) -> float:
        """Of the rewards, given log-odds."""
        return float((self.rewards * scores - np.logaddexp(0.0, scores)).sum())

    def slope_and_curvature(self, scores: Array) -> tuple[Array, Array]:
        """Gradient (size,) and negative Hessian (size, size) of the log likelihood."""
        chance = expit(scores)
        residual, curve = self.rewards - chance, chance * (1 - chance)
        slope, curvature = np.zeros(self.size), np.zeros((self.size, self.size))
        common = slice(0, self.common)
        slope[common] = self.design.T @ residual
        for own, place in self.slices():
            design = self.design[own]
            gram = design.T @ (design * curve[own, None])
            slope[place] = design[:, : self.features].T @ residual[own]
            curvature[common, common] += gram
            curvature[common, place] = gram[:, : self.features]
            curvature[place, common] = gram[: self.features]
            curvature[place, place] = gram[: self.features, : self.features]
        return slope, curvature


def _fit_widths(
    problem: _Problem, correlation: Array, groups: NDArray[np.int64], start: Posterior | None, rounds: int
) -> Posterior:
    inverse: Array = np.asarray(np.linalg.inv(correlation), dtype=np.float64)
    widths = start.widths if start is not None else PriorWidths.first_guess(problem.features)
    parameters = _starting_point(problem, start)
    for turn in range(rounds if len(problem.rewards) else 1):
        precision = _prior_precision(problem, widths, inverse)
        parameters, curvature, score = _newton(problem, parameters, precision)
        covariance = cho_solve(cho_factor(curvature, lower=True), np.eye(problem.size))
        if len(problem.rewards) and turn < rounds - 1:
            widths = _better_widths(problem, parameters, covariance, inverse, groups)
    evidence = score + 0.5 * (np.linalg.slogdet(precision)[1] - np.linalg.slogdet(curvature)[1])
    features, common = problem.features, problem.common
    return Posterior(
        shared=parameters[:features],
        affinity=parameters[features:common],
        style=parameters[common:].reshape(problem.styles, features),
        covariance=covariance[features:, features:],
        widths=widths,
        closeness=0.0,
        evidence=float(evidence),
    )


def _starting_point(problem: _Problem, start: Posterior | None) -> Array:
    if start is not None and start.style.shape == (problem.styles, problem.features):
        return np.concatenate([start.shared, start.affinity, start.style.ravel()])
    parameters = np.zeros(problem.size)
    if len(problem.rewards):
        rate = np.clip(problem.rewards.mean(), 1e-4, 1 - 1e-4)
        parameters[0] = np.log(rate / (1 - rate))
    return parameters


def _prior_precision(problem: _Problem, widths: PriorWidths, inverse: Array) -> Array:
    """Precision (size, size) of the prior; its mean is zero."""
    features, common = problem.features, problem.common
    precision = np.zeros((problem.size, problem.size))
    diagonal = np.full(common, widths.shared**-2)
    diagonal[0] = INTERCEPT_SCALE**-2
    diagonal[features:] = widths.affinity**-2
    precision[np.arange(common), np.arange(common)] = diagonal
    precision[common:, common:] = np.kron(inverse, np.diag(widths.style**-2))
    return precision


def _newton(problem: _Problem, parameters: Array, precision: Array) -> tuple[Array, Array, float]:
    """Mode, curvature there and log posterior there (up to the prior's constant)."""

    def value(at: Array) -> float:
        return problem.log_likelihood(problem.scores(at)) - 0.5 * float(at @ precision @ at)

    best = value(parameters)
    for _ in range(30):
        slope, curvature = problem.slope_and_curvature(problem.scores(parameters))
        curvature += precision
        slope -= precision @ parameters
        step = cho_solve(cho_factor(curvature, lower=True), slope)
        promise = float(slope @ step)
        if promise < 1e-5:
            break
        size, moved = 1.0, value(parameters + step)
        while moved < best + 1e-4 * size * promise and size > 1e-4:
            size /= 2
            moved = value(parameters + size * step)
        parameters, best = parameters + size * step, moved
    return parameters, curvature, best


def _better_widths(
    problem: _Problem, parameters: Array, covariance: Array, inverse: Array, groups: NDArray[np.int64]
) -> PriorWidths:
    """The M step: each width becomes the root mean square that the posterior expects."""
    features, common, styles = problem.features, problem.common, problem.styles
    spread = np.diagonal(covariance)
    expected = np.square(parameters[:common]) + spread[:common]
    deviations = parameters[common:].reshape(styles, features)
    blocks = covariance[common:, common:].reshape(styles, features, styles, features)
    per_feature = np.einsum("kj,kl,lj->j", deviations, inverse, deviations)
    per_feature += np.einsum("kjlj,kl->j", blocks, inverse)
    style = np.empty(features)
    for group in np.unique(groups):
        members = groups == group
        style[members] = np.sqrt(per_feature[members].sum() / (styles * members.sum()))
    return PriorWidths(
        shared=_width(expected[1:features]),
        affinity=_width(expected[features:]),
        style=np.clip(style, _LEAST_WIDTH, _GREATEST_WIDTH),
    )


def _width(squares: Array) -> float:
    if not len(squares):
        return 0.3
    return float(np.clip(np.sqrt(squares.mean()), _LEAST_WIDTH, _GREATEST_WIDTH))
