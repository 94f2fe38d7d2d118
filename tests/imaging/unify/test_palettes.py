from __future__ import annotations

import numpy as np
import pytest

from styletransfer.imaging.style_distance import colour_distance, style_statistics
from styletransfer.imaging.unify.palettes import palette_distance, palette_of, palette_spread


def noise(seed: int, level: float) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.clip(generator.normal(level, 25, (120, 90, 3)), 0, 255).astype(np.uint8)


def test_the_distance_is_that_of_the_style_measure() -> None:
    first, second = (np.repeat(np.repeat(noise(*each), 2, 0), 2, 1) for each in ((1, 90), (2, 160)))
    expected = colour_distance(style_statistics(first), style_statistics(second))
    assert palette_distance(palette_of(first), palette_of(second)) == pytest.approx(expected, rel=0.05)


def test_where_things_lie_does_not_matter_but_the_mask_does() -> None:
    picture = noise(3, 120)
    assert palette_distance(palette_of(picture), palette_of(picture[::-1])) == 0
    half = np.zeros(picture.shape[:2], np.float32)
    half[:, :45] = 1
    picture[:, 45:] = 255
    assert palette_distance(palette_of(picture, half), palette_of(noise(3, 120)[:, :45])) < 1.5
    assert palette_distance(palette_of(picture), palette_of(noise(3, 120))) > 5


def test_a_set_of_one_palette_has_no_spread() -> None:
    one, other = palette_of(noise(1, 100)), palette_of(noise(1, 180))
    assert palette_spread([one]) is None
    assert palette_spread([one, one, one]) == 0
    assert palette_spread([one, other]) == pytest.approx(palette_distance(one, other))
