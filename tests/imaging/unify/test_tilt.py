from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.unify.tilt import estimate_tilt, symmetry_tilt
from styletransfer.imaging.unify.turning import Turn
from tests.imaging.unify.synthetic import bottle_mask, box_mask


def photo_of(mask: np.ndarray) -> np.ndarray:
    return np.repeat(np.rint(230 - mask * 150).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("angle", [-2.5, -1.0, 0.0, 1.5, 3.0])
def test_a_leaning_bottle_is_measured(angle: float) -> None:
    mask = bottle_mask(angle)
    tilt = estimate_tilt(photo_of(mask), mask)
    assert tilt.angle == pytest.approx(angle, abs=0.4)
    assert tilt.confidence > 0.5


def test_a_ball_has_no_tilt_that_anyone_knows() -> None:
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    ball = (np.hypot(x, y) < 0.7).astype(np.float32)
    assert estimate_tilt(photo_of(ball), ball).confidence < 0.5


def test_a_lopsided_blob_has_no_tilt_either() -> None:
    blob = np.maximum(box_mask(200, 200, 30, 40, 90, 160), box_mask(200, 200, 60, 120, 180, 160))
    assert symmetry_tilt(blob).confidence < 0.5


def test_an_empty_mask_is_no_problem() -> None:
    empty = np.zeros((50, 50), np.float32)
    assert estimate_tilt(photo_of(empty), empty).confidence == 0


def test_turning_lands_where_it_says() -> None:
    turn = Turn(3.0, 200, 120)
    layers = np.zeros((120, 200, 1), np.float32)
    layers[28:33, 148:153] = 1
    rows, columns = np.nonzero(turn.layers(layers)[..., 0] > 0.5)
    x, y = turn.point(150.5, 30.5)
    assert columns.mean() + 0.5 == pytest.approx(x, abs=0.3)
    assert rows.mean() + 0.5 == pytest.approx(y, abs=0.3)


@pytest.mark.parametrize("angle", [-3.0, 3.0])
def test_no_empty_wedge_shows_at_a_cut_side(angle: float) -> None:
    mask = box_mask(120, 200, 60, 40, 140, 120)
    turn = Turn(angle, 200, 120)
    shown = turn.limits(mask, ("bottom",))
    last_row = turn.layers(np.ones((120, 200, 1), np.float32))[int(shown.bottom) - 1, :, 0]
    assert last_row[70:130].min() > 0.9
