from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from styletransfer.imaging.unify.background import colour_of, extend
from styletransfer.imaging.unify.framing import subject_box
from styletransfer.imaging.unify.picture import unify_picture
from styletransfer.imaging.unify.settings import UnifyOptions
from styletransfer.imaging.unify.shadow import draw_contact_shadow, find_shadow
from tests.imaging.unify.synthetic import bottle_mask, box_mask, product_photo, to_bytes

MASK = box_mask(150, 200, 40, 30, 110, 120)
PHOTO = product_photo(MASK)
PLAIN = UnifyOptions(size=200, shadow="none")


def photo_with_shadow() -> np.ndarray:
    y, x = np.mgrid[:150, :200]
    shade = 0.5 * np.exp(-(((x - 95) / 45) ** 2) - ((y - 122) / 7) ** 2)
    backdrop = np.where(MASK > 0.5, 1, 1 - shade)[..., None]
    return to_bytes(PHOTO / 255 * backdrop)


def test_white_is_exactly_white_outside_the_subject() -> None:
    done = unify_picture(PHOTO, MASK, PLAIN)
    outside = done.alpha == 0
    assert outside.mean() > 0.3
    assert (done.pixels[outside] == 255).all()


def test_a_solid_colour_is_exact_and_a_gradient_runs_down() -> None:
    solid = unify_picture(PHOTO, MASK, dataclasses.replace(PLAIN, background="colour", colour="#e6dccf"))
    assert (solid.pixels[0] == (0xE6, 0xDC, 0xCF)).all()
    options = dataclasses.replace(PLAIN, background="gradient", colour="#ffffff", colour_to="#808080")
    column = unify_picture(PHOTO, MASK, options).pixels[:, 0, 0].astype(int)
    assert (column[0], column[-1]) == (255, 128)
    assert (np.diff(column) <= 0).all()


def test_every_photo_gets_the_same_size_place_and_margin() -> None:
    for box in ((40, 30, 110, 120), (5, 5, 60, 145), (120, 60, 190, 90)):
        mask = box_mask(150, 200, *box)
        done = unify_picture(product_photo(mask), mask, PLAIN)
        found = subject_box(done.alpha)
        assert done.pixels.shape == (200, 200, 3)
        assert found is not None
        assert max(found.width, found.height) == pytest.approx(160, abs=1)
        assert (found.left + found.right) / 2 == pytest.approx(100, abs=1)
        assert (found.top + found.bottom) / 2 == pytest.approx(100, abs=1)


def test_subject_colours_survive_cutting_and_scaling() -> None:
    options = dataclasses.replace(PLAIN, strictness=0.0)
    done = unify_picture(PHOTO, MASK, options)
    before = np.median(PHOTO[MASK > 0.5], axis=0)
    after = np.median(done.pixels[done.alpha > 0.99], axis=0)
    np.testing.assert_allclose(after, before, atol=2)


def test_no_seam_of_the_old_background_is_left() -> None:
    mask = bottle_mask(0)
    dark = np.where(mask[..., None] > 0, 200 * mask[..., None] + 20 * (1 - mask[..., None]), 20)
    photo = np.repeat(np.rint(dark).astype(np.uint8), 3, axis=2)
    done = unify_picture(photo, mask, UnifyOptions(size=240, shadow="none", strictness=0, straighten=False))
    edge = (done.alpha > 0.05) & (done.alpha < 0.95)
    assert done.pixels[edge].min() > 180


def test_same_input_same_bytes() -> None:
    first, second = (unify_picture(PHOTO, MASK, UnifyOptions(size=200)).pixels for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_crooked_bottle_is_straightened_and_a_very_crooked_one_left() -> None:
    for angle, turned in ((2.0, 2.0), (-7.5, 0.0)):
        mask = bottle_mask(angle)
        photo = np.repeat(np.rint(230 - mask * 150).astype(np.uint8)[..., None], 3, axis=2)
        assert unify_picture(photo, mask, PLAIN).angle == pytest.approx(turned, abs=0.4)


def test_a_cut_off_subject_is_not_floated() -> None:
    mask = box_mask(150, 200, 60, 40, 120, 150)
    done = unify_picture(product_photo(mask), mask, UnifyOptions(size=200, shadow="contact"))
    assert done.alpha[-1].max() > 0.99
    assert "cut_off" in done.notes
    assert (done.pixels[done.alpha == 0] == 255).all()


def test_the_photos_own_shadow_is_found_and_kept() -> None:
    found = find_shadow(photo_with_shadow(), MASK)
    assert found.confidence > 0.5
    assert found.light[124, 95] == pytest.approx(0.5**2.2, abs=0.12)
    assert found.light[20, 180] > 0.98
    done = unify_picture(photo_with_shadow(), MASK, UnifyOptions(size=200))
    assert done.shadow == "keep"
    below = done.pixels[184:, 90:110].min()
    assert below < 230
    assert (done.pixels[:10] == 255).all()


def test_a_patterned_background_gives_no_shadow() -> None:
    checks = (np.indices((150, 200)) // 12).sum(axis=0) % 2 * 60
    photo = PHOTO.copy()
    photo[MASK < 0.5] = (150 + checks[..., None].repeat(3, axis=2).astype(np.uint8))[MASK < 0.5]
    assert find_shadow(photo, MASK).confidence < 0.5
    assert unify_picture(photo, MASK, UnifyOptions(size=200)).shadow == "contact"


def test_a_drawn_shadow_lies_under_the_subject() -> None:
    light = draw_contact_shadow(MASK, ())
    assert light[120, 60:90].max() < 0.75
    assert light[124, 60:90].max() < 0.95
    assert light[:100, :30].min() > 0.99
    assert (draw_contact_shadow(MASK, ("bottom",)) == 1).all()


def test_a_kept_background_is_continued_without_the_subject() -> None:
    options = UnifyOptions(size=300, background="keep", margin=0.3, strictness=0)
    done = unify_picture(PHOTO, MASK, options)
    border = np.concatenate([done.pixels[:8].reshape(-1, 3), done.pixels[-8:].reshape(-1, 3)])
    assert done.pixels.shape == (300, 300, 3)
    assert np.abs(border.astype(int) - 235).max() < 12


def test_extending_leaves_the_photo_itself_alone() -> None:
    wide = extend(PHOTO, MASK, (7, 3, 11, 5))
    assert wide.shape == (158, 218, 3)
    np.testing.assert_array_equal(wide[3:153, 7:207], PHOTO)


def test_without_reframing_the_size_stays() -> None:
    done = unify_picture(PHOTO, MASK, dataclasses.replace(PLAIN, reframe=False))
    assert done.pixels.shape == PHOTO.shape
    np.testing.assert_allclose(done.alpha, MASK, atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_unknown_subject_keeps_the_photo_whole(value: float) -> None:
    done = unify_picture(
        PHOTO, np.full(MASK.shape, value, np.float32), dataclasses.replace(PLAIN, strictness=0)
    )
    assert "no_subject" in done.notes
    np.testing.assert_array_equal(done.pixels[25:175], PHOTO)
    assert (done.pixels[:25] == 255).all()
    assert (done.pixels[175:] == 255).all()


def test_a_kept_background_without_a_known_subject_is_continued_softly() -> None:
    stripes = np.repeat((np.arange(150) // 5 % 2 * 200).astype(np.uint8)[:, None], 200, axis=1)
    photo = np.dstack([stripes] * 3)
    options = UnifyOptions(size=200, background="keep", strictness=0)
    done = unify_picture(photo, np.zeros(MASK.shape, np.float32), options)
    np.testing.assert_allclose(done.pixels[26:174], photo[1:149], atol=1)
    assert np.ptp(done.pixels[:15].astype(int)) < 100


def test_transparency_is_laid_on_white() -> None:
    transparent = np.dstack((PHOTO, np.rint(MASK * 255).astype(np.uint8)))
    done = unify_picture(transparent, MASK, PLAIN)
    assert done.pixels.shape == (200, 200, 3)


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="mask"):
        unify_picture(PHOTO, MASK[:-1], PLAIN)
    with pytest.raises(ValueError, match="photo"):
        unify_picture(PHOTO.astype(np.float32), MASK, PLAIN)


def test_colours_are_read() -> None:
    np.testing.assert_allclose(colour_of("#ff8000"), (1, 128 / 255, 0), atol=1e-6)
