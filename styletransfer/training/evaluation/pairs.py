"""The measures of single pairs: every photo of the set in every style, by one contender."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from torch import Tensor

from styletransfer.engine.base import PaintOptions, Pixels
from styletransfer.imaging.style_distance import (
    StyleStatistics,
    colour_distance,
    statistics_distance,
    statistics_of_lab,
)
from styletransfer.training.evaluation.contenders import Contender
from styletransfer.training.evaluation.feature_style import (
    FeatureStatistics,
    balanced_style_loss,
    feature_statistics,
    gram_distance,
    self_similarity,
    self_similarity_distance,
)
from styletransfer.training.evaluation.features import VggFeatures
from styletransfer.training.evaluation.flat_areas import flat_measures
from styletransfer.training.evaluation.pictures import EvaluationSet, NamedPicture, resized
from styletransfer.training.evaluation.structure import PictureFacts, structure_measures

PLAIN = PaintOptions()
KEEP_STRUCTURE = PaintOptions(calm=0.9, detail=0.4)
"""What the shipped presets use for products."""

FEATURE_SIDE = 256
STRUCTURE_KEYS = (
    "ssim",
    "edge_f1",
    "edge_correlation",
    "flat_lightness",
    "flat_blotches",
    "flat_noise",
    "halo",
)


Keep = Callable[[int, list[int], list[Pixels]], None]


@dataclass(frozen=True)
class PairMeasures:
    """What was measured on one photo in one style; values may be nan where there was nothing to measure."""

    photo: str
    style: str
    values: dict[str, float]


class KnownStyles:
    """The styles' statistics, computed once for all contenders.

    Args:
        styles: all styles of the set; retrieval is among them.
        network: the perceptual network, or None to leave its measures out.
        side: longer side in px at which the network sees pictures.
    """

    def __init__(
        self, styles: Sequence[NamedPicture], network: VggFeatures | None, side: int = FEATURE_SIDE
    ) -> None:
        self.styles = list(styles)
        self.network = network
        self.side = side

    def seen(self, pictures: Sequence[Pixels]) -> Mapping[str, Tensor]:
        """Feature maps of pictures of one size.

        Raises:
            ValueError: there is no network.
        """
        if self.network is None:
            raise ValueError("there is no perceptual network to look with")
        return self.network([resized(picture, self.side) for picture in pictures])

    @cached_property
    def looks(self) -> list[StyleStatistics]:
        """Network-free statistics of every style."""
        return [statistics_of_lab(PictureFacts(style.pixels).lab) for style in self.styles]

    @cached_property
    def features(self) -> list[FeatureStatistics]:
        """Statistics of every style's feature maps; empty without a network."""
        if self.network is None:
            return []
        return [feature_statistics(self.seen([style.pixels]))[0] for style in self.styles]


def measure_pairs(
    contender: Contender,
    pictures: EvaluationSet,
    known: KnownStyles,
    keep: Keep = lambda photo, styles, paintings: None,
    progress: Callable[[], None] = lambda: None,
) -> list[PairMeasures]:
    """Measure every pair of the set.

    ``keep`` is given each photo's index, its styles' indices and its plain paintings; ``progress`` is called
    after each photo.
    """
    rows: list[PairMeasures] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for index, photo in enumerate(pictures.photos):
            chosen = pictures.styles_of(index)
            styles = [pictures.styles[i] for i in chosen]
            paintings = contender.paint(photo, styles, PLAIN)
            kept = contender.paint(photo, styles, KEEP_STRUCTURE) if contender.follows_options else paintings
            measure = partial(_measure_one, PictureFacts(photo.pixels), known)
            values = list(threads.map(measure, paintings, kept, chosen))
            if known.network is not None:
                _add_feature_measures(values, photo.pixels, paintings, chosen, known)
            measured = zip(styles, values, strict=True)
            rows += [PairMeasures(photo.name, style.name, found) for style, found in measured]
            keep(index, chosen, paintings)
            progress()
    return rows


def _measure_one(
    photo: PictureFacts, known: KnownStyles, painting: Pixels, kept: Pixels, style: int
) -> dict[str, float]:
    painted = PictureFacts(painting)
    look = statistics_of_lab(painted.lab)
    distances = [statistics_distance(look, other) for other in known.looks]
    values = {
        **structure_measures(photo, painted),
        **flat_measures(photo, painted),
        "style_distance": distances[style],
        "colour_distance": colour_distance(look, known.looks[style]),
        "retrieval_looks": float(np.argmin(distances) == style),
    }
    kept_facts = painted if kept is painting else PictureFacts(kept)
    kept_values = {**structure_measures(photo, kept_facts), **flat_measures(photo, kept_facts)}
    values |= {f"kept_{key}": kept_values[key] for key in STRUCTURE_KEYS}
    values["kept_style_distance"] = statistics_distance(statistics_of_lab(kept_facts.lab), known.looks[style])
    return values


def _add_feature_measures(
    values: list[dict[str, float]],
    photo: Pixels,
    paintings: list[Pixels],
    styles: list[int],
    known: KnownStyles,
) -> None:
    """Add what the perceptual network sees to each painting's values."""
    similarity = self_similarity(known.seen([photo]))[0]
    for found, painting, style in zip(values, paintings, styles, strict=True):
        features = known.seen([painting])
        statistics = feature_statistics(features)[0]
        grams = [gram_distance(statistics, other) for other in known.features]
        found |= {
            "self_similarity": self_similarity_distance(similarity, self_similarity(features)[0]),
            "style_loss": balanced_style_loss(statistics, known.features[style]),
            "gram_distance": grams[style],
            "retrieval_features": float(int(np.argmin(grams)) == style),
        }


def mean_values(rows: Sequence[PairMeasures]) -> dict[str, float]:
    """Mean of every measure over the pairs that have it; nan where none has."""
    keys = dict.fromkeys(key for row in rows for key in row.values)
    means = {}
    for key in keys:
        found = [row.values[key] for row in rows if key in row.values and not np.isnan(row.values[key])]
        means[key] = float(np.mean(found)) if found else float("nan")
    return means


def load_network(path: Path | None) -> VggFeatures | None:
    """The perceptual network at ``path``, or None where none is given.

    Raises:
        ValueError: the file is missing or is no such network.
    """
    if path is None:
        return None
    try:
        return VggFeatures(path)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is no VGG16 file as training.md describes it: {error}") from error
