from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.unify.framing import plan_framing, resample, subject_box
from styletransfer.imaging.unify.settings import UnifyOptions
from tests.imaging.unify.synthetic import box_mask

OPTIONS = UnifyOptions(size=400, margin=0.1)


def placed_mask(mask: np.ndarray, options: UnifyOptions = OPTIONS) -> np.ndarray:
    return resample(mask[..., None], plan_framing(mask, options))[..., 0]


@pytest.mark.parametrize("box", [(10, 20, 61, 85), (100, 5, 190, 40), (77, 31, 83, 140)])
def test_subject_is_centred_with_its_exact_margin(box: tuple[int, int, int, int]) -> None:
    found = subject_box(placed_mask(box_mask(150, 200, *box)))
    assert found is not None
    assert (found.left + found.right) / 2 == pytest.approx(200, abs=1)
    assert (found.top + found.bottom) / 2 == pytest.approx(200, abs=1)
    assert max(found.width, found.height) == pytest.approx(320, abs=1)


def test_aspect_and_size_are_fixed() -> None:
    framing = plan_framing(box_mask(150, 200, 10, 20, 60, 85), UnifyOptions(size=400, aspect=0.8))
    assert (framing.width, framing.height) == (320, 400)


@pytest.mark.parametrize(
    ("box", "side"),
    [
        ((60, 40, 120, 150), "bottom"),
        ((60, 0, 120, 90), "top"),
        ((0, 40, 90, 90), "left"),
        ((120, 40, 200, 99), "right"),
    ],
)
def test_a_cut_off_subject_stays_at_the_border(box: tuple[int, int, int, int], side: str) -> None:
    mask = box_mask(150, 200, *box)
    framing = plan_framing(mask, OPTIONS)
    assert framing.cut == (side,)
    assert "cut_off" in framing.notes
    placed = resample(mask[..., None], framing)[..., 0]
    border = {"bottom": placed[-1], "top": placed[0], "left": placed[:, 0], "right": placed[:, -1]}[side]
    assert border.max() > 0.99


def test_a_subject_cut_on_all_sides_says_when_it_cannot_reach_them() -> None:
    framing = plan_framing(np.ones((100, 300), np.float32), OPTIONS)
    assert "floating" in framing.notes
    assert "floating" not in plan_framing(np.ones((100, 100), np.float32), OPTIONS).notes


def test_enlarging_is_flagged() -> None:
    assert "upscaled" in plan_framing(box_mask(150, 200, 60, 40, 120, 90), OPTIONS).notes
    assert "upscaled" not in plan_framing(box_mask(900, 900, 60, 40, 820, 890), OPTIONS).notes


def test_no_subject_fits_the_whole_photo() -> None:
    framing = plan_framing(np.zeros((100, 200), np.float32), OPTIONS)
    assert "no_subject" in framing.notes
    assert framing.scale == pytest.approx(2)


def test_a_straight_edge_stays_straight() -> None:
    placed = placed_mask(box_mask(150, 200, 50, 30, 90, 120))
    columns = (placed > 0.5).sum(axis=0)
    inside = columns[columns > 0]
    assert len(inside) == pytest.approx(320 * 40 / 90, abs=1)
    assert set(inside[1:-1].tolist()) == {320}
