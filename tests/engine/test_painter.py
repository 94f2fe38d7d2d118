"""Whose statistics a painting has, and what the painter gives back of a photo in the photo's own style."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - torch's customary name
from PIL import Image

import styletransfer
from styletransfer.engine.painter import STATISTICS_SIDE, Painter
from styletransfer.engine.statistics import read_statistics
from styletransfer.imaging.style_distance import style_distance
from tests.engine.conftest import studio_photo

PRESETS = Path(styletransfer.__file__).parent / "presets"


def photo(height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(studio_photo(height, width)).permute(2, 0, 1)[None]


def psnr(painted: torch.Tensor, given: torch.Tensor) -> float:
    return float(-10 * (painted.clamp(0, 1) - given / 255).square().mean().log10())


@torch.inference_mode()
def test_statistics_are_those_of_a_small_copy(painter: Painter) -> None:
    code = torch.full((1, 128), 0.1)
    large = photo(2 * STATISTICS_SIDE, 200)
    small = F.interpolate(large, (STATISTICS_SIDE, 100), mode="bilinear", antialias=True)
    painter.collect_statistics(small, code)
    expected = read_statistics(painter)
    painter.paint(large, code)
    np.testing.assert_array_equal(read_statistics(painter), expected)


@pytest.mark.parametrize("size", [(256, 256), (384, 320)])
@torch.inference_mode()
def test_a_photo_in_its_own_style_comes_back(painter: Painter, size: tuple[int, int]) -> None:
    given = photo(*size)
    painted = painter.paint(given, painter.style_code(given))
    assert psnr(painted, given) > 25


@torch.inference_mode()
def test_wide_reflection_keeps_the_borders_frame_out(painter: Painter) -> None:
    given = torch.full((1, 3, 200, 200), 225, dtype=torch.uint8)
    given[:, :, 70:130, 70:130] = 60
    painted = painter.paint(given, painter.style_code(given)).mean(1)[0]
    middle = painted[20:60, 20:180].mean()
    for strip in (painted[:4], painted[-4:], painted[:, :4], painted[:, -4:]):
        assert abs(strip.mean() - middle) < 0.012


@pytest.mark.parametrize("preset", ["oil", "pop-art", "watercolour", "charcoal"])
@torch.inference_mode()
def test_a_painting_has_more_of_its_style_than_the_photo(painter: Painter, preset: str) -> None:
    with Image.open(PRESETS / f"{preset}.jpg") as opened:
        artwork = np.asarray(opened.convert("RGB").resize((384, 384)))
    given = photo(384, 384)
    code = painter.style_code(torch.from_numpy(artwork.copy()).permute(2, 0, 1)[None])
    painted = (painter.paint(given, code)[0].permute(1, 2, 0).clamp(0, 1) * 255).byte().numpy()
    before = style_distance(given[0].permute(1, 2, 0).numpy(), artwork)
    assert style_distance(painted, artwork) < 0.75 * before
