from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.imaging.unify.colour_map import ColourMap, adaptation, bend_curve

WARM = np.array([1.35, 0.98, 0.6])


def warm_to_neutral(stops: float = 0.5, bend: float = 1.2) -> ColourMap:
    return ColourMap(adaptation(WARM, np.ones(3)) * 2**stops, bend, 0.4)


def test_the_old_white_becomes_the_new_one() -> None:
    mapped = adaptation(WARM, np.ones(3)) @ (WARM / 2)
    assert mapped == pytest.approx([mapped[0]] * 3)


@pytest.mark.parametrize("bend", [0.8, 1.0, 1.3])
@pytest.mark.parametrize("stops", [-0.7, 0.0, 1.8])
def test_tone_rises_and_stays_within_the_gamut(bend: float, stops: float) -> None:
    colour_map = ColourMap(np.eye(3) * 2**stops, bend, 0.3)
    tones = colour_map.tone(np.linspace(0, 2**stops, 2000))
    assert np.diff(tones).min() >= 0
    assert tones[0] == pytest.approx(0)
    assert tones.max() <= 1


def test_bend_is_the_slope_at_the_pivot() -> None:
    around = bend_curve(np.array([0.399, 0.4, 0.401]), 1.25, 0.4)
    assert around[1] == pytest.approx(0.4)
    assert (around[2] - around[0]) / 0.002 == pytest.approx(1.25, abs=0.01)


def test_equal_pixels_stay_equal_wherever_they_lie() -> None:
    generator = np.random.default_rng(3)
    photo = generator.integers(0, 256, (40, 30, 3), np.uint8)
    order = generator.permutation(1200)
    colour_map = warm_to_neutral()
    shuffled = photo.reshape(-1, 3)[order].reshape(30, 40, 3)
    expected = colour_map.apply(photo).reshape(-1, 3)[order]
    np.testing.assert_array_equal(colour_map.apply(shuffled).reshape(-1, 3), expected)


def test_table_agrees_with_the_formula() -> None:
    photo = np.random.default_rng(5).integers(0, 256, (80, 80, 3), np.uint8)
    colour_map = warm_to_neutral()
    exact = colour_map.apply_exactly(photo / 255) * 255
    difference = np.abs(colour_map.apply(photo) - exact)
    assert np.quantile(difference, 0.99) <= 2
    assert difference.mean() < 0.5


def test_the_tone_curve_keeps_hues() -> None:
    red = np.full((1, 1, 3), (178, 50, 40), np.uint8)
    bent = ColourMap(np.eye(3), 1.3, 0.3).apply(red)
    before, after = rgb_to_lab(red)[0, 0], rgb_to_lab(bent)[0, 0]
    turn = np.degrees(np.arctan2(after[2], after[1]) - np.arctan2(before[2], before[1]))
    assert abs(turn) < 5
    assert not np.array_equal(red, bent)


def test_blown_out_white_stays_white() -> None:
    white = np.full((2, 2, 3), 255, np.uint8)
    mapped = warm_to_neutral(0).apply(white)
    assert np.ptp(mapped.astype(int)) == 0


def test_alpha_passes_through() -> None:
    photo = np.random.default_rng(6).integers(0, 256, (10, 10, 4), np.uint8)
    np.testing.assert_array_equal(warm_to_neutral().apply(photo)[..., 3], photo[..., 3])


def test_the_identity_returns_the_same_bytes() -> None:
    photo = np.random.default_rng(7).integers(0, 256, (10, 10, 3), np.uint8)
    np.testing.assert_array_equal(ColourMap(np.eye(3)).apply(photo), photo)
