"""What strength does: the trade of structure against style between the photo and the full painting."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from styletransfer.engine.base import PaintOptions
from styletransfer.imaging.style_distance import statistics_distance, statistics_of_lab
from styletransfer.training.evaluation.contenders import Contender
from styletransfer.training.evaluation.pairs import KnownStyles
from styletransfer.training.evaluation.pictures import EvaluationSet
from styletransfer.training.evaluation.structure import PictureFacts, structure_measures

STRENGTHS = (0.25, 0.5, 0.75, 1.0)
STYLES_PER_PHOTO = 2


@dataclass(frozen=True)
class CurvePoint:
    """Means at one strength."""

    strength: float
    ssim: float
    edge_f1: float
    style_distance: float

    def as_mapping(self) -> dict[str, float]:
        """For JSON."""
        return asdict(self)


def strength_curve(
    contender: Contender, pictures: EvaluationSet, known: KnownStyles, count: int
) -> list[CurvePoint]:
    """One point a strength, over the first ``count`` photos with two styles each; empty for baselines."""
    if not contender.follows_options:
        return []
    points = []
    for strength in STRENGTHS:
        found = []
        for index, photo in enumerate(pictures.photos[:count]):
            chosen = pictures.styles_of(index)[:STYLES_PER_PHOTO]
            styles = [pictures.styles[i] for i in chosen]
            paintings = contender.paint(photo, styles, PaintOptions(strength=strength))
            for style, painting in zip(chosen, paintings, strict=True):
                facts = PictureFacts(painting)
                kept = structure_measures(PictureFacts(photo.pixels), facts)
                distance = statistics_distance(statistics_of_lab(facts.lab), known.looks[style])
                found.append((kept["ssim"], kept["edge_f1"], distance))
        ssim, edge_f1, style_distance = (float(value) for value in np.mean(found, 0))
        points.append(CurvePoint(strength, ssim, edge_f1, style_distance))
    return points
