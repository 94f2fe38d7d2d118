"""What the model is told about a shopper and each style: numbers of fixed meaning and moderate size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from styletransfer.models import Device
from styletransfer.personalization.taste.history import COUNTS, History
from styletransfer.personalization.taste.thompson import Array

DEVICES = (Device.PHONE, Device.TABLET)
# By style: the five counts, and how much the shopper took to styles that look like it.
AFFINITIES = (*COUNTS, "alike")
VERSION = 1


@dataclass(frozen=True)
class FeatureSpace:
    """Which styles and categories the model tells apart.

    Attributes:
        styles: keys of the presets, 0 for the original photo; their order is that of every array.
        categories: the categories that shoppers look into most.
        alikeness: (styles, styles) from 0 to 1, zero on the diagonal: how much two styles look alike.
    """

    styles: tuple[int, ...]
    categories: tuple[str, ...]
    alikeness: Array

    @property
    def context_names(self) -> tuple[str, ...]:
        """What each number of a context stands for."""
        return ("constant", *map(str, DEVICES), "activity", *(f"category {name}" for name in self.categories))

    @property
    def groups(self) -> tuple[int, ...]:
        """Features of a kind, which share a prior width: constant, devices, activity, categories."""
        return (0, *([1] * len(DEVICES)), 2, *([3] * len(self.categories)))

    def context(self, history: History | None, device: str) -> Array:
        """(features,) of a shopper; None for one without any history."""
        numbers = np.zeros(len(self.groups))
        numbers[0] = 1.0
        numbers[1 : 1 + len(DEVICES)] = [device == one for one in DEVICES]
        if history is None or not history.categories:
            return numbers
        total = sum(history.categories.values())
        numbers[1 + len(DEVICES)] = np.log1p(total) / 2
        first = 2 + len(DEVICES)
        numbers[first:] = [history.categories.get(name, 0.0) / total for name in self.categories]
        return numbers

    def affinities(self, history: History | None) -> Array:
        """(styles, affinities) of a shopper; zeros without any history."""
        numbers = np.zeros((len(self.styles), len(AFFINITIES)))
        if history is None or not history.styles:
            return numbers
        nothing = [0.0] * len(COUNTS)
        counts = np.array([history.styles.get(key, nothing) for key in self.styles])
        numbers[:, :-1] = np.sign(counts) * np.log1p(np.abs(counts))
        taken_to = dict(history.engagement())
        engaged = np.array([taken_to.get(key, 0.0) for key in self.styles])
        numbers[:, -1] = np.log1p(self.alikeness @ engaged)
        return numbers


def alikeness(codes: Array) -> Array:
    """How much styles look alike, from their codes (styles, 128) with nan where unknown; zero diagonal."""
    squares = np.square(codes[:, None, :] - codes[None, :, :]).sum(axis=-1)
    pairs = np.isfinite(squares) & ~np.eye(len(codes), dtype=bool)
    if not pairs.any():
        return np.zeros_like(squares)
    length = max(float(np.median(squares[pairs])), 1e-12)
    return np.where(pairs, np.exp(-2 * squares / length), 0.0)
