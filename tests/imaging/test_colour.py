"""Colour conversions against the published data and scikit-image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color

from styletransfer.imaging.colour import (
    delta_e_2000,
    lab_to_rgb,
    lab_to_xyz,
    linear_to_srgb,
    linear_to_xyz,
    rgb_to_lab,
    srgb_to_linear,
    xyz_to_lab,
    xyz_to_linear,
)

# Sharma, Wu, Dalal 2005, table 1: the pairs that tell wrong implementations from right ones.
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0009, -2.4900), 4.8045),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((50.0, 2.5, 0.0), (50.0, 3.1736, 0.5854), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_delta_e_2000_on_the_published_pairs(first, second, expected):
    first, second = np.array(first), np.array(second)
    assert delta_e_2000(first, second) == pytest.approx(expected, abs=5e-5)
    assert delta_e_2000(second, first) == pytest.approx(expected, abs=5e-5)


def test_delta_e_2000_agrees_with_scikit_image():
    generator = np.random.default_rng(0)
    first = generator.uniform([0, -100, -100], [100, 100, 100], (50_000, 3))
    second = first + generator.normal(0, 15, first.shape)
    expected = color.deltaE_ciede2000(first, second)
    assert np.abs(delta_e_2000(first, second) - expected).max() < 1e-9
    single = delta_e_2000(first.astype(np.float32), second.astype(np.float32))
    assert single.dtype == np.float32
    assert np.abs(single - expected).max() < 1e-3


def test_lab_agrees_with_scikit_image():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert rgb_to_lab(pixels).dtype == np.float32
    assert np.abs(rgb_to_lab(pixels) - color.rgb2lab(pixels)).max() < 0.01


def test_every_grey_is_neutral_and_white_is_one_hundred():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    lab = rgb_to_lab(greys)
    assert np.abs(lab[:, 1:]).max() < 1e-3
    assert lab[0] == pytest.approx([0, 0, 0], abs=1e-4)
    assert lab[-1] == pytest.approx([100, 0, 0], abs=1e-3)


def test_every_colour_survives_the_round_trip():
    steps = np.arange(0, 256, 5, dtype=np.uint8)
    pixels = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 52, 3)
    assert np.array_equal(lab_to_rgb(rgb_to_lab(pixels)), pixels)


def test_colours_outside_srgb_are_clipped():
    assert lab_to_rgb(np.array([50.0, 120.0, -120.0])).tolist()[1] == 0
    assert lab_to_rgb(np.array([150.0, 0.0, 0.0])).tolist() == [255, 255, 255]


def test_strips_do_not_show():
    pixels = np.random.default_rng(0).integers(0, 256, (2**17 + 5, 3), dtype=np.uint8)
    assert np.array_equal(rgb_to_lab(pixels)[-10:], rgb_to_lab(pixels[-10:]))


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
@settings(derandomize=True)
def test_each_step_undoes_its_inverse(values):
    srgb = np.array(values)
    linear = srgb_to_linear(srgb)
    xyz = linear_to_xyz(linear)
    assert linear_to_srgb(linear) == pytest.approx(srgb, abs=1e-6)
    assert xyz_to_linear(xyz) == pytest.approx(linear, abs=1e-9)
    assert lab_to_xyz(xyz_to_lab(xyz)) == pytest.approx(xyz, abs=1e-9)
