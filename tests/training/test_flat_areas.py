"""Flat areas: each measure must see its own defect and no other."""

import math

import numpy as np
import pytest

from styletransfer.engine.base import Pixels
from styletransfer.imaging.colour import lab_to_rgb
from styletransfer.training.evaluation.flat_areas import flat_measures, flat_windows
from styletransfer.training.evaluation.structure import PictureFacts

SIDE = 192


def grey_picture(lightness: np.ndarray) -> Pixels:
    return lab_to_rgb(np.stack((lightness, 0 * lightness, 0 * lightness), -1).astype(np.float32))


def scene(background: float = 85, product: float = 40) -> np.ndarray:
    """A dark square product on a light background whose lightness falls slowly."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    lightness = background + 6 * y / SIDE
    inside = (abs(y - SIDE / 2) < SIDE / 4) & (abs(x - SIDE / 2) < SIDE / 4)
    return np.where(inside, product + 3 * x / SIDE, lightness)


def measured(painting: np.ndarray, photo: np.ndarray | None = None) -> dict[str, float]:
    photo = scene() if photo is None else photo
    return flat_measures(PictureFacts(grey_picture(photo)), PictureFacts(grey_picture(painting)))


def test_windows_on_edges_and_textures_are_not_flat() -> None:
    photo = scene()
    photo[:48, :48] += 20 * (np.mgrid[0:48, 0:48].sum(0) // 3 % 2)
    flat = flat_windows(PictureFacts(grey_picture(photo)))
    assert not flat[:7, :7].any()
    assert flat[2, 20]
    assert flat[16, 16]
    assert not flat[8, 10:22].any() or not flat[7, 10:22].any()


def test_other_contrast_is_no_defect() -> None:
    values = measured(20 + 0.6 * scene())
    assert values["flat_lightness"] == pytest.approx(1, abs=0.01)
    assert values["flat_blotches"] < 0.5
    assert values["flat_noise"] < 0.5
    assert abs(values["halo"]) < 0.5


def test_swapped_light_and_dark_is_seen() -> None:
    values = measured(120 - scene())
    assert values["flat_lightness"] == pytest.approx(-1, abs=0.01)


def test_blotches_are_seen_even_without_a_range_of_lightness() -> None:
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    blotches = 10 * np.sin(y / 11) * np.sin(x / 13)
    values = measured(scene() + blotches)
    assert 3 < values["flat_blotches"] < 10
    assert values["flat_lightness"] < 0.99
    plain = np.full((SIDE, SIDE), 80.0)
    values = measured(plain + blotches, plain)
    assert math.isnan(values["flat_lightness"])
    assert 3 < values["flat_blotches"] < 10


def test_grain_is_noise_and_no_blotch() -> None:
    grain = np.random.default_rng(1).normal(0, 5, (SIDE, SIDE))
    values = measured(scene() + grain)
    assert values["flat_noise"] == pytest.approx(5, abs=0.5)
    assert values["flat_blotches"] < 1.5


def test_a_bright_rim_is_a_halo() -> None:
    painting = scene()
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    outside = np.maximum(abs(y - SIDE / 2), abs(x - SIDE / 2)) - SIDE / 4
    painting[(outside > 0) & (outside < 7)] += 8
    assert measured(painting)["halo"] == pytest.approx(4, abs=1.5)  # the rim is on one of two sides
    assert measured(scene())["halo"] == 0


def test_a_photo_without_flat_areas_has_nothing_to_judge() -> None:
    noise = np.random.default_rng(1).uniform(0, 100, (SIDE, SIDE))
    values = measured(noise, noise)
    assert all(math.isnan(value) for value in values.values())
