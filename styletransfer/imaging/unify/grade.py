"""Matching tones: one rising curve of lightness and one pull of colour a picture, where a shop asks.

What light explains is corrected in ``light``. A grade goes further, towards one brightness, contrast and
colour for the whole collection, and by that away from the products' own. It is the same for every pixel of a
picture, rises everywhere, and keeps hues around the target's colour: a red mug gets paler, never blue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from styletransfer.imaging.colour import (
    Floats,
    lab_to_xyz,
    linear_to_srgb,
    linear_to_xyz,
    srgb_to_linear,
    xyz_to_lab,
    xyz_to_linear,
)
from styletransfer.imaging.unify.settings import LightTarget

MOST_PULL = 0.7
"""Share of the way to the target that ``match_tones`` 1 goes: products stay apart from each other."""

_LIFT_LIMITS = (-0.75, 3.0)  # slope at black, minus 1
_BEND_LIMITS = (-0.75, 2.0)  # slope at the pivot, minus 1
_ROUNDS = 3
_FAR = 10.0  # CIELAB units from the target's colour from which the pull is full


@dataclass(frozen=True)
class Grade:
    """A global map of CIELAB colours.

    Attributes:
        lift: of the lightness curve; above 0 brightens, below darkens, its slope at black is 1 + lift.
        bend: contrast around ``pivot``: the slope there; 1 leaves tones alone.
        pivot: lightness in (0, 1) that the bend leaves in place.
        pull: share of the way by which every colour's a* and b* go to ``centre``.
        centre: (a*, b*) that colours are pulled to.
    """

    lift: float = 0.0
    bend: float = 1.0
    pivot: float = 0.5
    pull: float = 0.0
    centre: tuple[float, float] = (0.0, 0.0)

    def lightness(self, values: Floats) -> Floats:
        """The curve on lightness in [0, 1]; keeps 0 and 1 and rises everywhere."""
        return bend_rationally(lifted(np.clip(values, 0, 1), self.lift), self.bend, self.pivot)

    def apply_exactly(self, srgb: Floats) -> Floats:
        """Map sRGB values (..., 3) in [0, 1] to sRGB values in [0, 1]."""
        lab = xyz_to_lab(linear_to_xyz(srgb_to_linear(srgb)))
        light = 100 * self.lightness(lab[..., :1] / 100)
        # White and black have no colour to give up, and none to take on.
        share = self.pull * np.minimum(1, np.minimum(light, 100 - light) / 10)
        colour = lab[..., 1:] + share * (np.array(self.centre, lab.dtype) - lab[..., 1:])
        linear = xyz_to_linear(lab_to_xyz(np.concatenate((light, colour), axis=-1)))
        mapped: Floats = linear_to_srgb(np.clip(linear, 0, 1))
        return mapped


def plan_grade(lab: Floats, target: LightTarget, amount: float) -> Grade | None:
    """The grade that brings a subject's colours towards a target.

    Args:
        lab: (count, 3) CIELAB of the subject's pixels, after the correction of light.
        target: whose brightness, contrast and colour to come near to.
        amount: 0 to 1; ``MOST_PULL`` times it is the share of the way.

    Returns:
        The grade, or None when there is nothing to do.
    """
    if amount == 0 or not len(lab):
        return None
    share = MOST_PULL * amount
    values = np.clip(lab[:, 0].astype(np.float64) / 100, 0, 1)
    brightness, contrast = float(values.mean()), float(values.std())
    lift, bend, pivot = _curve_to(
        values,
        brightness + share * (target.lightness / 100 - brightness),
        contrast + share * (target.contrast / 100 - contrast),
    )
    away = lab[:, 1:].mean(axis=0, dtype=np.float64) - np.array(target.colour)
    pull = share * min(1.0, float(np.hypot(*away)) / _FAR)
    return Grade(lift, bend, pivot, pull, target.colour)


def lifted(values: Floats, lift: float) -> Floats:
    """The rational curve on [0, 1] that keeps both ends; slope 1 + lift at 0 and 1 / (1 + lift) at 1."""
    curve: Floats = values * (1 + lift) / (1 + lift * values)
    return curve


def bend_rationally(values: Floats, bend: float, pivot: float) -> Floats:
    """Contrast curve on [0, 1] that keeps 0, ``pivot`` and 1; slope ``bend`` there and 1 / bend at the ends.

    ``lifted`` from 0 to the pivot and its mirror image from there to 1. Its slopes are bounded, so that noise
    in black is not torn up as by a power curve.
    """
    lift = 1 / bend - 1
    below = pivot * lifted(np.clip(values / pivot, 0, 1), lift)
    above = 1 - (1 - pivot) * lifted(np.clip((1 - values) / (1 - pivot), 0, 1), lift)
    bent: Floats = np.where(values < pivot, below, above)
    return bent


def _curve_to(values: Floats, mean: float, spread: float) -> tuple[float, float, float]:
    """Lift, bend and pivot, within limits, that give values in [0, 1] a mean and a standard deviation."""
    lift, bend, pivot = 0.0, 1.0, float(np.clip(values.mean(), 0.05, 0.95))
    for _ in range(_ROUNDS):
        # Bending moves the mean a little and lifting the spread: each is found with the other held.
        lift = _halved(_LIFT_LIMITS, mean, lambda at: float(_curve(values, at, bend, pivot).mean()))  # noqa: B023
        pivot = float(np.clip(lifted(values, lift).mean(), 0.05, 0.95))
        bend = 1 + _halved(
            _BEND_LIMITS,
            spread,
            lambda at: float(_curve(values, lift, 1 + at, pivot).std()),  # noqa: B023
        )
    return lift, bend, pivot


def _curve(values: Floats, lift: float, bend: float, pivot: float) -> Floats:
    return bend_rationally(lifted(values, lift), bend, pivot)


def _halved(limits: tuple[float, float], wanted: float, measured: Callable[[float], float]) -> float:
    """The number within limits at which a rising measure has the wanted value, by halving its logarithm."""
    low, high = (float(np.log1p(each)) for each in limits)
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if measured(float(np.expm1(middle))) < wanted else (low, middle)
    return float(np.expm1((low + high) / 2))
