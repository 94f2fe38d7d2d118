"""The shared neighbourhood operations against Pillow, SciPy and arithmetic."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from styletransfer.imaging.filters import blur, gaussian_kernel, halve, luma, shrink
from tests.imaging.corpus import picture


def test_luma_is_that_of_pillow():
    pixels = picture()
    expected = np.asarray(Image.fromarray(pixels).convert("L"))
    assert np.abs(luma(pixels) - expected).max() <= 1


def test_blur_is_a_gaussian_where_the_kernel_fits():
    values = np.random.default_rng(0).normal(size=(2, 40, 50)).astype(np.float32)
    blurred = blur(values, gaussian_kernel(1.5, radius=5))
    assert blurred.shape == (2, 30, 40)
    for plane, result in zip(values, blurred, strict=True):
        expected = gaussian_filter(plane, 1.5, radius=5)[5:-5, 5:-5]
        assert result == pytest.approx(expected, abs=1e-5)


def test_halve_takes_means_and_drops_the_odd_rest():
    values = np.arange(15, dtype=np.float32).reshape(3, 5)
    assert halve(values).tolist() == [[3.0, 5.0]]


def test_shrink_never_enlarges_and_lays_alpha_on_white():
    assert shrink(picture(100, 50), 40).shape == (20, 40, 3)
    assert np.array_equal(shrink(picture(), 100), picture())
    clear = np.zeros((16, 16, 4), np.uint8)
    assert (shrink(clear, 100) == 255).all()
