"""Shoppers and products from nothing, with tastes that are known: what ``recommendations.py`` measures on.

Products belong to categories and lie in a space of latent qualities; how often they are met follows Zipf's
law. A shopper has a few categories of interest and a point in the same space. They open products that are
popular, in their categories and near their point, mostly in sessions within one category, and buy some of
them. Nothing is generated from pairs of products, so neighbours have to be found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUALITIES = 12
WEEKS = 8
VIEW, CART, PURCHASE = 0, 1, 2


@dataclass(frozen=True)
class Simulated:
    """Events of simulated shoppers, each shopper's by rising time.

    Attributes:
        shoppers: row of the shopper.
        items: column of the product.
        kinds: ``VIEW``, ``CART`` or ``PURCHASE``.
        ages: days before now.
        categories: (products,) the category of each product.
    """

    shoppers: NDArray[np.int64]
    items: NDArray[np.int64]
    kinds: NDArray[np.int64]
    ages: NDArray[np.float64]
    categories: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """(shoppers, products)."""
        return int(self.shoppers.max()) + 1, len(self.categories)


def simulate(products: int, shoppers: int, *, per_shopper: float = 40, seed: int = 1) -> Simulated:
    """Make about ``shoppers * per_shopper`` events.

    Args:
        products: how many there are.
        shoppers: how many come.
        per_shopper: mean number of products that one opens; the numbers are spread geometrically.
        seed: the same seed makes the same shop.
    """
    draw = np.random.default_rng(seed)
    category_count = max(4, products // 250)
    categories = draw.integers(0, category_count, products)
    in_category = [np.flatnonzero(categories == number) for number in range(category_count)]
    centres = draw.normal(0, 1, (category_count, QUALITIES))
    qualities = 0.5 * centres[categories] + draw.normal(0, 1, (products, QUALITIES))
    met = 1 / (1 + draw.permutation(products)) ** 0.8
    catalogue = _Catalogue(in_category, qualities, met)
    rows = [_one_shopper(draw, number, per_shopper, catalogue) for number in range(shoppers)]
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    return Simulated(columns[0], columns[1], columns[2], columns[3], categories)


@dataclass(frozen=True)
class _Catalogue:
    """Products by category, their latent qualities, and how often each is met."""

    in_category: list[NDArray[np.int64]]
    qualities: NDArray[np.float64]
    met: NDArray[np.float64]


def _one_shopper(
    draw: np.random.Generator,
    number: int,
    per_shopper: float,
    catalogue: _Catalogue,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    interests = draw.choice(len(catalogue.in_category), min(4, len(catalogue.in_category)), replace=False)
    interests = [int(one) for one in interests if len(catalogue.in_category[one])]
    point = draw.normal(0, 1, QUALITIES)
    chances = []
    for category in interests:
        there = catalogue.in_category[category]
        appeal = catalogue.met[there] * np.exp(
            np.einsum("pq,q", catalogue.qualities[there], point) * 1.6 / np.sqrt(QUALITIES)
        )
        chances.append(np.cumsum(appeal / appeal.sum()))
    opened = 3 + int(draw.geometric(1 / per_shopper))
    items: list[int] = []
    while len(items) < opened:
        # The product of two uniform numbers: the first interests are visited most.
        choice = int(len(interests) * draw.random() * draw.random())
        session = min(1 + int(draw.geometric(0.2)), opened - len(items))
        places = np.searchsorted(chances[choice], draw.random(session))
        items += catalogue.in_category[interests[choice]][
            np.minimum(places, len(chances[choice]) - 1)
        ].tolist()
    found = np.array(items)
    ages = np.sort(draw.uniform(0, 7 * WEEKS, len(found)))[::-1]
    kinds = draw.choice([VIEW, CART, PURCHASE], len(found), p=[0.85, 0.08, 0.07])
    return np.full(len(found), number), found, kinds, ages
