"""Framing, and how much white is around a product, must not change how the product is painted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from styletransfer.engine.base import EngineError, PaintOptions, PaintRequest
from styletransfer.engine.painter import Painter
from styletransfer.engine.painter_engine import PainterEngine
from styletransfer.engine.statistics import pooled, read_statistics, write_statistics
from styletransfer.engine.subject_painting import find_box
from tests.engine.conftest import noise_photo

SIDE = 120
AMOUNTS = PaintOptions(strength=0.9, keep_colours=0.3, calm=0.8, detail=0.4, statistics="subject")


def framed(white: int, extra: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A round product with ``white`` pixels around it, and its mask."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    disc = np.hypot(y - SIDE / 2, x - SIDE / 2) < SIDE / 2 - 1
    photo = np.full((SIDE + 2 * white + extra, SIDE + 2 * white, 3), 250, np.uint8)
    mask = np.zeros(photo.shape[:2], np.float32)
    inside = slice(white, white + SIDE)
    photo[inside, inside][disc] = noise_photo(SIDE, SIDE, seed=3)[disc]
    mask[inside, inside][disc] = 1
    return photo, mask


@pytest.mark.parametrize("options", [AMOUNTS, PaintOptions(statistics="subject")])
def test_doubling_the_white_around_a_product_leaves_its_painting_alone(
    engine: PainterEngine, code: np.ndarray, options: PaintOptions
) -> None:
    painted = []
    # 27 and 54 px: neither is a multiple of the network's stride; the last one is not even in the middle.
    for white, extra in ((27, 0), (54, 0), (54, 91)):
        photo, mask = framed(white, extra)
        result = engine.paint([PaintRequest(photo, code, options, mask=mask)])[0]
        assert result.shape == photo.shape
        painted.append(result[mask > 0])
    for other in painted[1:]:
        assert np.abs(painted[0].astype(int) - other).max() <= 1


def test_without_it_the_white_matters(engine: PainterEngine, code: np.ndarray) -> None:
    results = []
    for white in (27, 54):
        photo, mask = framed(white)
        results.append(engine.paint([PaintRequest(photo, code, mask=mask)])[0][mask > 0].astype(int))
    assert np.abs(results[0] - results[1]).max() > 8


def test_a_subject_cut_off_by_the_border_and_a_missing_one_are_painted(
    engine: PainterEngine, code: np.ndarray
) -> None:
    photo, mask = framed(27)
    half = slice(SIDE // 2, None)
    requests = [
        PaintRequest(photo[half].copy(), code, AMOUNTS, mask=mask[half].copy()),
        PaintRequest(photo, code, AMOUNTS, mask=np.zeros_like(mask)),
        PaintRequest(photo, code, AMOUNTS),
    ]
    for request, painted in zip(requests, engine.paint(requests), strict=True):
        assert painted.shape == request.photo.shape
        assert painted.std() > 5


def test_tiles_use_the_subjects_statistics_too(code: np.ndarray) -> None:
    photo, mask = framed(40)
    request = PaintRequest(photo, code, PaintOptions(statistics="subject"), mask=mask)
    whole = PainterEngine(device="cpu", precision="fp32").paint([request])[0]
    tiled = PainterEngine(device="cpu", precision="fp32", whole_pixels=150 * 150, tile_side=96)
    assert np.abs(tiled.paint([request])[0].astype(int) - whole).mean() < 6


def test_given_statistics_make_two_products_one_palette(engine: PainterEngine, code: np.ndarray) -> None:
    photo, mask = framed(27)
    dark = (photo // 3).astype(np.uint8)
    requests = [PaintRequest(photo, code, mask=mask), PaintRequest(dark, code, mask=mask)]
    norms = engine.collect_statistics(requests)
    shared = [PaintRequest(each.photo, code, mask=mask, norms=norms) for each in requests]
    own = [result[mask > 0].mean() for result in engine.paint(requests)]
    given = [result[mask > 0].mean() for result in engine.paint(shared)]
    assert np.isfinite(norms).all()
    # With one set of statistics the darker photo stays the darker painting.
    assert given[0] - given[1] > own[0] - own[1]


def test_statistics_go_out_and_in_unchanged(painter: Painter, code: np.ndarray) -> None:
    photo = torch.from_numpy(noise_photo(64, 64)).permute(2, 0, 1)[None]
    codes = torch.from_numpy(code)[None]
    with torch.inference_mode():
        painter.collect_statistics(photo, codes)
        kept = read_statistics(painter)
        expected = painter.paint_frozen(photo, codes)
        painter.collect_statistics(255 - photo, codes)
        write_statistics(painter, kept, torch.device("cpu"))
        torch.testing.assert_close(painter.paint_frozen(photo, codes), expected)
    with pytest.raises(EngineError, match="collect them again"):
        write_statistics(painter, kept[:-2], torch.device("cpu"))


def test_pooling_adds_what_lies_between_the_pictures() -> None:
    one, other = np.array([0, 1], np.float32), np.array([2, 3], np.float32)
    np.testing.assert_allclose(pooled([one, other]), [1, 3])


def test_specks_are_no_subject() -> None:
    mask = np.zeros((50, 60), np.float32)
    assert find_box(None) is None
    assert find_box(mask) is None
    mask[3, 4] = 1
    assert find_box(mask) is None
    mask[3, 4] = 0
    mask[10:40, 20:45] = 0.9
    box = find_box(mask)
    assert box is not None
    assert (box.top, box.bottom, box.left, box.right) == (10, 40, 20, 45)
