"""A snapshot of the taste model in memory: for a shopper's history, the probability of each style."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from styletransfer.personalization.taste.features import FeatureSpace
from styletransfer.personalization.taste.history import History
from styletransfer.personalization.taste.thompson import Array, Exploration, independent_scales

FORMAT = 1


class UnknownFormatError(ValueError):
    """The snapshot was written by another version of the app; fit a new one."""


@dataclass(frozen=True)
class TastePolicy:
    """Everything that choosing needs.

    Attributes:
        space: the features.
        affinity: (affinities,) posterior mean of what a history with a style says about it.
        style: (styles, features) posterior mean of what sets each style apart.
        covariance: (affinities + styles * features)² of both.
        exploration: how the probabilities follow from the posterior.
        leader: index of the style to take where nothing tells them apart: the shop's default.
        shared: (features,) what all styles share; only for predicting rewards.
    """

    space: FeatureSpace
    affinity: Array
    style: Array
    covariance: Array
    exploration: Exploration
    leader: int
    shared: Array

    def scores(self, contexts: Array, affinities: Array) -> tuple[Array, Array]:
        """Means and independent scales (rows, styles) of the log-odds.

        Args:
            contexts: (rows, features).
            affinities: (rows, styles, affinities).
        """
        styles, features = self.style.shape
        rows, known = len(contexts), len(self.affinity)
        means = contexts @ self.style.T + affinities @ self.affinity
        # Cov(z_k b + x d_k, z_l b + x d_l), summed from the blocks of b and d; matmul, for speed.
        own = self.covariance[known:, known:].reshape(styles * features * styles, features)
        half = (own @ contexts.T).reshape(styles, features, styles, rows)
        covariance = np.einsum("kdln,nd->nkl", half, contexts)
        cross = self.covariance[:known, known:].reshape(known * styles, features)
        mixed = affinities @ (cross @ contexts.T).T.reshape(rows, known, styles)
        covariance += mixed + np.swapaxes(mixed, 1, 2)
        covariance += affinities @ self.covariance[:known, :known] @ np.swapaxes(affinities, 1, 2)
        return means, independent_scales(covariance)

    def probabilities(
        self, contexts: Array, affinities: Array, candidates: NDArray[np.int64] | None = None
    ) -> Array:
        """Probability (rows, candidates) of each style for each row; all styles if ``candidates`` is None."""
        means, scales = self.scores(contexts, affinities)
        leader = self.leader
        if candidates is not None:
            means, scales = means[:, candidates], scales[:, candidates]
            leader = int(np.flatnonzero(candidates == self.leader)[0]) if leader in candidates else 0
        return self.exploration.probabilities(means, scales, leaders(means, leader))

    def probabilities_for(
        self, history: History | None, device: str, candidates: NDArray[np.int64] | None = None
    ) -> Array:
        """Probability (candidates,) of each style for one shopper."""
        context = self.space.context(history, device)
        affinities = self.space.affinities(history)
        chosen: Array = self.probabilities(context[None], affinities[None], candidates)[0]
        return chosen

    def expected(self, contexts: Array, affinities: Array) -> Array:
        """Expected reward (rows, styles)."""
        means = contexts @ self.style.T + affinities @ self.affinity
        chances: Array = 1 / (1 + np.exp(-(means + (contexts @ self.shared)[:, None])))
        return chances

    def to_bytes(self) -> bytes:
        """Compact bytes: float32, the covariance as its lower triangle, deflated."""
        lower = self.covariance[np.tril_indices(len(self.covariance))]
        described = {
            "format": FORMAT,
            "styles": self.space.styles,
            "categories": self.space.categories,
            "exploration": asdict(self.exploration),
            "leader": self.leader,
        }
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            described=np.frombuffer(json.dumps(described).encode(), dtype=np.uint8),
            alikeness=self.space.alikeness.astype(np.float32),
            affinity=self.affinity.astype(np.float32),
            style=self.style.astype(np.float32),
            shared=self.shared.astype(np.float32),
            lower=lower.astype(np.float32),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes) -> TastePolicy:
        """The way back.

        Raises:
            UnknownFormatError: another version of the app wrote it.
        """
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            described: dict[str, Any] = json.loads(arrays["described"].tobytes())
            if described["format"] != FORMAT:
                raise UnknownFormatError(f"Snapshot format {described['format']} is not {FORMAT}.")
            numbers = {name: arrays[name].astype(np.float64) for name in arrays.files if name != "described"}
        size = len(numbers["affinity"]) + numbers["style"].size
        covariance = np.zeros((size, size))
        covariance[np.tril_indices(size)] = numbers["lower"]
        covariance += np.tril(covariance, -1).T
        space = FeatureSpace(tuple(described["styles"]), tuple(described["categories"]), numbers["alikeness"])
        return cls(
            space=space,
            affinity=numbers["affinity"],
            style=numbers["style"],
            covariance=covariance,
            exploration=Exploration(**described["exploration"]),
            leader=described["leader"],
            shared=numbers["shared"],
        )

    def digest(self) -> str:
        """sha256 of the parameters."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def leaders(means: Array, default: int) -> NDArray[np.int64]:
    """Style (rows,) believed best; the shop's default where it is as good as any."""
    best = np.argmax(means, axis=-1)
    ties = means[..., default] >= means.max(axis=-1) - 1e-9
    return np.where(ties, default, best)
