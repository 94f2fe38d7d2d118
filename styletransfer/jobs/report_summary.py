"""From measures to a report: spreads before and after, outliers first, palettes, and the light to aim at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from styletransfer.imaging.unify.light import in_neutral_light, target_at
from styletransfer.imaging.unify.palettes import QUANTILES, Palette, palette_spread
from styletransfer.imaging.unify.report import CatalogueReport as Compared
from styletransfer.imaging.unify.report import PictureMeasures, catalogue_report, spread_reductions
from styletransfer.jobs.measuring import as_measures
from styletransfer.models import CatalogueReport, PictureMeasure, StyledVariant
from styletransfer.sources import Source

MOST_OUTLIERS = 500
MOST_PROBLEMS = 50


def summarise(
    report: CatalogueReport, source: Source, keys: set[str], painted: QuerySet[StyledVariant]
) -> dict[str, Any]:
    """Everything the report's page shows, JSON-safe.

    Args:
        report: whose pictures are all measured.
        source: of the photos.
        keys: of the photos that are there now.
        painted: the paintings to set beside them.
    """
    rows = list(_photo_rows(report, source, keys))
    before = _compare(rows)
    summary: dict[str, Any] = {
        "photos": len(before.pictures),
        "spreads": {name: asdict(spread) for name, spread in before.spreads.items()},
        "outliers": [
            {"key": each.key, "score": round(each.score, 2), "reasons": [asdict(one) for one in each.reasons]}
            for each in before.outliers[:MOST_OUTLIERS]
        ],
        "outlier_count": len(before.outliers),
        "problems": [{"name": row.source_name, "reason": row.error} for row in rows if row.error][
            :MOST_PROBLEMS
        ],
        "palette_spread": palette_spread(list(_palettes(rows))),
        "target": _target([row.measures for row in rows if row.measures]),
        "unsure": sum(row.measures.get("mask_confidence", 1) < 0.5 for row in rows if row.measures),
    }
    if report.preset_id is not None:
        summary["after"] = _after(before, rows, painted)
    return summary


def measured_rows(report: CatalogueReport, source: Source, keys: set[str]) -> Iterator[dict[str, Any]]:
    """One flat row a photo, for CSV and JSON: its name, its measures, and why it stands out."""
    rows = list(_photo_rows(report, source, keys))
    reasons = {each.key: " ".join(one.code for one in each.reasons) for each in _compare(rows).outliers}
    for row in rows:
        plain = {name: value for name, value in row.measures.items() if name not in ("key", "white")}
        yield {
            "object": row.object_id,
            "photo": row.source_name,
            **plain,
            "reasons": reasons.get(row.object_id, ""),
            "error": row.error,
        }


def _photo_rows(report: CatalogueReport, source: Source, keys: set[str]) -> Iterator[PictureMeasure]:
    rows = PictureMeasure.objects.filter(content_type=report.content_type_id, field=source.image)
    for row in rows.order_by("pk").iterator(chunk_size=2000):
        if row.object_id in keys:
            yield row


def _compare(rows: Sequence[PictureMeasure]) -> Compared:
    return catalogue_report([as_measures(row.object_id, row.measures) for row in rows if row.measures])


def _palettes(rows: Sequence[PictureMeasure]) -> Iterator[Palette]:
    for row in rows:
        if row.palette:
            yield np.frombuffer(bytes(row.palette), np.int16).reshape(-1, QUANTILES)


def _after(
    before: Compared, photos: Sequence[PictureMeasure], painted: QuerySet[StyledVariant]
) -> dict[str, Any]:
    """The paintings' spreads, compared with those of the very photos that are painted."""
    objects = {str(pk): key for pk, key in painted.values_list("pk", "object_id")}
    kind = ContentType.objects.get_for_model(StyledVariant)
    rows = [
        row
        for row in PictureMeasure.objects.filter(content_type=kind, field="renditions").iterator()
        if row.object_id in objects and row.measures
    ]
    keys = {objects[row.object_id] for row in rows}
    own = [row for row in photos if row.object_id in keys]
    first = catalogue_report([each for each in before.pictures if each.key in keys])
    second = catalogue_report([_measures_of(row, objects) for row in rows])
    return {
        "paintings": len(rows),
        "spreads": {name: asdict(spread) for name, spread in second.spreads.items()},
        "reductions": {name: round(value, 4) for name, value in spread_reductions(first, second).items()},
        "outlier_count": len(second.outliers),
        "outlier_count_before": len(first.outliers),
        "palette_spread": palette_spread(list(_palettes(rows))),
        "palette_spread_before": palette_spread(list(_palettes(own))),
    }


def _measures_of(row: PictureMeasure, objects: dict[str, str]) -> PictureMeasures:
    return as_measures(objects[row.object_id], row.measures)


def _target(measures: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The catalogue's median light, as the unify engine's settings take it; neutral, as white pages need."""
    known = [row for row in measures if "white" in row]
    if not known:
        return None
    subjects = [
        in_neutral_light(
            np.array([row[f"subject_{each}"] for each in ("lightness", "a", "b")]),
            np.array(row["white"]),
            row["exposure"],
        )
        for row in known
    ]
    contrast = float(np.median([row["contrast"] for row in known]))
    target = target_at(np.ones(3), 0.0, contrast, np.median(subjects, axis=0))
    return {
        "white": list(target.white),
        "exposure": target.exposure,
        "contrast": round(target.contrast, 2),
        "lightness": round(target.lightness, 2),
        "colour": [round(each, 2) for each in target.colour],
    }
