"""What most shoppers like now: the list for those of whom nothing is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styletransfer.personalization.recommendations.similarity import Interactions

# One shopper counts at most as much as this sum of event weights, or a single fan would make a bestseller.
MOST_PER_SHOPPER = 6.0


def popularity(events: Interactions, half_life: float) -> NDArray[np.float32]:
    """Decayed weight of every product's events, each shopper capped.

    Args:
        events: see ``Interactions``.
        half_life: days after which an event counts half.

    Returns:
        (products,) float32, 0 for what nobody touched.
    """
    decayed = events.weights * np.exp2(-events.ages / half_life)
    products = events.shape[1]
    pairs, place = np.unique(events.shoppers.astype(np.int64) * products + events.items, return_inverse=True)
    by_pair = np.minimum(np.bincount(place, decayed, len(pairs)), MOST_PER_SHOPPER)
    return np.bincount(pairs % products, by_pair, products).astype(np.float32)
