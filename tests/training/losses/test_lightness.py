import pytest
import torch

from styletransfer.training.losses.lightness import (
    contrast_floor,
    flat_cells,
    flat_lightness_loss,
    local_affine_loss,
    luma,
    structure_loss,
)

SIDE = 64


def grey(values):
    return values.expand(1, 3, SIDE, SIDE).clone()


@pytest.fixture
def steps():
    """Two flat halves, dark and light."""
    return grey(torch.where(torch.arange(SIDE) < SIDE // 2, 0.3, 0.7).view(1, 1, 1, SIDE))


def test_luma_weighs_the_channels():
    assert luma(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)).item() == pytest.approx(0.299)
    assert luma(torch.ones(1, 3, 1, 1)).item() == pytest.approx(1)


def test_contrast_floor_by_hand(steps):
    uniform = grey(torch.full((1, 1, 1, 1), 0.5))
    # The photo's lightness deviates by 0.2 and so does the style's.
    assert contrast_floor(uniform, steps, steps).item() == pytest.approx(0.16, abs=1e-4)
    assert contrast_floor(steps, steps, steps).item() == 0
    assert contrast_floor(uniform, steps, uniform).item() == 0


def test_another_tone_curve_of_the_photo_costs_nothing(steps):
    tinted = (1 - steps * 0.8) * torch.tensor([1.0, 0.6, 0.4]).view(1, 3, 1, 1)
    assert local_affine_loss(steps, steps).item() < 1e-4
    assert local_affine_loss(tinted, steps).item() < 1e-4


def test_a_blotch_and_a_halo_cost_something(steps):
    blotch, halo = steps.clone(), steps.clone()
    blotch[:, :, 20:36, 4:20] += 0.2
    halo[:, :, :, SIDE // 2 : SIDE // 2 + 4] += 0.2
    clean = local_affine_loss(steps, steps)
    assert local_affine_loss(blotch, steps) > 20 * clean
    assert local_affine_loss(halo, steps) > 20 * clean


def test_fine_strokes_cost_nothing(steps):
    strokes = steps.clone()
    strokes[:, :, ::2] += 0.1
    strokes[:, :, 1::2] -= 0.1
    assert local_affine_loss(strokes, steps).item() == pytest.approx(
        local_affine_loss(steps, steps).item(), abs=1e-6
    )


def test_a_textured_photo_may_be_painted_freely(steps):
    noise = torch.rand(steps.shape, generator=torch.Generator().manual_seed(0))
    painting = steps.clone()
    painting[:, :, 20:36, 4:20] += 0.2
    assert local_affine_loss(painting, noise) < local_affine_loss(painting, steps) / 5


def test_swapped_lightness_is_the_worst(steps):
    assert flat_lightness_loss(steps, steps).item() == pytest.approx(0, abs=1e-3)
    assert flat_lightness_loss(1 - steps, steps).item() == pytest.approx(2, abs=1e-3)
    assert flat_lightness_loss(0.5 * steps + 0.1, steps).item() == pytest.approx(0, abs=1e-3)


def test_photos_without_an_order_of_flat_areas_do_not_count(steps):
    uniform = grey(torch.full((1, 1, 1, 1), 0.5))
    assert flat_lightness_loss(1 - steps, uniform).item() == 0
    both = torch.cat((uniform, steps)), torch.cat((uniform, 1 - steps))
    assert flat_lightness_loss(both[1], both[0]).item() == pytest.approx(2, abs=1e-3)


def test_flat_cells_end_at_edges(steps):
    flat = flat_cells(steps)[0, 0]
    assert flat.shape == (SIDE // 4, SIDE // 4)
    assert flat[:, 2].all()
    assert flat[:, -3].all()
    assert not flat[:, SIDE // 8].any()


def test_gradients_undo_a_blotch(steps):
    blotch = steps.clone()
    blotch[:, :, 20:36, 4:20] += 0.2
    blotch.requires_grad_(True)
    local_affine_loss(blotch, steps).backward()
    assert blotch.grad[:, :, 24:32, 8:16].mean() > 0


def test_structure_by_hand():
    x = torch.arange(SIDE) / (SIDE - 1)
    ramp = grey((0.5 + 0.3 * torch.sin(40 * x)).view(1, 1, 1, SIDE))
    assert structure_loss(ramp, ramp).item() == pytest.approx(0, abs=1e-5)
    assert structure_loss(ramp + 0.2, ramp).item() == pytest.approx(0, abs=1e-4)
    # Covariance turned round: 1 - (-2 v + c) / (2 v + c), with v far above c in every window.
    assert structure_loss(1 - ramp, ramp).item() == pytest.approx(2, abs=0.1)
    # Half the contrast: cov = v / 2 and variances 5 v / 4, so 1 - 4 / 5.
    assert structure_loss(0.25 + ramp / 2, ramp).item() == pytest.approx(0.2, abs=0.02)


def test_structure_brings_back_an_edge(steps):
    flat = grey(torch.full((1, 1, 1, 1), 0.5)).requires_grad_()
    structure_loss(flat + 0.01 * steps, steps).backward()
    edge = flat.grad[0, 0, SIDE // 2, SIDE // 2 - 1 : SIDE // 2 + 1]
    assert edge[0] > 0 > edge[1]  # descending darkens the dark side and lightens the light one
