from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.colour import rgb_to_lab
from styletransfer.imaging.masks.base import MaskError, SubjectMask
from styletransfer.imaging.masks.scopes import apply_protection, apply_scope, feathered, lightness_guard

SIZE = 96


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(60, 200, (SIZE, SIZE, 3)).astype(np.uint8)


@pytest.fixture
def painted(photo):
    return 255 - photo


@pytest.fixture
def mask():
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[24:72, 24:72] = 1
    return SubjectMask(alpha, 1.0, "drawn")


def test_scopes(photo, painted, mask):
    np.testing.assert_array_equal(apply_scope(photo, painted, mask, "whole"), painted)
    subject = apply_scope(photo, painted, mask, "subject")
    background = apply_scope(photo, painted, mask, "background")
    inner, outer = np.s_[32:64, 32:64], np.s_[:16]
    np.testing.assert_array_equal(subject[inner], painted[inner])
    np.testing.assert_array_equal(subject[outer], photo[outer])
    np.testing.assert_array_equal(background[inner], photo[inner])
    np.testing.assert_array_equal(background[outer], painted[outer])


def test_without_feather_the_edge_is_hard(photo, painted, mask):
    result = apply_scope(photo, painted, mask.alpha, "subject", feather=0)
    np.testing.assert_array_equal(result[24:72, 24:72], painted[24:72, 24:72])
    np.testing.assert_array_equal(result[:24], photo[:24])


def test_feather_is_symmetric(mask):
    soft = feathered(mask.alpha, 8)
    assert 0.3 < soft[24, 48] < 0.7
    assert soft[48, 48] == 1
    assert soft[2, 2] == 0


def test_alpha_stays_the_photos(photo, painted, mask):
    alpha = np.full((SIZE, SIZE, 1), 77, np.uint8)
    photo, painted = np.dstack([photo, alpha]), np.dstack([painted, alpha + 1])
    areas = mask.alpha
    for result in (
        apply_scope(photo, painted, mask, "subject"),
        apply_scope(photo, painted, mask, "whole"),
        apply_protection(photo, painted, areas, 0.5),
        lightness_guard(photo, painted, 1.0),
    ):
        assert result.shape == photo.shape
        np.testing.assert_array_equal(result[..., 3], photo[..., 3])


def test_protection_amounts(photo, painted, mask):
    inside = np.s_[24:72, 24:72]
    np.testing.assert_array_equal(apply_protection(photo, painted, mask.alpha, 0), painted)
    full = apply_protection(photo, painted, mask.alpha, 1)
    np.testing.assert_array_equal(full[inside], photo[inside])
    np.testing.assert_array_equal(full[:10], painted[:10])
    half = apply_protection(photo, painted, mask.alpha, 0.5)[inside].astype(int)
    low = np.minimum(photo[inside], painted[inside]).astype(int)
    high = np.maximum(photo[inside], painted[inside]).astype(int)
    assert ((half >= low) & (half <= high)).all()


def test_guard_restores_the_order_of_light_and_dark():
    photo = np.full((128, 128, 3), 40, np.uint8)
    photo[:, 64:] = 210
    swapped = np.full((128, 128, 3), 200, np.uint8)
    swapped[:, 64:] = 60
    guarded = rgb_to_lab(lightness_guard(photo, swapped, 1.0))[..., 0]
    assert guarded[:, 80:].mean() > guarded[:, :48].mean() + 20


def test_guard_leaves_a_painting_in_order_alone():
    photo = np.tile(np.linspace(20, 230, 128).astype(np.uint8)[None, :, None], (128, 1, 3))
    darker = (photo * 0.6).astype(np.uint8)
    np.testing.assert_array_equal(lightness_guard(photo, darker, 1.0), darker)
    np.testing.assert_array_equal(lightness_guard(photo, 255 - photo, 0), 255 - photo)


def test_bad_arguments(photo, painted, mask):
    with pytest.raises(MaskError, match="scope"):
        apply_scope(photo, painted, mask, "edges")  # type: ignore[arg-type]
    with pytest.raises(MaskError, match="one size"):
        apply_scope(photo, painted[:50], mask, "subject")
    with pytest.raises(MaskError, match="amount"):
        apply_protection(photo, painted, mask.alpha, 1.5)
    with pytest.raises(MaskError, match="areas"):
        apply_protection(photo, painted, mask.alpha[:5], 1.0)
