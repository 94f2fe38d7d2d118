"""Who sees which arm: drawn once for each visitor by a keyed hash, so that nothing need be stored for it."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256


def draw(salt: str, label: str, unit: str) -> float:
    """A number in [0, 1) that looks random, differs by experiment and is always the same for one visitor.

    The first 64 bits of HMAC-SHA256, keyed by the experiment's secret salt: unlike a plain hash of visible
    things it cannot be foreseen, and two experiments never divide visitors alike.

    Args:
        salt: the experiment's secret.
        label: what is drawn for; different labels give independent numbers.
        unit: who it is drawn for.
    """
    digest = hmac.new(salt.encode(), f"{label}:{unit}".encode(), sha256).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def takes_part(salt: str, unit: str, share: float) -> bool:
    """Whether a visitor is in the share of traffic; raising the share keeps everybody who is in."""
    return draw(salt, "traffic", unit) < share


def drawn_arm(salt: str, unit: str, weights: Sequence[float]) -> int:
    """Place of the visitor's arm: each has the chance of its weight.

    Raises:
        ValueError: no weight is positive.
    """
    total = sum(weights)
    if total <= 0:
        raise ValueError("At least one arm needs a positive weight.")
    point = draw(salt, "arm", unit) * total
    passed = 0.0
    for place, weight in enumerate(weights):
        passed += weight
        if point < passed:
            return place
    return max(place for place, weight in enumerate(weights) if weight > 0)
