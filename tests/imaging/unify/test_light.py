from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.colour import delta_e_2000, rgb_to_lab
from styletransfer.imaging.unify import light
from styletransfer.imaging.unify.illuminant import estimate_illuminant
from styletransfer.imaging.unify.light import (
    MAX_TONE_DELTA_E,
    is_skin_coloured,
    measure_light,
    plan_light,
    target_of,
)
from styletransfer.imaging.unify.settings import LightTarget
from tests.imaging.unify.synthetic import box_mask, product_photo, relit

MASK = box_mask(120, 160, 40, 30, 110, 100)
PHOTO = product_photo(MASK)
SUBJECT = MASK > 0.5


def mean_difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(delta_e_2000(rgb_to_lab(first)[SUBJECT], rgb_to_lab(second)[SUBJECT]).mean())


@pytest.mark.parametrize("gains", [(1.0, 0.8, 0.55), (0.75, 0.85, 1.0), (1.0, 0.9, 0.8)])
def test_a_known_cast_is_recognised(gains: tuple[float, float, float]) -> None:
    cast = relit(PHOTO, gains)
    white = measure_light(cast, MASK).illuminant.white
    cosine = white @ gains / np.linalg.norm(white) / np.linalg.norm(gains)
    assert np.degrees(np.arccos(cosine)) < 5


@pytest.mark.parametrize("gains", [(1.0, 0.8, 0.55), (0.75, 0.85, 1.0), (0.45, 0.45, 0.45), (0.5, 0.4, 0.3)])
def test_cast_and_exposure_are_taken_back(gains: tuple[float, float, float]) -> None:
    target = target_of([measure_light(PHOTO, MASK)])
    seen = relit(PHOTO, gains)
    reference = plan_light(PHOTO, MASK, target, 1.0).apply(PHOTO)
    corrected = plan_light(seen, MASK, target, 1.0).apply(seen)
    assert mean_difference(corrected, reference) < 0.4 * mean_difference(seen, PHOTO)


def test_strictness_zero_changes_nothing_and_more_changes_more() -> None:
    seen = relit(PHOTO, (1.0, 0.8, 0.6))
    target = LightTarget()
    changes = [
        mean_difference(plan_light(seen, MASK, target, strictness).apply(seen), seen)
        for strictness in (0.0, 0.3, 0.6)
    ]
    assert changes[0] == 0
    assert changes[0] < changes[1] < changes[2]


def test_a_red_product_stays_red_in_neutral_light() -> None:
    photo = np.full((120, 160, 3), 235, np.uint8)
    photo[SUBJECT] = (176, 40, 38)
    mapped = plan_light(photo, MASK, LightTarget(), 1.0).apply(photo)
    before, after = rgb_to_lab(photo)[SUBJECT].mean(axis=0), rgb_to_lab(mapped)[SUBJECT].mean(axis=0)
    assert np.hypot(*after[1:]) > 0.9 * np.hypot(*before[1:])
    turn = np.degrees(np.arctan2(after[2], after[1]) - np.arctan2(before[2], before[1]))
    assert abs(turn) < 4


def test_the_tone_curve_stays_within_its_limit() -> None:
    dull = np.rint(PHOTO * 0.25 + 150).astype(np.uint8)
    colour_map = plan_light(dull, MASK, LightTarget(contrast=40), 1.0)
    lit, toned = colour_map.light_only().apply(dull), colour_map.apply(dull)
    change = np.median(delta_e_2000(rgb_to_lab(lit)[SUBJECT], rgb_to_lab(toned)[SUBJECT]))
    assert 0.3 < change < MAX_TONE_DELTA_E + 0.5


def skin_turn() -> float:
    """Degrees by which skin in greenish light turns."""
    photo = np.full((120, 160, 3), (160, 205, 130), np.uint8)
    photo[SUBJECT] = (150, 110, 96)
    assert is_skin_coloured(photo[SUBJECT] / 255).all()
    mapped = plan_light(photo, MASK, LightTarget(), 1.0).apply(photo)
    before, after = rgb_to_lab(photo)[SUBJECT].mean(axis=0), rgb_to_lab(mapped)[SUBJECT].mean(axis=0)
    return float(abs(np.degrees(np.arctan2(after[2], after[1]) - np.arctan2(before[2], before[1]))))


def test_skin_keeps_its_hue(monkeypatch: pytest.MonkeyPatch) -> None:
    assert skin_turn() < light.MAX_SKIN_TURN + 1.5
    monkeypatch.setattr(light, "MAX_SKIN_TURN", 360.0)
    assert skin_turn() > 10


def test_a_colour_that_no_lamp_has_is_not_taken_for_light() -> None:
    magenta = np.full((64, 64, 3), (205, 60, 205), np.uint8)
    found = estimate_illuminant(magenta, (magenta / 255) ** 2.2)
    assert found.confidence < 0.3
    assert np.log(found.white.max() / found.white.min()) < 0.5


def test_the_target_is_the_median_of_its_pictures() -> None:
    measures = [measure_light(relit(PHOTO, (gain,) * 3), MASK) for gain in (0.2, 0.6, 0.7)]
    target = target_of(measures)
    assert target.brightness == pytest.approx(measures[1].brightness)
    with pytest.raises(ValueError, match="at least one"):
        target_of([])


def test_a_photo_without_background_is_measured_as_a_whole() -> None:
    measure = measure_light(PHOTO, np.zeros_like(MASK))
    assert measure.brightness == pytest.approx(np.quantile(rgb_to_lab(PHOTO)[..., 0], 0.9), abs=1)
    full = measure_light(PHOTO, np.ones_like(MASK))
    assert np.isnan(full.background).all()
