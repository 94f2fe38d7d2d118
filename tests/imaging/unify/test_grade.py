from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.imaging.unify.colour_map import ColourMap
from styletransfer.imaging.unify.grade import MOST_PULL, Grade, bend_rationally, lifted, plan_grade
from styletransfer.imaging.unify.light import in_neutral_light, measure_light, plan_light, target_of
from styletransfer.imaging.unify.settings import LightTarget
from tests.imaging.unify.synthetic import box_mask, product_photo, relit

MASK = box_mask(120, 160, 40, 30, 110, 100)
SUBJECT = MASK > 0.5


def subject_in(colour: tuple[int, int, int]) -> np.ndarray:
    """A photo with a grainy product of one colour, and a white label on it."""
    photo = np.full((120, 160, 3), 225, np.uint8)
    grain = np.random.default_rng(2).normal(1, 0.12, (120, 160, 1))
    photo[SUBJECT] = np.clip(np.array(colour) * grain, 0, 255)[SUBJECT]
    photo[60:70, 60:75] = 250
    return photo


def means(photos: list[np.ndarray], amount: float, target: LightTarget) -> np.ndarray:
    done = [plan_light(each, MASK, target, 0.7, match_tones=amount).apply(each) for each in photos]
    lab = [rgb_to_lab(each)[SUBJECT] for each in done]
    return np.array([[*each.mean(axis=0), each[:, 0].std()] for each in lab])


@pytest.mark.parametrize("bend", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("lift", [-0.75, 0.0, 3.0])
def test_the_curve_rises_and_keeps_black_and_white(lift: float, bend: float) -> None:
    values = np.linspace(0, 1, 2001)
    curve = Grade(lift, bend, 0.4).lightness(values)
    assert np.diff(curve).min() > 0
    assert curve[[0, -1]] == pytest.approx([0, 1])


def test_slopes_are_as_stated() -> None:
    step = 1e-5
    assert lifted(np.array(step), 2.0) / step == pytest.approx(3, rel=1e-3)
    around = bend_rationally(np.array([0.4 - step, 0.4, 0.4 + step]), 1.6, 0.4)
    assert around[1] == pytest.approx(0.4)
    assert (around[2] - around[0]) / (2 * step) == pytest.approx(1.6, rel=1e-3)


def test_matching_draws_a_collection_together_and_none_leaves_it_apart() -> None:
    colours = [(190, 40, 40), (40, 70, 160), (40, 40, 40), (215, 205, 190), (90, 140, 70)]
    photos = [subject_in(each) for each in colours]
    target = target_of([measure_light(each, MASK) for each in photos])
    apart = [means(photos, amount, target).std(axis=0) for amount in (0.0, 0.5, 1.0)]
    assert (apart[1] < apart[0]).all()
    colour = [float(np.hypot.reduce(each[:3])) for each in apart]
    assert colour[2] < 0.45 * colour[0]
    assert apart[2][3] < 0.5 * apart[0][3]


def test_a_red_product_gets_paler_and_stays_red() -> None:
    photo = subject_in((190, 40, 40))
    before, after = (means([photo], amount, LightTarget(colour=(0.0, 0.0)))[0, 1:3] for amount in (0.0, 1.0))
    assert np.hypot(*after) < 0.6 * np.hypot(*before)
    turn = np.degrees(np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0]))
    assert abs(turn) < 8


def test_a_white_label_stays_white() -> None:
    photo = subject_in((40, 70, 160))
    done = plan_light(photo, MASK, LightTarget(colour=(8.0, 16.0)), 0.7, match_tones=1).apply(photo)
    label = rgb_to_lab(done)[62:68, 62:73].reshape(-1, 3).mean(axis=0)
    assert label[0] > 85
    assert np.hypot(*label[1:]) < 8


def test_a_product_that_has_the_targets_colour_keeps_its_own() -> None:
    lab = np.random.default_rng(1).normal((60, 5, 10), (10, 20, 20), (500, 3))
    lab[:, 1:] += np.array([5, 10]) - lab[:, 1:].mean(axis=0)
    grade = plan_grade(lab, LightTarget(colour=(5.0, 10.0)), 1.0)
    assert grade is not None
    assert grade.pull < 1e-6
    away = plan_grade(lab + np.array([0, 30, 0]), LightTarget(colour=(5.0, 10.0)), 1.0)
    assert away is not None
    assert away.pull == pytest.approx(MOST_PULL)


def test_lightness_is_what_products_come_near_to() -> None:
    photo = subject_in((90, 85, 80))
    dark, bright = (means([photo], 1.0, LightTarget(lightness=at))[0, 0] for at in (40, 80))
    assert bright - dark > 15
    same = [means([photo], 0.0, LightTarget(lightness=at))[0, 0] for at in (40, 80)]
    assert same[0] == same[1]


def test_tones_are_matched_without_any_correction_of_light() -> None:
    photo = subject_in((40, 40, 40))
    plain = plan_light(photo, MASK, LightTarget(), 0.0)
    assert plain.is_identity()
    matched = plan_light(photo, MASK, LightTarget(), 0.0, match_tones=1)
    assert not matched.is_identity()
    np.testing.assert_array_equal(matched.matrix, np.eye(3))


def test_the_graded_table_agrees_with_the_formula() -> None:
    photo = np.random.default_rng(5).integers(0, 256, (80, 80, 3), np.uint8)
    colour_map = ColourMap(np.eye(3) * 1.3, 1.1, 0.4, Grade(1.0, 0.5, 0.55, 0.7, (4.0, 9.0)))
    difference = np.abs(colour_map.apply(photo) - colour_map.apply_exactly(photo / 255) * 255)
    assert np.quantile(difference, 0.99) <= 3
    assert difference.mean() < 0.6


def test_a_target_of_the_collection_is_as_bright_as_the_collection_in_its_new_light() -> None:
    photo = product_photo(MASK)
    light, dark = (target_of([measure_light(relit(photo, (gain,) * 3), MASK)]) for gain in (0.9, 0.4))
    assert light.lightness == pytest.approx(dark.lightness, abs=4)


def test_a_colour_seen_in_a_warm_light_is_grey_in_neutral_light() -> None:
    grey = in_neutral_light(np.array([60.0, 0.0, 0.0]), np.ones(3), 0.0)
    assert grey == pytest.approx([60, 0, 0], abs=0.1)
    warm = rgb_to_lab(np.array([[180, 150, 110]], np.uint8))[0]
    white = (np.array([180, 150, 110]) / 255) ** 2.2
    assert np.hypot(*in_neutral_light(warm, white / white[1], 0.0)[1:]) < 3
