from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.unify.illuminant_network import SIDE, Convolution, shipped_network
from tests.imaging.unify.synthetic import box_mask, product_photo, relit


def test_a_convolution_slides_over_the_padded_picture() -> None:
    weight = np.zeros((1, 1, 3, 3), np.float32)
    weight[0, 0, 0, 1] = 2  # twice the pixel above
    maps = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    whole = Convolution(weight, np.array([1], np.float32), 1)(maps)[0]
    assert (whole[0] == 1).all()
    np.testing.assert_array_equal(whole[1:], 2 * maps[0, :-1] + 1)
    halved = Convolution(weight, np.array([-5], np.float32), 2)(maps)[0]
    np.testing.assert_array_equal(halved, np.maximum([[-5, -5], [3, 7]], 0))


@pytest.mark.parametrize("gains", [(1.0, 1.0, 1.0), (1.0, 0.75, 0.5), (0.7, 0.85, 1.0)])
def test_the_shipped_network_reads_a_known_light_about_as_well_as_it_says(
    gains: tuple[float, float, float],
) -> None:
    mask = box_mask(SIDE, SIDE, 30, 20, 100, 110)
    found, error = shipped_network()(relit(product_photo(mask), gains), mask)
    truth = np.log([gains[0] / gains[1], gains[2] / gains[1]])
    assert np.abs(found - truth).max() < 0.15
    assert 0.005 < error < 0.15


def test_a_mirrored_photo_has_the_same_light() -> None:
    mask = box_mask(SIDE, SIDE, 30, 20, 80, 110)
    photo = relit(product_photo(mask), (1.0, 0.8, 0.6))
    found, error = shipped_network()(photo, mask)
    mirrored, same = shipped_network()(photo[:, ::-1], mask[:, ::-1])
    np.testing.assert_allclose(found, mirrored, atol=1e-5)
    assert error == pytest.approx(same, abs=1e-5)
