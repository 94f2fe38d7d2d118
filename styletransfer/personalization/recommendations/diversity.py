"""Maximal marginal relevance: a list whose next entry is good and unlike those before it.

After Carbonell and Goldstein 1998 (https://doi.org/10.1145/290941.291025).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def diversified(
    relevance: NDArray[np.float32],
    profiles: NDArray[np.float32],
    categories: NDArray[np.int32],
    *,
    diversity: float,
    same_category: float = 0.5,
) -> Iterator[int]:
    """Order candidates: each next one has the highest (1 - diversity) * relevance - diversity * likeness.

    Likeness is to the most alike of those already taken: the cosine of two candidates' profiles, or
    ``same_category`` where they share a category, whichever is more.

    Args:
        relevance: (candidates,) in [0, 1].
        profiles: (candidates, features), such as how alike a candidate is to each product of the history.
        categories: (candidates,); a negative number is no category.
        diversity: in [0, 1]; 0 orders by relevance alone.
        same_category: likeness of two candidates of one category, in [0, 1].

    Yields:
        The position of the next choice; ties go to the lower one.
    """
    lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
    unit = profiles / np.where(lengths > 0, lengths, 1)
    gain = (1 - diversity) * relevance.astype(np.float64)
    likeness = np.zeros(len(gain))
    for _ in range(len(gain)):
        best = int(np.argmax(gain - diversity * likeness))
        yield best
        gain[best] = -np.inf
        alike = unit @ unit[best]
        if categories[best] >= 0:
            np.maximum(alike, same_category, out=alike, where=categories == categories[best])
        np.maximum(likeness, alike, out=likeness)
