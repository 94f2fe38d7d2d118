"""PSNR, SSIM, colour difference and edge F1 against scikit-image and SciPy."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from skimage import color, feature
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from styletransfer.imaging.edges import edge_f1, edge_map
from styletransfer.imaging.fidelity import colour_difference, psnr, ssim
from styletransfer.imaging.filters import luma
from tests.imaging.corpus import picture


def scene(seed=0, side=160):
    """Discs and bars with clear edges over a gradient, (side, side, 3)."""
    generator = np.random.default_rng(seed)
    pixels = picture(side, side, seed).astype(float) * 0.3 + 120
    y, x = np.mgrid[0:side, 0:side]
    for _ in range(6):
        centre_y, centre_x, radius = generator.uniform(0, side, 3) * (1, 1, 0.2)
        pixels[np.hypot(y - centre_y, x - centre_x) < radius] = generator.uniform(0, 255, 3)
    return pixels.clip(0, 255).astype(np.uint8)


def noisy(pixels, amount=18, seed=5):
    noise = np.random.default_rng(seed).normal(0, amount, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("amount", [2, 18, 60])
def test_psnr_agrees_with_scikit_image(amount):
    first, second = scene(), noisy(scene(), amount)
    assert psnr(first, second) == pytest.approx(peak_signal_noise_ratio(first, second), abs=1e-3)


def test_psnr_of_equal_pictures_is_infinite():
    assert psnr(scene(), scene()) == float("inf")


@pytest.mark.parametrize(
    ("first", "second"),
    [(scene(), noisy(scene())), (scene(), scene(1)), (scene(), scene()), (scene(), 255 - scene())],
    ids=["noisy", "other", "equal", "inverted"],
)
def test_ssim_agrees_with_scikit_image(first, second):
    expected = structural_similarity(
        luma(first),
        luma(second),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
    )
    assert ssim(first, second) == pytest.approx(expected, abs=1e-3)


def test_ssim_needs_room_for_its_window():
    with pytest.raises(ValueError, match="11 px"):
        ssim(picture(10, 30), picture(10, 30))


@pytest.mark.parametrize("measure", [psnr, ssim, colour_difference, edge_f1])
def test_pictures_of_two_sizes_are_refused(measure):
    with pytest.raises(ValueError, match="one size"):
        measure(picture(40, 30), picture(30, 40))


def test_colour_difference_agrees_with_scikit_image():
    first, second = picture(), noisy(picture())
    expected = color.deltaE_ciede2000(color.rgb2lab(first), color.rgb2lab(second))
    mean, median = colour_difference(first, second)
    assert mean == pytest.approx(expected.mean(), abs=0.01)
    assert median == pytest.approx(np.median(expected), abs=0.01)


def canny(pixels):
    return feature.canny(luma(pixels) / 255, sigma=1.5, low_threshold=0.1, high_threshold=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_edges_are_those_of_scikit_image(seed):
    for pixels in (scene(seed), noisy(scene(seed))):
        ours, theirs = edge_map(luma(pixels))[8:-8, 8:-8], canny(pixels)[8:-8, 8:-8]
        assert theirs.sum() > 200
        assert (ours != theirs).sum() <= 0.02 * theirs.sum()


@pytest.mark.parametrize("tolerance", [0, 1, 2, 5])
def test_edge_f1_agrees_with_a_distance_transform(tolerance):
    first, second = scene(), noisy(scene())
    edges, others = canny(first), canny(second)
    recall = (distance_transform_edt(~others)[edges] <= tolerance).mean()
    precision = (distance_transform_edt(~edges)[others] <= tolerance).mean()
    expected = 2 * precision * recall / (precision + recall)
    assert edge_f1(first, second, tolerance) == pytest.approx(expected, abs=0.02)


def test_edge_f1_at_its_ends():
    flat = np.full((64, 64, 3), 128, np.uint8)
    step = flat.copy()
    step[:, 32:] = 250
    far = flat.copy()
    far[:, 10:] = 250
    assert edge_f1(flat, flat) == 1
    assert edge_f1(flat, step) == 0
    assert edge_f1(step, far) == 0
    assert edge_f1(step, step) == 1


def test_edge_f1_forgives_two_pixels_and_not_four():
    near, far = (np.full((64, 64, 3), 128, np.uint8) for _ in range(2))
    step = near.copy()
    step[:, 32:], near[:, 34:], far[:, 36:] = 250, 250, 250
    assert edge_f1(step, near) == 1
    assert edge_f1(step, far) == 0
