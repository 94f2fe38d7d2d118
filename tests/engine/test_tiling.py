"""Tiles with frozen statistics equal the whole picture, without seams."""

import numpy as np
import pytest
import torch

from styletransfer.engine.base import StyleCode
from styletransfer.engine.painter import Painter
from styletransfer.engine.tiling import reflected, spans
from tests.engine.conftest import noise_photo

SIDE = 512


def to_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


@torch.inference_mode()
def test_tiles_equal_the_untiled_picture(painter: Painter, code: StyleCode) -> None:
    photo, style = to_tensor(noise_photo(1100, 1500)), torch.from_numpy(code)[None]
    painter.collect_statistics(photo[:, :, 200:700, 300:900], style)
    whole = painter.paint_frozen(photo, style)
    difference = torch.full_like(whole, torch.nan)
    for tile, painted in painter.paint_tiles(photo, style, SIDE):
        rows, columns = slice(tile.rows.start, tile.rows.stop), slice(tile.columns.start, tile.columns.stop)
        difference[:, :, rows, columns] = painted - whole[:, :, rows, columns]
    assert not difference.isnan().any()
    assert difference.abs().max() < 1 / 255

    vertical = [span.start for span in spans(1500, SIDE, painter.margin)][1:]
    horizontal = [span.start for span in spans(1100, SIDE, painter.margin)][1:]
    seams = torch.zeros(1100, 1500, dtype=torch.bool)
    for x in vertical:
        seams[:, x - 2 : x + 2] = True
    for y in horizontal:
        seams[y - 2 : y + 2] = True
    size = difference.abs().mean((0, 1))
    assert size[seams].mean() <= 1.5 * size[~seams].mean() + 1e-6


@torch.inference_mode()
def test_own_statistics_would_show_seams(painter: Painter, code: StyleCode) -> None:
    photo, style = to_tensor(noise_photo(128, 512)), torch.from_numpy(code)[None]
    whole, half = painter.paint(photo, style), painter.paint(photo[..., :256], style)
    assert (whole[..., :256] - half).abs().max() > 4 / 255


@pytest.mark.parametrize("size", [16, 17, 511, 512, 513, 1100, 1500])
def test_spans_cover_an_axis_once(size: int) -> None:
    parts = spans(size, 128, 32)
    assert [part.start for part in parts[1:]] == [part.stop for part in parts[:-1]]
    assert (parts[0].start, parts[-1].stop) == (0, size)
    assert all(part.stop - part.start <= 128 for part in parts)
    assert all(part.start % 4 == 0 and (part.read_stop - part.read_start) % 4 == 0 for part in parts)


def test_a_tile_side_off_the_stride_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        spans(100, 30, 32)


def test_reflection_repeats_for_narrow_pictures() -> None:
    expected = np.pad(np.arange(3), (5, 3), mode="reflect")
    assert reflected(-5, 6, 3).tolist() == expected.tolist()
