from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from styletransfer.imaging.masks.base import MaskError, create_masker
from styletransfer.imaging.masks.border import BorderMasker
from tests.imaging.masks.pictures import overlap, paint, planks, sweep, vase

BLUE, RED, WHITE = (40, 70, 150), (190, 40, 45), (246, 246, 246)


@pytest.fixture
def masker():
    return create_masker("border")


@pytest.mark.parametrize("background", [sweep, planks])
@pytest.mark.parametrize("colour", [BLUE, RED])
def test_finds_a_plain_object(masker, background, colour):
    found = masker.mask(paint(background(), vase(), colour))
    assert overlap(found.alpha, vase()) > 0.95
    assert found.method == "border"
    assert found.alpha.dtype == np.float32
    assert found.alpha.shape == (240, 320)


def test_a_large_picture_keeps_the_outline(masker):
    shape = vase(960, 1280)
    found = masker.mask(paint(sweep(960, 1280), shape, BLUE))
    assert overlap(found.alpha, shape) > 0.96


def test_a_label_in_the_colour_of_the_backdrop_belongs_to_the_bottle(masker):
    shape = vase()
    picture = paint(sweep(), shape, (120, 60, 30))
    picture[120:170, 140:200] = (252, 252, 250)
    for row in range(126, 166, 8):
        picture[row : row + 3, 146:194:4] = 30
    assert overlap(masker.mask(picture).alpha, shape) > 0.93


def test_the_hole_of_a_ring_stays_open(masker):
    ring = np.zeros((240, 320), np.uint8)
    cv2.circle(ring, (160, 125), 80, 1, -1)
    cv2.circle(ring, (160, 125), 45, 0, -1)
    found = masker.mask(paint(planks(), ring > 0, BLUE))
    assert overlap(found.alpha, ring > 0) > 0.9
    assert found.alpha[125, 160] < 0.1


def test_a_pair_is_one_subject(masker):
    pair = np.zeros((240, 320), np.uint8)
    cv2.ellipse(pair, (100, 130), (40, 80), 0, 0, 360, 1, -1)
    cv2.ellipse(pair, (220, 130), (40, 80), 0, 0, 360, 1, -1)
    assert overlap(masker.mask(paint(sweep(), pair > 0, RED)).alpha, pair > 0) > 0.93


def test_a_soft_shadow_is_not_the_product(masker):
    shadow = np.zeros((240, 320), np.float32)
    cv2.ellipse(shadow, (200, 200), (90, 18), 0, 0, 360, 1.0, -1)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 10)[..., None]
    picture = paint((sweep() * (1 - 0.3 * shadow)).astype(np.uint8), vase(), RED)
    assert overlap(masker.mask(picture).alpha, vase()) > 0.9


def test_the_same_mask_for_the_mirrored_picture(masker):
    picture = paint(planks(), vase(), BLUE)
    straight = masker.mask(picture).alpha >= 0.5
    mirrored = masker.mask(np.ascontiguousarray(picture[:, ::-1])).alpha[:, ::-1] >= 0.5
    assert (straight & mirrored).sum() / (straight | mirrored).sum() > 0.97


def test_transparency_is_the_mask(masker):
    picture = np.dstack([paint(sweep(), vase(), BLUE), vase().astype(np.uint8) * np.uint8(200)])
    found = masker.mask(picture)
    assert found.method == "alpha"
    assert found.confidence == 1.0
    np.testing.assert_allclose(found.alpha, vase() * np.float32(200 / 255))


def test_opaque_transparency_says_nothing(masker):
    picture = np.dstack([paint(sweep(), vase(), BLUE), np.full((240, 320), 255, np.uint8)])
    assert masker.mask(picture).method == "border"


def test_white_on_white_falls_back_or_admits_doubt(masker):
    picture = paint(np.full((240, 320, 3), 245, np.uint8), vase(), WHITE)
    assert not masker.mask(picture).is_reliable


def test_nothing_at_all_is_the_whole_picture(masker):
    found = masker.mask(np.full((100, 140, 3), 128, np.uint8))
    assert found.method == "fallback"
    assert not found.is_reliable
    assert found.alpha.min() == 1


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 300), (300, 1), (7, 9), (23, 300), (25, 25), (33, 257), (400, 31)]
)
def test_tiny_and_odd_sizes(masker, size):
    random = np.random.default_rng(3)
    found = masker.mask(random.integers(0, 255, (*size, 3)).astype(np.uint8))
    assert found.alpha.shape == size
    assert np.isfinite(found.alpha).all()
    assert found.alpha.min() >= 0
    assert found.alpha.max() <= 1


def test_same_mask_every_time_and_in_every_thread():
    masker = BorderMasker()
    pictures = [paint(planks(), vase(), colour) for colour in (BLUE, (200, 180, 40))]
    alone = [masker.mask(picture).alpha for picture in pictures]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda picture: masker.mask(picture).alpha, pictures * 2))
    for index, alpha in enumerate(together):
        np.testing.assert_array_equal(alpha, alone[index % 2])


def test_refuses_what_is_no_picture(masker):
    with pytest.raises(MaskError, match="uint8"):
        masker.mask(np.zeros((20, 20), np.uint8))
    with pytest.raises(MaskError, match="float"):
        masker.mask(np.zeros((20, 20, 3), np.float32))
