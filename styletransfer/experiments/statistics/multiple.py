"""Several comparisons at once: what may still be called a difference."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values that keep the chance of any false finding (Holm 1979).

    With always-valid p-values the adjusted ones are always valid too. The order of the list is kept.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def e_bh(e_values: Sequence[float], alpha: float) -> list[bool]:
    """Which are findings if at most ``alpha`` of the findings may be false on average, dependent or not.

    The e-BH procedure of Wang and Ramdas, "False discovery rate control with e-values" (2022): the k
    largest, for the greatest k whose k-th largest is at least n / (k alpha).
    """
    number = len(e_values)
    order = sorted(range(number), key=lambda place: -e_values[place])
    found = 0
    for rank, place in enumerate(order, start=1):
        if e_values[place] >= number / (rank * alpha):
            found = rank
    chosen = set(order[:found])
    return [place in chosen for place in range(number)]
