"""How uneven a catalogue is: measures per picture, their spread, and which pictures stand out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from styletransfer.imaging.unify.consistency import reduction
from styletransfer.imaging.unify.framing import cut_sides, subject_box
from styletransfer.imaging.unify.light import LightMeasure, measure_light

_OUTLIER = 2.5  # robust standard deviations

# Least spread that counts, in each measure's unit: in a catalogue that is even, nothing stands out.
MEASURES: Mapping[str, float] = {
    "warmth": 0.04,
    "tint": 0.02,
    "exposure": 0.15,
    "contrast": 2.0,
    "background_lightness": 1.5,
    "background_chroma": 1.5,
    "background_evenness": 1.0,
    "fill": 0.03,
    "offset_x": 0.02,
    "offset_y": 0.02,
    "megapixels": 0.1,
}
"""Names of the measures that are compared, and the least spread that counts for each."""


@dataclass(frozen=True)
class PictureMeasures:
    """What the report knows of one picture; every number is None where it cannot be told.

    Attributes:
        key: names the picture to whoever asked for the report.
        width: in pixels.
        height: in pixels.
        megapixels: width times height in millions.
        warmth: log2 of red over blue in the estimated light; above 0 is warm, below cool.
        tint: log2 of green over the mean of red and blue in the estimated light.
        exposure: stops by which the scene's white is darker (-) or brighter (+) than sRGB white.
        contrast: standard deviation of the subject's CIELAB lightness.
        subject_lightness: mean CIELAB L* of the subject.
        subject_a: mean CIELAB a* of the subject.
        subject_b: mean CIELAB b* of the subject.
        background_lightness: median CIELAB L* of the background.
        background_chroma: chroma of the background's median colour.
        background_evenness: standard deviation of the background's lightness; 0 is perfectly even.
        fill: the subject's box as a share of the picture, along the fuller side.
        offset_x: from the picture's centre to the box's, as a share of the width.
        offset_y: the same downwards.
        cut: sides at which the picture cuts the subject off.
    """

    key: str
    width: int
    height: int
    megapixels: float
    warmth: float
    tint: float
    exposure: float
    contrast: float
    subject_lightness: float
    subject_a: float
    subject_b: float
    background_lightness: float | None
    background_chroma: float | None
    background_evenness: float | None
    fill: float | None
    offset_x: float | None
    offset_y: float | None
    cut: tuple[str, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """The measures as one flat, JSON-safe row."""
        return {**asdict(self), "cut": " ".join(self.cut)}


@dataclass(frozen=True)
class Reason:
    """Why a picture stands out.

    Attributes:
        code: the measure and the direction, such as "warmth_high", or "cut_off".
        value: the picture's own number.
        typical: the catalogue's median.
        score: distance from the median in robust standard deviations.
    """

    code: str
    value: float
    typical: float
    score: float


@dataclass(frozen=True)
class Outlier:
    """A picture that stands out, its strongest reason first."""

    key: str
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> float:
        """Of the strongest reason."""
        return max(reason.score for reason in self.reasons)


@dataclass(frozen=True)
class Spread:
    """How a measure is distributed over the catalogue.

    Attributes:
        median: over all pictures where it is known.
        robust_sd: 1.4826 times the median absolute deviation; single outliers do not move it.
        sd: standard deviation.
        pictures: how many pictures it is known for.
    """

    median: float
    robust_sd: float
    sd: float
    pictures: int


@dataclass(frozen=True)
class CatalogueReport:
    """The whole report; ``as_mapping`` is ready for JSON, ``rows`` for CSV."""

    pictures: tuple[PictureMeasures, ...]
    spreads: Mapping[str, Spread]
    outliers: tuple[Outlier, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One flat row a picture, with the codes of its reasons."""
        reasons = {each.key: " ".join(reason.code for reason in each.reasons) for each in self.outliers}
        return [{**each.as_row(), "reasons": reasons.get(each.key, "")} for each in self.pictures]

    def as_mapping(self) -> dict[str, Any]:
        """JSON-safe nested values."""
        return {
            "pictures": self.rows(),
            "spreads": {name: asdict(spread) for name, spread in self.spreads.items()},
            "outliers": [{**asdict(each), "score": each.score} for each in self.outliers],
        }


def measure_picture(
    key: str, pixels: NDArray[np.uint8], alpha: NDArray[np.float32], light: LightMeasure | None = None
) -> PictureMeasures:
    """Measure one picture (height, width, 3) uint8 with its subject mask (height, width)."""
    height, width = alpha.shape
    light = light or measure_light(pixels, alpha)
    red, green, blue = light.illuminant.white
    box = subject_box(alpha)
    has_background = bool(np.isfinite(light.evenness))
    return PictureMeasures(
        key=key,
        width=width,
        height=height,
        megapixels=width * height / 1e6,
        warmth=float(np.log2(red / blue)),
        tint=float(np.log2(green / np.sqrt(red * blue))),
        exposure=light.exposure,
        contrast=light.contrast,
        subject_lightness=float(light.subject[0]),
        subject_a=float(light.subject[1]),
        subject_b=float(light.subject[2]),
        background_lightness=float(light.background[0]) if has_background else None,
        background_chroma=float(np.hypot(*light.background[1:])) if has_background else None,
        background_evenness=light.evenness if has_background else None,
        fill=max(box.width / width, box.height / height) if box else None,
        offset_x=(box.left + box.right) / 2 / width - 0.5 if box else None,
        offset_y=(box.top + box.bottom) / 2 / height - 0.5 if box else None,
        cut=cut_sides(alpha, box) if box else (),
    )


def catalogue_report(pictures: Sequence[PictureMeasures]) -> CatalogueReport:
    """Spreads and outliers of a catalogue, the worst outlier first."""
    spreads = {name: spread_of([getattr(each, name) for each in pictures]) for name in MEASURES}
    known = {name: spread for name, spread in spreads.items() if spread is not None}
    found = [Outlier(each.key, reasons) for each in pictures if (reasons := _reasons(each, known))]
    return CatalogueReport(tuple(pictures), known, tuple(sorted(found, key=lambda each: -each.score)))


def spread_of(values: Sequence[float | None]) -> Spread | None:
    """Distribution of the known values; None when there are none."""
    known = np.array([value for value in values if value is not None and np.isfinite(value)])
    if not len(known):
        return None
    median = float(np.median(known))
    return Spread(
        median=median,
        robust_sd=float(1.4826 * np.median(np.abs(known - median))),
        sd=float(known.std()),
        pictures=len(known),
    )


def spread_reductions(before: CatalogueReport, after: CatalogueReport) -> dict[str, float]:
    """For every measure in both reports, the share of its standard deviation that is gone."""
    return {
        name: reduction(before.spreads[name].sd, after.spreads[name].sd)
        for name in MEASURES
        if name in before.spreads and name in after.spreads
    }


def _reasons(picture: PictureMeasures, spreads: Mapping[str, Spread]) -> tuple[Reason, ...]:
    """Why a picture stands out; empty when it does not."""
    reasons = [Reason("cut_off", float(len(picture.cut)), 0.0, _OUTLIER)] if picture.cut else []
    for name, spread in spreads.items():
        value = getattr(picture, name)
        if value is None:
            continue
        score = abs(value - spread.median) / max(spread.robust_sd, MEASURES[name])
        if score >= _OUTLIER:
            direction = "high" if value > spread.median else "low"
            reasons.append(Reason(f"{name}_{direction}", float(value), spread.median, float(score)))
    return tuple(sorted(reasons, key=lambda reason: -reason.score))
