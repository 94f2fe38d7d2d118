from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from styletransfer.imaging.unify.consistency import consistency_change, set_consistency
from styletransfer.imaging.unify.report import (
    catalogue_report,
    measure_picture,
    spread_of,
    spread_reductions,
)
from tests.imaging.unify.synthetic import box_mask, product_photo, relit

BOXES = [(40, 30, 110, 120), (42, 30, 112, 120), (38, 32, 108, 122), (41, 29, 111, 119), (40, 31, 110, 121)]


def even_catalogue() -> list:
    masks = [box_mask(150, 200, *box) for box in BOXES]
    return [measure_picture(f"p{at}", product_photo(mask), mask) for at, mask in enumerate(masks)]


def test_an_even_catalogue_has_no_outliers() -> None:
    assert catalogue_report(even_catalogue()).outliers == ()


def test_outliers_come_first_with_their_reasons() -> None:
    mask = box_mask(150, 200, 150, 100, 190, 140)
    odd = measure_picture("odd", relit(product_photo(mask), (0.4, 0.25, 0.12)), mask)
    report = catalogue_report([*even_catalogue(), odd])
    assert [each.key for each in report.outliers] == ["odd"]
    codes = [reason.code for reason in report.outliers[0].reasons]
    assert {"warmth_high", "exposure_low", "fill_low", "offset_x_high", "background_lightness_low"} <= set(
        codes
    )
    scores = [reason.score for reason in report.outliers[0].reasons]
    assert scores == sorted(scores, reverse=True)


def test_a_cut_off_subject_is_a_reason() -> None:
    mask = box_mask(150, 200, 40, 60, 110, 150)
    report = catalogue_report([*even_catalogue(), measure_picture("cut", product_photo(mask), mask)])
    assert "cut_off" in [reason.code for reason in report.outliers[0].reasons]


def test_the_report_goes_into_json_and_csv() -> None:
    full = np.ones((150, 200), np.float32)
    report = catalogue_report([*even_catalogue(), measure_picture("full", product_photo(full), full)])
    assert json.loads(json.dumps(report.as_mapping(), allow_nan=False))["pictures"][0]["key"] == "p0"
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(report.rows()[0]))
    writer.writeheader()
    writer.writerows(report.rows())
    assert len(stream.getvalue().splitlines()) == 7


def test_spread_ignores_what_is_not_known() -> None:
    spread = spread_of([1.0, None, 2.0, 3.0, float("nan"), 100.0])
    assert spread is not None
    assert (spread.median, spread.pictures) == (2.5, 4)
    assert spread.robust_sd == pytest.approx(1.4826)
    assert spread_of([None]) is None


def test_spread_reduction_is_one_minus_the_ratio() -> None:
    masks = [box_mask(150, 200, *box) for box in BOXES[:3]]
    photos = [product_photo(mask) for mask in masks]
    gains = (0.3, 0.6, 1.0)
    before = [
        measure_picture(str(gain), relit(photo, (gain,) * 3), mask)
        for gain, photo, mask in zip(gains, photos, masks, strict=True)
    ]
    halved = [
        measure_picture(str(gain), relit(photo, (gain**0.5,) * 3), mask)
        for gain, photo, mask in zip(gains, photos, masks, strict=True)
    ]
    reductions = spread_reductions(catalogue_report(before), catalogue_report(halved))
    assert reductions["exposure"] == pytest.approx(0.5, abs=0.05)
    assert reductions["fill"] == 0


def test_alike_pictures_are_consistent() -> None:
    mask = box_mask(150, 200, *BOXES[0])
    photo = product_photo(mask)
    mixed = [photo, relit(photo, (1, 0.6, 0.3)), relit(photo, (0.2, 0.3, 0.5))]
    alike = [photo, relit(photo, (1, 0.95, 0.9)), photo]
    change = consistency_change(mixed, alike)
    assert change.colour_reduction > 0.6
    assert change.style_reduction > 0.3
    assert set_consistency([photo, photo]).colour == 0
    with pytest.raises(ValueError, match="two"):
        set_consistency([photo])
