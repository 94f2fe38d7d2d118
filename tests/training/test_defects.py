"""Defects must be what they say, seeded, and leave the size alone."""

import numpy as np
import pytest

from styletransfer.engine.base import Pixels
from styletransfer.training.defects import (
    DEFECTS,
    Chances,
    spoiled,
    with_background,
    with_exposure,
    with_jpeg,
    with_label,
    with_padding,
    with_white_balance,
)


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def photo() -> Pixels:
    """A red disc on light grey."""
    y, x = np.mgrid[0:120, 0:90]
    pixels = np.full((120, 90, 3), 200, np.uint8)
    pixels[np.hypot(y - 60, x - 45) < 28] = (180, 40, 50)
    return pixels


@pytest.mark.parametrize("name", DEFECTS)
def test_a_seed_decides_and_the_size_stays(name: str, photo: Pixels) -> None:
    before = photo.copy()
    first, again = DEFECTS[name](photo, rng()), DEFECTS[name](photo, rng())
    assert first.shape == photo.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, photo)
    assert not np.array_equal(first, DEFECTS[name](photo, rng(4)))
    np.testing.assert_array_equal(photo, before)


def test_background_changes_the_backdrop_only(photo: Pixels) -> None:
    changed = with_background(photo, rng())
    np.testing.assert_array_equal(changed[50:70, 35:55], photo[50:70, 35:55])
    assert np.abs(changed[:10].astype(int) - 200).mean() > 5


def test_a_busy_border_is_left_alone() -> None:
    busy = rng().integers(0, 256, (80, 80, 3), np.uint8)
    np.testing.assert_array_equal(with_background(busy, rng()), busy)


def test_padding_leaves_a_plain_frame_round_a_smaller_picture(photo: Pixels) -> None:
    padded = with_padding(photo, rng())
    red = (padded[..., 0] > 140) & (padded[..., 1] < 90)
    whole = (photo[..., 0] > 140) & (photo[..., 1] < 90)
    assert 0.1 < red.sum() / whole.sum() < 0.9


def test_exposure_scales_linear_light(photo: Pixels) -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    changed = with_exposure(grey, rng())
    stops = rng().uniform(-1, 1)
    linear = ((100 / 255 + 0.055) / 1.055) ** 2.4 * 2**stops
    assert changed[0, 0, 0] == round(255 * (1.055 * linear ** (1 / 2.4) - 0.055))
    assert len(set(changed[0, 0].tolist())) == 1


def test_white_balance_leaves_green_alone(photo: Pixels) -> None:
    changed = with_white_balance(photo, rng())
    np.testing.assert_array_equal(changed[..., 1], photo[..., 1])
    assert (changed[..., 0] != photo[..., 0]).any()


def test_jpeg_adds_noise_of_its_own(photo: Pixels) -> None:
    error = np.abs(with_jpeg(photo, rng()).astype(int) - photo)
    assert 0.1 < error.mean() < 10


def test_a_label_covers_part_of_the_picture(photo: Pixels) -> None:
    changed = (with_label(photo, rng()) != photo).any(-1).mean()
    assert 0.01 < changed < 0.5


def test_chances_are_obeyed(photo: Pixels) -> None:
    never = Chances(0, 0, 0, 0, 0, 0)
    np.testing.assert_array_equal(spoiled(photo, rng(), never), photo)
    only_white_balance = Chances(0, 0, 0, 1, 0, 0)
    np.testing.assert_array_equal(spoiled(photo, rng(), only_white_balance)[..., 1], photo[..., 1])
    counts = sum(not np.array_equal(spoiled(photo, rng(i)), photo) for i in range(40))
    assert 25 <= counts <= 40
