"""All numbers of one contender."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from styletransfer.engine.base import Pixels
from styletransfer.training.evaluation.contenders import Contender, WeightsContender
from styletransfer.training.evaluation.models import (
    interpolation_smoothness,
    padding_invariance,
    reconstruction,
    retrieved_by_code,
)
from styletransfer.training.evaluation.pairs import KnownStyles, mean_values, measure_pairs
from styletransfer.training.evaluation.pictures import EvaluationSet
from styletransfer.training.evaluation.sheets import contact_sheet


def judge(
    contender: Contender, pictures: EvaluationSet, known: KnownStyles, out: Path, some: int
) -> dict[str, float]:
    """All numbers of one contender; its contact sheet goes into ``out``."""
    cells: dict[tuple[int, int], Pixels] = {}
    in_code_space: list[bool] = []

    def keep(photo: int, styles: list[int], paintings: list[Pixels]) -> None:
        for style, painting in zip(styles, paintings, strict=True):
            cells[photo, style] = painting
            if isinstance(contender, WeightsContender):
                in_code_space.append(retrieved_by_code(contender, pictures.styles, painting) == style)

    values = mean_values(measure_pairs(contender, pictures, known, keep))
    contact_sheet(pictures, cells).save(out / f"{contender.name.replace(' ', '-')}.webp", quality=85)
    if isinstance(contender, WeightsContender):
        values["retrieval_codes"] = float(np.mean(in_code_space))
        values |= reconstruction(contender, pictures.photos)
        values |= padding_invariance(contender, pictures, some)
        values |= interpolation_smoothness(contender, pictures, some // 2)
    return values
