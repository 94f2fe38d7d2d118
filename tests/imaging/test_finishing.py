from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.finishing import Finish, finish_painting, return_detail

PHOTO = np.zeros((40, 60, 3), np.uint8)
PHOTO[:] = np.linspace(30, 220, 60, dtype=np.uint8)[:, None]
PAINTED = np.full_like(PHOTO, 120)
MASK = np.zeros((40, 60), np.float32)
MASK[10:30, 20:40] = 1


def test_nothing_to_do_is_the_painting_itself() -> None:
    assert finish_painting(PHOTO, PAINTED, Finish(), MASK, protect=np.zeros_like(MASK)) is PAINTED


def test_scopes_paint_one_side_of_the_outline_and_leave_the_other() -> None:
    inside, outside = np.s_[15:25, 25:35], np.s_[:5, :]
    subject = finish_painting(PHOTO, PAINTED, Finish("subject"), MASK)
    np.testing.assert_array_equal(subject[inside], PAINTED[inside])
    np.testing.assert_array_equal(subject[outside], PHOTO[outside])
    background = finish_painting(PHOTO, PAINTED, Finish("background"), MASK)
    np.testing.assert_array_equal(background[inside], PHOTO[inside])
    np.testing.assert_array_equal(background[outside], PAINTED[outside])


@pytest.mark.parametrize("mask", [None, np.zeros_like(MASK)])
def test_without_a_subject_the_whole_picture_stays_painted(mask: np.ndarray | None) -> None:
    np.testing.assert_array_equal(finish_painting(PHOTO, PAINTED, Finish("subject"), mask), PAINTED)


def test_a_wider_feather_mixes_farther() -> None:
    def mixed(feather: float) -> int:
        result = finish_painting(PHOTO, PAINTED, Finish("subject", feather), MASK).astype(int)
        return int(((result != PHOTO) & (result != PAINTED)).any(axis=2).sum())

    assert mixed(0.05) > mixed(0.0)


def test_protected_areas_return_the_photo_by_their_amount() -> None:
    protected = finish_painting(PHOTO, PAINTED, Finish(), protect=MASK)
    np.testing.assert_array_equal(protected[10:30, 20:40], PHOTO[10:30, 20:40])
    np.testing.assert_array_equal(protected[:4, 50:], PAINTED[:4, 50:])


def test_the_guard_puts_light_and_dark_back_in_order() -> None:
    swapped = 255 - PHOTO
    guarded = finish_painting(PHOTO, swapped, Finish(guard=1.0))
    order = np.sign(PHOTO[20, -5, 0].astype(int) - PHOTO[20, 5, 0])
    assert np.sign(guarded[20, -5, 0].astype(int) - guarded[20, 5, 0]) == order
    assert np.sign(swapped[20, -5, 0].astype(int) - swapped[20, 5, 0]) != order


def test_detail_brings_lettering_back_to_a_flat_painting() -> None:
    photo = np.full((64, 64, 4), 200, np.uint8)
    photo[24:40:4, 16:48, :3] = 30
    flat = np.full_like(photo, 130)
    returned = return_detail(photo, flat, 0.8)
    assert returned.shape == photo.shape
    assert returned[24:40, 16:48, :3].std() > 20
    assert np.abs(returned[:6, :6].astype(int) - flat[:6, :6]).max() <= 1


@pytest.mark.parametrize("values", [{"scope": "sky"}, {"feather": 0.2}, {"guard": 2.0}, {"detail": -1.0}])
def test_values_out_of_range_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Finish(**values)  # type: ignore[arg-type]
