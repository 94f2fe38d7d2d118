"""Which products go together: item-item cosine over decayed interactions, shrunk where few shoppers agree.

Pure arrays: no Django here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# One block of the product of two sparse matrices is in memory at a time.
BLOCK = 4096
NOBODY = -1
# Likeness by purchases, as a share of that by looks, from which on a pair counts as bought together.
BOUGHT_ENOUGH = 0.8


@dataclass(frozen=True)
class Interactions:
    """Who touched what, as parallel arrays with one entry an event.

    Attributes:
        shoppers: row of each event's shopper, from 0 (int).
        items: column of each event's product, from 0 (int).
        weights: how much the event says, above 0: a purchase more than a look (float).
        ages: days since the event, 0 or more (float).
        shape: (number of shoppers, number of products).
    """

    shoppers: NDArray[Any]
    items: NDArray[Any]
    weights: NDArray[Any]
    ages: NDArray[Any]
    shape: tuple[int, int]

    def chosen(self, mask: NDArray[np.bool_]) -> Interactions:
        """The events for which ``mask`` is true, over the same shoppers and products."""
        return Interactions(
            self.shoppers[mask], self.items[mask], self.weights[mask], self.ages[mask], self.shape
        )


@dataclass(frozen=True)
class Neighbours:
    """For every product those most like it, the best first.

    Attributes:
        items: (products, count) int32; ``NOBODY`` fills up rows that have fewer.
        scores: (products, count) float32 in [0, 1], falling along a row; 0 where ``items`` is ``NOBODY``.
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]


class SimilarityModel(Protocol):
    """What finds neighbours; ``STYLETRANSFER["RECOMMENDER"]`` names one."""

    def neighbours(self, matrix: csr_matrix, count: int) -> Neighbours:
        """The ``count`` products most like each column of a (shoppers, products) matrix."""
        ...


def interaction_matrix(events: Interactions, half_life: float) -> csr_matrix:
    """Sum decayed events into a (shoppers, products) float32 matrix, and damp what repeats.

    An event of weight w and age t days counts w * 2 ** (-t / half_life). A cell holds log(1 + sum), so that
    the tenth look at one product says little more than the second. A row is divided by the square root of
    1 + its number of products, so that one who looks at everything says little about any pair (the idea of
    inverse user frequency: Breese, Heckerman and Kadie 1998, https://arxiv.org/abs/1301.7363).

    Args:
        events: any number of events.
        half_life: days after which an event counts half.
    """
    from scipy.sparse import coo_matrix, diags  # noqa: PLC0415  (only what fits needs it in memory)

    decayed = events.weights * np.exp2(-events.ages / half_life)
    entries = (decayed.astype(np.float32), (events.shoppers, events.items))
    matrix = coo_matrix(entries, shape=events.shape).tocsr()  # sums entries of one cell
    matrix.data = np.log1p(matrix.data)
    matrix.eliminate_zeros()
    breadth = np.diff(matrix.indptr)
    damped: csr_matrix = (diags(1 / np.sqrt(1 + breadth)) @ matrix).astype(np.float32).tocsr()
    return damped


class CosineSimilarity:
    """Cosine between products' columns, times n / (n + shrinkage) for n shoppers who touched both.

    The factor is the shrinkage of Bell and Koren 2007 (https://doi.org/10.1109/ICDM.2007.90): a pair that two
    shoppers share is weaker evidence than one that two hundred share, however equal their columns look.

    Args:
        shrinkage: shoppers in common at which a pair counts half; 0 or more.
        support: fewest shoppers in common; below it a pair could tell what one person did, and is dropped.
    """

    def __init__(self, shrinkage: float = 5.0, support: int = 2) -> None:
        self.shrinkage = shrinkage
        self.support = support

    def neighbours(self, matrix: csr_matrix, count: int) -> Neighbours:
        """See ``SimilarityModel``; memory is bounded by ``BLOCK`` products against all."""
        from scipy.sparse import csr_matrix as sparse  # noqa: PLC0415
        from scipy.sparse import diags  # noqa: PLC0415

        squares = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
        lengths = np.sqrt(np.where(squares > 0, squares, 1))
        unit = (matrix @ diags(1 / lengths)).astype(np.float32).tocsr()
        touched = sparse((np.ones_like(unit.data), unit.indices, unit.indptr), shape=unit.shape)
        columns, touched_columns = unit.T.tocsr(), touched.T.tocsr()
        found = _empty(matrix.shape[1], count)
        for start in range(0, matrix.shape[1], BLOCK):
            block = slice(start, start + BLOCK)
            products = (columns[block] @ unit).tocsr()
            shared = (touched_columns[block] @ touched).tocsr()
            # No entry is negative, so both products have the same cells; sorted, also in the same order.
            products.sort_indices()
            shared.sort_indices()
            products.data *= shared.data / (shared.data + self.shrinkage)
            products.data[shared.data < self.support] = 0
            _keep_best(products, start, found)
        return found


def without_rare_pairs(found: Neighbours, matrix: csr_matrix, support: int) -> Neighbours:
    """Drop neighbours that fewer than ``support`` shoppers of the matrix share with their product."""
    columns = matrix.T.tocsr()
    columns.data = np.ones_like(columns.data)
    rows, places = np.nonzero(found.items != NOBODY)
    left, right = columns[rows], columns[found.items[rows, places]]
    shared = np.asarray(left.multiply(right).sum(axis=1)).ravel()
    keep = np.zeros(found.items.shape, bool)
    keep[rows, places] = shared >= support
    # A stable sort moves what is kept to the front without changing its order.
    order = np.argsort(~keep, axis=1, kind="stable")
    items = np.where(keep, found.items, NOBODY)
    scores = np.where(keep, found.scores, 0)
    return Neighbours(
        np.take_along_axis(items, order, 1).astype(np.int32),
        np.take_along_axis(scores, order, 1).astype(np.float32),
    )


@dataclass(frozen=True)
class BlendedNeighbours:
    """Neighbours by two signals at once.

    Attributes:
        found: the neighbours with their blended scores.
        is_bought: (products, count) bool: whether buyers of one bought the other (nearly) as often as those
            who looked at one looked at the other; see ``BOUGHT_ENOUGH``.
    """

    found: Neighbours
    is_bought: NDArray[np.bool_]


def no_neighbours(products: int, count: int) -> BlendedNeighbours:
    """Where there are no events."""
    return BlendedNeighbours(_empty(products, count), np.zeros((products, count), bool))


def blend(looks: Neighbours, purchases: Neighbours, count: int, purchase_share: float) -> BlendedNeighbours:
    """Add up two lists of neighbours: (1 - share) * score by looks + share * score by purchases.

    Args:
        looks: by all that shoppers did.
        purchases: by what they bought.
        count: neighbours to keep a product.
        purchase_share: in [0, 1].
    """
    by_looks = _as_sparse(looks) * (1 - purchase_share)
    by_purchases = _as_sparse(purchases) * purchase_share
    total = (by_looks + by_purchases).tocsr()
    found = _empty(len(looks.items), count)
    _keep_best(total, 0, found)
    rows = np.broadcast_to(np.arange(len(found.items))[:, None], found.items.shape)
    columns = np.where(found.items == NOBODY, 0, found.items)
    bought = np.asarray(by_purchases[rows.ravel(), columns.ravel()]).reshape(rows.shape)
    looked = found.scores - bought
    enough = bought * (1 - purchase_share) >= BOUGHT_ENOUGH * purchase_share * looked
    return BlendedNeighbours(found, (found.items != NOBODY) & (bought > 0) & enough)


def _as_sparse(found: Neighbours) -> csr_matrix:
    from scipy.sparse import csr_matrix as sparse  # noqa: PLC0415

    rows, places = np.nonzero(found.items != NOBODY)
    size = len(found.items)
    cells = (found.scores[rows, places], (rows, found.items[rows, places]))
    return sparse(cells, shape=(size, size), dtype=np.float32)


def _empty(products: int, count: int) -> Neighbours:
    return Neighbours(np.full((products, count), NOBODY, np.int32), np.zeros((products, count), np.float32))


def _keep_best(scores: csr_matrix, first: int, found: Neighbours) -> None:
    """Write the best of every row into ``found`` from row ``first`` on; equal scores by rising column."""
    count = found.items.shape[1]
    for row in range(scores.shape[0]):
        begin, end = scores.indptr[row], scores.indptr[row + 1]
        columns, values = scores.indices[begin:end], scores.data[begin:end]
        wanted = (values > 0) & (columns != first + row)
        columns, values = columns[wanted], values[wanted]
        order = np.lexsort((columns, -values))[:count]
        found.items[first + row, : len(order)] = columns[order]
        found.scores[first + row, : len(order)] = np.minimum(values[order], 1)
