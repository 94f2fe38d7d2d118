from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.masks.base import create_masker
from styletransfer.imaging.masks.margins import trim_margins
from tests.imaging.masks.pictures import overlap, paint, vase

WHITE = np.full((240, 320, 3), 255, np.uint8)


def _padded(by):
    return np.pad(paint(WHITE, vase(), (190, 40, 45)), ((by, by), (by, by), (0, 0)), constant_values=255)


def test_more_white_around_a_product_leaves_its_mask_as_it_is():
    masker = create_masker("border")
    alone, padded = masker.mask(_padded(0)), masker.mask(_padded(160))
    assert overlap(alone.alpha, vase()) > 0.95
    np.testing.assert_array_equal(padded.alpha[160:-160, 160:-160], alone.alpha)
    assert padded.alpha.sum() == pytest.approx(alone.alpha.sum())
    assert padded.confidence == alone.confidence


def test_trimming_and_putting_back():
    trimmed = trim_margins(_padded(50))
    assert trimmed is not None
    assert trimmed.pixels.shape[0] < 340
    found = trimmed.put_back((trimmed.pixels[..., 1] < 150).astype(np.float32))
    np.testing.assert_array_equal(found, _padded(50)[..., 1] < 150)


def test_what_reaches_the_border_is_not_trimmed():
    picture = _padded(0)
    picture[-1, 100] = 0
    assert trim_margins(picture) is None
    assert trim_margins(WHITE) is None
