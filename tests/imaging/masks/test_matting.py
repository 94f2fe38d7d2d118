from __future__ import annotations

import cv2
import numpy as np
import pytest

from styletransfer.imaging.masks.base import MaskError
from styletransfer.imaging.masks.matting import composite, estimate_foreground, refine_alpha

RED, GREEN = np.array([200, 30, 30], np.uint8), np.array([20, 160, 40], np.uint8)


def soft_disc(size: int = 120) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size / 2 + 0.5
    return np.clip((40 - np.hypot(x, y)) / 6 + 0.5, 0, 1).astype(np.float32)


def red_on_green() -> np.ndarray:
    alpha = soft_disc()[..., None]
    return np.rint(RED * alpha + GREEN * (1 - alpha)).astype(np.uint8)


def test_a_rough_mask_finds_the_edge():
    truth = soft_disc()
    rough = (cv2.dilate(truth, np.ones((9, 9))) > 0.5).astype(np.float32)
    refined = refine_alpha(red_on_green(), rough, band=8)
    assert np.abs(refined - truth).mean() < 0.4 * np.abs(rough - truth).mean()


def test_far_from_the_outline_nothing_changes():
    rough = (soft_disc() > 0.5).astype(np.float32)
    refined = refine_alpha(red_on_green(), rough, band=4)
    assert (refined[50:70, 50:70] == 1).all()
    assert (refined[:10] == 0).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_mask_without_outline_comes_back(value):
    alpha = np.full((120, 120), value, np.float32)
    np.testing.assert_array_equal(refine_alpha(red_on_green(), alpha), alpha)


def test_edge_pixels_lose_the_old_background():
    alpha = soft_disc()
    foreground = estimate_foreground(red_on_green(), alpha)
    rim = (alpha > 0.2) & (alpha < 0.9)
    before = np.abs(red_on_green()[rim].astype(int) - RED).mean()
    after = np.abs(foreground[rim].astype(int) - RED).mean()
    assert after < 0.15 * before
    np.testing.assert_array_equal(foreground[alpha == 1], red_on_green()[alpha == 1])


def test_composite_keeps_whole_pixels_bit_for_bit():
    alpha = soft_disc()
    picture = red_on_green()
    result = composite(picture, np.array([255, 255, 255], np.uint8), alpha)
    np.testing.assert_array_equal(result[alpha == 1], picture[alpha == 1])
    assert (result[alpha == 0] == 255).all()


def test_composite_mixes_light_not_code_values():
    black, white = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
    assert composite(white, black, np.full((1, 1), 0.5, np.float32))[0, 0, 0] == 188


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (2, 3), (17, 5)])
def test_small_pictures(size):
    picture = np.random.default_rng(0).integers(0, 255, (*size, 3)).astype(np.uint8)
    alpha = np.random.default_rng(1).random(size).astype(np.float32)
    assert refine_alpha(picture, alpha).shape == size
    assert estimate_foreground(picture, alpha).shape == (*size, 3)


def test_sizes_must_agree():
    with pytest.raises(MaskError, match="one size"):
        composite(red_on_green(), red_on_green(), np.ones((3, 3), np.float32))
