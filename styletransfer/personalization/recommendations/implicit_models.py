"""Neighbours by the library ``implicit`` (``pip install "django-styletransfer[implicit]"``).

Name one in ``STYLETRANSFER["RECOMMENDER"]``. Both set OpenBLAS to one thread while they fit, as ``implicit``
asks for: its own threads and those of OpenBLAS hinder each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from styletransfer.personalization.recommendations.similarity import (
    NOBODY,
    Neighbours,
    without_rare_pairs,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class _ImplicitModel:
    """Fits a model of ``implicit`` and asks it for similar products."""

    def __init__(self, support: int = 2, threads: int = 0) -> None:
        self.support = support
        self.threads = threads

    def neighbours(self, matrix: csr_matrix, count: int) -> Neighbours:
        """See ``SimilarityModel``; pairs of fewer than ``support`` shoppers are dropped as by the default.

        Raises:
            ImportError: ``implicit`` is not installed.
        """
        if not matrix.nnz:
            empty = np.full((matrix.shape[1], count), NOBODY, np.int32)
            return Neighbours(empty, np.zeros(empty.shape, np.float32))
        from threadpoolctl import threadpool_limits  # noqa: PLC0415  (comes with implicit)

        with threadpool_limits(1, "blas"):
            # Twice as many as are kept, for pairs of too few shoppers are dropped.
            items, scores = self._similar(matrix, min(2 * count + 1, matrix.shape[1]))
        found = without_rare_pairs(_tidied(items, scores, 2 * count), matrix, self.support)
        return Neighbours(found.items[:, :count], found.scores[:, :count])

    def _similar(self, matrix: csr_matrix, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        raise NotImplementedError


class ImplicitTfIdf(_ImplicitModel):
    """Item-item cosine after TF-IDF weighting."""

    def _similar(self, matrix: csr_matrix, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        from implicit.nearest_neighbours import (  # noqa: PLC0415
            ItemItemRecommender,
            normalize,
            tfidf_weight,
        )

        # CosineRecommender is this with the wrong sparse format, of which implicit itself warns.
        model = ItemItemRecommender(K=count, num_threads=self.threads)
        model.fit(normalize(tfidf_weight(matrix).T).T.tocsr(), show_progress=False)
        found: tuple[NDArray[Any], NDArray[Any]] = model.similar_items(np.arange(matrix.shape[1]), N=count)
        return found


class ImplicitAls(_ImplicitModel):
    """Cosine of products' factors after alternating least squares.

    After Hu, Koren and Volinsky 2008 (https://doi.org/10.1109/ICDM.2008.22).
    """

    factors = 64
    confidence = 40.0

    def _similar(self, matrix: csr_matrix, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415

        # More factors than a small shop has products would learn its shoppers by heart.
        factors = max(2, min(self.factors, min(matrix.shape) // 4))
        model = AlternatingLeastSquares(factors=factors, num_threads=self.threads, random_state=1)
        model.fit((matrix * self.confidence).tocsr(), show_progress=False)
        found: tuple[NDArray[Any], NDArray[Any]] = model.similar_items(np.arange(matrix.shape[1]), N=count)
        return found


def _tidied(items: NDArray[Any], scores: NDArray[Any], count: int) -> Neighbours:
    """Without the product itself and without what has no likeness; scores in [0, 1]."""
    own = items == np.arange(len(items))[:, None]
    known = (items >= 0) & ~own & (scores > 0)
    scores = np.where(known, scores, 0)
    scores = scores / max(1.0, float(scores.max(initial=0)))
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    scores = np.take_along_axis(scores, order, 1).astype(np.float32)
    items = np.where(scores > 0, np.take_along_axis(items, order, 1), NOBODY).astype(np.int32)
    missing = count - items.shape[1]
    return Neighbours(
        np.pad(items, ((0, 0), (0, missing)), constant_values=NOBODY), np.pad(scores, ((0, 0), (0, missing)))
    )
