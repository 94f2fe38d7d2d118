"""keep_colours, calm and detail on paintings whose faults are known."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from styletransfer.engine.base import PaintOptions, PaintRequest, Pixels, StyleCode
from styletransfer.engine.calm import PREVIEW_SIDE, flatness_map
from styletransfer.engine.colour import lab_to_srgb, srgb_to_lab
from styletransfer.engine.controls import Amounts, apply_controls
from styletransfer.engine.painter_engine import PainterEngine
from styletransfer.engine.resampling import preview
from tests.engine.conftest import noise_photo, product_mask, studio_photo


def to_tensor(pixels: Pixels) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def controlled(photo: Pixels, painted: Pixels, **amounts: float) -> Pixels:
    result = apply_controls(to_tensor(photo), to_tensor(painted), Amounts.of([PaintOptions(**amounts)]))
    return result[0].permute(1, 2, 0).numpy()


def test_lab_equals_scikit_image_and_returns() -> None:
    photo = noise_photo(40, 40, seed=3)
    lab = srgb_to_lab(to_tensor(photo).float() / 255)
    np.testing.assert_allclose(lab[0].permute(1, 2, 0), rgb2lab(photo), atol=0.02)
    torch.testing.assert_close(lab_to_srgb(lab) * 255, to_tensor(photo).float(), atol=0.05, rtol=0)


def test_keep_colours_keeps_the_photos_chroma_and_the_paintings_lightness() -> None:
    photo = np.full((32, 32, 3), (150, 110, 90), np.uint8)
    painted = np.full((32, 32, 3), (90, 130, 140), np.uint8)
    kept = rgb2lab(controlled(photo, painted, keep_colours=1.0))
    np.testing.assert_allclose(kept[..., 1:], rgb2lab(photo)[..., 1:], atol=1)
    np.testing.assert_allclose(kept[..., 0], rgb2lab(painted)[..., 0], atol=1)
    half = rgb2lab(controlled(photo, painted, keep_colours=0.5))
    middle = (rgb2lab(photo) + rgb2lab(painted))[..., 1:] / 2
    np.testing.assert_allclose(half[..., 1:], middle, atol=1)


def test_red_stays_red(engine: PainterEngine, code: StyleCode) -> None:
    photo = studio_photo()
    label = (photo == (200, 30, 40)).all(-1)
    painted = engine.paint([PaintRequest(photo, code, PaintOptions(keep_colours=1))])[0]
    red, green, blue = painted[label].mean(0)
    assert red > 1.5 * max(green, blue)


def test_calm_flattens_the_background_and_leaves_the_product(engine: PainterEngine, code: StyleCode) -> None:
    photo = studio_photo()
    wild, calm = engine.paint([PaintRequest(photo, code), PaintRequest(photo, code, PaintOptions(calm=1))])
    y, x = np.mgrid[0:256, 0:256]
    outline = product_mask()
    near = np.zeros_like(outline)
    for dy, dx in ((-8, 0), (8, 0), (0, -8), (0, 8)):
        near |= np.roll(outline, (dy, dx), (0, 1))
    background, inside = ~near, outline & (abs(x - 128) < 50) & (abs(y - 128) < 56)
    assert wild[background].std(0).mean() > 8
    assert calm[background].std(0).mean() < 0.35 * wild[background].std(0).mean()
    assert np.abs(calm[inside].astype(int) - wild[inside]).mean() < 2


def test_calm_restores_the_order_of_lightness() -> None:
    ramp = np.linspace(200, 240, 256)
    photo = np.tile(ramp[None, :, None], (256, 1, 3)).astype(np.uint8)
    swapped = np.tile(ramp[None, ::-1, None], (256, 1, 3)).astype(np.uint8)
    rows = controlled(photo, swapped, calm=1.0).mean((0, 2))
    assert (np.diff(rows[4:-4:16]) > 0).all()


def test_flat_is_flat_and_texture_is_not() -> None:
    flat = np.full((300, 300, 3), 200, np.uint8)
    busy = np.where(np.indices((300, 300)).sum(0)[..., None] // 3 % 2, 40, 220).repeat(3, 2).astype(np.uint8)
    assert flatness_map(preview(to_tensor(flat), PREVIEW_SIDE)).min() == 1
    assert flatness_map(preview(to_tensor(busy), PREVIEW_SIDE)).max() < 0.01


def test_calm_reaches_the_outline_without_crossing_it() -> None:
    flatness = flatness_map(preview(to_tensor(studio_photo()), PREVIEW_SIDE))[0, 0].numpy()
    mask = product_mask()
    shifted = np.roll(mask, 6, 1) | np.roll(mask, -6, 1) | np.roll(mask, 6, 0) | np.roll(mask, -6, 0)
    assert flatness[~shifted].mean() > 0.95
    assert flatness[mask].mean() < 0.1


def test_detail_returns_lettering_the_painting_lost() -> None:
    photo = np.full((256, 256, 3), 210, np.uint8)
    photo[100:150:6, 60:200] = 60
    photo[101:150:6, 60:200] = 60
    painted = np.full((256, 256, 3), 160, np.uint8)
    area = slice(104, 146), slice(70, 190)
    contrast = [controlled(photo, painted, detail=amount)[area].astype(float).std() for amount in (0, 0.5, 1)]
    assert contrast[0] < 1
    assert contrast[0] < contrast[1] < contrast[2]
    assert contrast[2] > 0.5 * photo[area].astype(float).std()


def test_detail_leaves_flat_areas_alone() -> None:
    photo, painted = np.full((64, 64, 3), 180, np.uint8), noise_photo(64, 64)
    assert np.abs(controlled(photo, painted, detail=1.0).astype(int) - painted).max() <= 1


def test_strips_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, painted = noise_photo(301, 233, seed=1), noise_photo(301, 233, seed=2)
    amounts = {"calm": 0.7, "keep_colours": 0.4, "detail": 0.8}
    whole = controlled(photo, painted, **amounts)
    monkeypatch.setattr("styletransfer.engine.controls.STRIP_PIXELS", 233 * 40)
    strips = controlled(photo, painted, **amounts)
    assert np.abs(whole.astype(int) - strips).max() <= 1


@pytest.mark.parametrize("size", [(16, 16), (16, 400), (37, 21)])
def test_controls_take_any_size(size: tuple[int, int]) -> None:
    photo, painted = noise_photo(*size, seed=1), noise_photo(*size, seed=2)
    assert controlled(photo, painted, calm=1.0, keep_colours=1.0, detail=1.0).shape == photo.shape


def test_a_batch_with_mixed_amounts_equals_its_pictures_one_by_one() -> None:
    photos = torch.cat([to_tensor(noise_photo(60, 44, seed=seed)) for seed in range(4)])
    painted = torch.cat([to_tensor(noise_photo(60, 44, seed=9 - seed)) for seed in range(4)])
    options = [
        PaintOptions(calm=0.8),
        PaintOptions(strength=0.1, keep_colours=0.5),
        PaintOptions(detail=0.6, calm=0.2),
        PaintOptions(),
    ]
    together = apply_controls(photos, painted, Amounts.of(options))
    for index, each in enumerate(options):
        alone = apply_controls(photos[index : index + 1], painted[index : index + 1], Amounts.of([each]))
        assert (together[index].int() - alone[0].int()).abs().max() <= 1
    assert torch.equal(together[3], painted[3])
