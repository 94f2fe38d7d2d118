"""All numbers of one contender."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from styletransfer.engine.base import Pixels
from styletransfer.training.evaluation.contenders import Contender, WeightsContender
from styletransfer.training.evaluation.curves import CurvePoint, strength_curve
from styletransfer.training.evaluation.models import (
    interpolation_smoothness,
    padding_invariance,
    reconstruction,
    retrieved_by_code,
)
from styletransfer.training.evaluation.pairs import KnownStyles, PairMeasures, mean_values, measure_pairs
from styletransfer.training.evaluation.pictures import EvaluationSet
from styletransfer.training.evaluation.speed import measure_speed
from styletransfer.training.evaluation.text import text_legibility

Cells = dict[tuple[int, int], Pixels]


@dataclass(eq=False)
class Judgement:
    """What was found about one contender.

    Attributes:
        values: means by measure; see ``measures.MEASURES``.
        pairs: the measures of every pair.
        curve: structure and style by strength.
        speed: milliseconds and megabytes by side; empty unless asked for.
        cells: paintings by (photo, style) indices.
    """

    values: dict[str, float] = field(default_factory=dict)
    pairs: list[PairMeasures] = field(default_factory=list)
    curve: list[CurvePoint] = field(default_factory=list)
    speed: list[dict[str, float]] = field(default_factory=list)
    cells: Cells = field(default_factory=dict)

    def as_mapping(self) -> dict[str, Any]:
        """For JSON: numbers only, null where there was nothing to measure."""
        return {
            "values": _without_nan(self.values),
            "strength_curve": [point.as_mapping() for point in self.curve],
            "speed": self.speed,
            "pairs": [
                {"photo": pair.photo, "style": pair.style, **_without_nan(pair.values)} for pair in self.pairs
            ],
        }


def judge(
    contender: Contender,
    pictures: EvaluationSet,
    known: KnownStyles,
    *,
    some: int,
    with_speed: bool = False,
    progress: Callable[[], None] = lambda: None,
) -> Judgement:
    """Judge one contender.

    Args:
        contender: what is judged.
        pictures: the pairs.
        known: the styles' statistics.
        some: how many photos the costly extras are measured on: text, strength, padding, interpolation.
        with_speed: whether to measure speed and memory, too.
        progress: called after every photo.
    """
    found = Judgement()
    in_code_space: list[bool] = []

    def keep(photo: int, styles: list[int], paintings: list[Pixels]) -> None:
        for style, painting in zip(styles, paintings, strict=True):
            found.cells[photo, style] = painting
            if isinstance(contender, WeightsContender):
                in_code_space.append(retrieved_by_code(contender, pictures.styles, painting) == style)

    found.pairs = measure_pairs(contender, pictures, known, keep, progress)
    found.values = mean_values(found.pairs)
    found.values["text_legibility"] = text_legibility(contender, pictures, some)
    found.curve = strength_curve(contender, pictures, known, some)
    if isinstance(contender, WeightsContender):
        found.values["retrieval_codes"] = float(np.mean(in_code_space))
        found.values |= reconstruction(contender, pictures.photos)
        found.values |= padding_invariance(contender, pictures, some)
        found.values |= interpolation_smoothness(contender, pictures, max(1, some // 2))
        found.speed = measure_speed(contender.weights) if with_speed else []
    return found


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    return {key: None if np.isnan(value) else value for key, value in values.items()}
