from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from styletransfer.imaging.colour import delta_e_2000, rgb_to_lab
from styletransfer.imaging.unify import light
from styletransfer.imaging.unify.illuminant import Illuminant, estimate_illuminant
from styletransfer.imaging.unify.light import (
    MAX_TONE_DELTA_E,
    is_skin_coloured,
    lit_subject,
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


def skin_turn(confidence: float) -> float:
    """Degrees by which skin in orange light turns, where the light is known with some confidence."""
    photo = np.full((120, 160, 3), (235, 190, 130), np.uint8)
    photo[SUBJECT] = (150, 110, 96)
    assert is_skin_coloured(photo[SUBJECT] / 255).all()
    seen = measure_light(photo, MASK)
    known = replace(seen, illuminant=Illuminant(np.array([1.3, 0.95, 0.6]), confidence))
    mapped = plan_light(photo, MASK, LightTarget(), 1.0, known).apply(photo)
    return hue_turn(photo, mapped)


def hue_turn(before: np.ndarray, after: np.ndarray) -> float:
    (_, a, b), (_, new_a, new_b) = (rgb_to_lab(each)[SUBJECT].mean(axis=0) for each in (before, after))
    return float(abs(np.degrees(np.arctan2(a * new_b - b * new_a, a * new_a + b * new_b))))


def test_skin_keeps_its_hue_the_more_the_light_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    assert skin_turn(0.1) < light.MAX_SKIN_TURN[0] + 3
    assert light.MAX_SKIN_TURN[0] + 3 < skin_turn(0.5) < sum(light.MAX_SKIN_TURN) / 2 + 2
    monkeypatch.setattr(light, "MAX_SKIN_TURN", (360.0, 360.0))
    assert skin_turn(0.5) > 20


def test_a_light_in_doubt_is_corrected_less() -> None:
    photo = relit(PHOTO, (1.0, 0.8, 0.6))
    seen = measure_light(photo, MASK)
    changes = [
        mean_difference(
            plan_light(photo, MASK, LightTarget(), 0.7, replace(seen, illuminant=doubted)).apply(photo), photo
        )
        for doubted in (Illuminant(seen.illuminant.white, confidence) for confidence in (0.05, 0.2, 0.8))
    ]
    assert changes[0] < changes[1] < changes[2]


def test_cloth_in_a_colour_that_no_lamp_has_keeps_it() -> None:
    magenta = np.full((120, 160, 3), (205, 60, 205), np.uint8)
    nothing = np.zeros_like(MASK)
    assert measure_light(magenta, nothing).illuminant.confidence < 0.4
    mapped = plan_light(magenta, nothing, LightTarget(), 1.0).apply(magenta)
    assert hue_turn(magenta, mapped) < 15


def test_a_picture_that_is_blown_out_tells_no_light() -> None:
    white = np.full((64, 64, 3), (255, 250, 240), np.uint8)
    found = estimate_illuminant(white, np.zeros((64, 64), np.float32))
    assert found.confidence == 0
    assert (found.white == 1).all()


def test_the_target_is_the_median_of_its_pictures() -> None:
    measures = [measure_light(relit(PHOTO, (gain,) * 3), MASK) for gain in (0.2, 0.6, 0.7)]
    target = target_of(measures)
    assert target.contrast == measures[1].contrast
    assert target.exposure == 0
    assert target.lightness == pytest.approx(np.median([lit_subject(each)[0] for each in measures]))
    own = target_of(measures, keep_white=True)
    assert own.exposure == pytest.approx(measures[1].exposure)
    assert (own.lightness, *own.colour) == pytest.approx(np.median([m.subject for m in measures], axis=0))
    with pytest.raises(ValueError, match="at least one"):
        target_of([])


def test_a_photo_without_background_is_measured_as_a_whole() -> None:
    measure = measure_light(PHOTO, np.zeros_like(MASK))
    assert measure.white == pytest.approx(np.quantile(rgb_to_lab(PHOTO)[..., 0], 0.99), abs=1)
    full = measure_light(PHOTO, np.ones_like(MASK))
    assert np.isnan(full.background).all()
