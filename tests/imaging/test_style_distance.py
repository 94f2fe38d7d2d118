"""The style distance: its parts against SciPy, and its order against common sense."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab

from styletransfer.imaging.filters import halve
from styletransfer.imaging.metrics import measure
from styletransfer.imaging.style_distance import (
    DIRECTIONS,
    colour_distance,
    contrast_distances,
    statistics_distance,
    stroke_distances,
    style_distance,
    style_statistics,
)
from tests.imaging.corpus import picture

PALETTES = {
    "ink": ((20, 20, 30), (240, 235, 220)),
    "sea": ((20, 90, 140), (150, 220, 230)),
    "fire": ((120, 10, 10), (250, 190, 60)),
}


def texture(palette, stroke, seed, side=192):
    """Random strokes of one width and direction in a palette: a made-up style, another picture by seed."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(side, side))
    for axis, length in ((0, stroke), (1, 4 * stroke)):
        kernel = np.hanning(length + 2)[1:-1]
        noise = np.apply_along_axis(np.convolve, axis, noise, kernel, "same")
    amount = np.clip(0.5 + noise / (4 * noise.std()), 0, 1)[..., None]
    dark, light = (np.array(colour, float) for colour in PALETTES[palette])
    return np.rint(dark + (light - dark) * amount).astype(np.uint8)


STYLES = [("ink", 2), ("ink", 12), ("sea", 2), ("fire", 12)]


def test_the_same_picture_is_at_no_distance():
    assert style_distance(picture(200, 150), picture(200, 150)) == 0


@pytest.mark.parametrize("flip", [np.fliplr, np.flipud])
def test_mirror_images_are_at_no_distance(flip):
    pixels = texture("sea", 3, seed=1)
    assert style_distance(pixels, np.ascontiguousarray(flip(pixels))) < 1e-4


def test_distance_is_symmetric_and_bounded():
    black, white = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for first, second in ((black, white), (black, noise), (noise, white)):
        distance = style_distance(first, second)
        assert 0 < distance < 1
        assert distance == style_distance(second, first)


def test_another_picture_in_the_same_style_is_the_nearest():
    wanted = [style_statistics(texture(*style, seed=1)) for style in STYLES]
    for index, style in enumerate(STYLES):
        found = style_statistics(texture(*style, seed=2))
        distances = [statistics_distance(found, each) for each in wanted]
        assert np.argmin(distances) == index
        assert sorted(distances)[1] > 2 * distances[index]


def test_going_half_way_in_colour_halves_the_distance_or_so():
    photo, reference = texture("sea", 4, seed=1), texture("fire", 4, seed=1)
    middle = np.rint((photo.astype(float) + reference) / 2).astype(np.uint8)
    whole, half = style_distance(photo, reference), style_distance(middle, reference)
    assert 0.3 * whole < half < 0.8 * whole


def test_stroke_width_alone_is_noticed():
    fine, coarse, also_fine = (texture("ink", width, seed) for width, seed in ((2, 1), (12, 2), (2, 3)))
    assert style_distance(fine, coarse) > 3 * style_distance(fine, also_fine)


def test_stroke_direction_alone_is_noticed():
    level = texture("ink", 4, seed=1)
    upright = np.ascontiguousarray(np.rot90(level))
    assert stroke_distances(style_statistics(level), style_statistics(upright)).max() > 0.3


def test_colour_distance_is_the_sliced_wasserstein_distance():
    first, second = texture("sea", 4, seed=1, side=96), picture(96, 96)
    labs = [halve(rgb2lab(pixels).astype(np.float32)).reshape(-1, 3) for pixels in (first, second)]
    expected = np.mean(
        [wasserstein_distance(labs[0] @ direction, labs[1] @ direction) for direction in DIRECTIONS.T]
    )
    found = colour_distance(style_statistics(first), style_statistics(second))
    assert found == pytest.approx(expected, abs=0.1)


def test_contrast_distance_is_the_wasserstein_distance_of_log_gradients():
    first, second = texture("ink", 2, seed=1), texture("ink", 12, seed=1)

    def log_gradients(pixels):
        lightness = rgb2lab(pixels)[..., 0]
        down, right = np.gradient(lightness)
        return np.log2(1 + 2 * np.hypot(down, right))[1:-1, 1:-1].ravel()

    expected = wasserstein_distance(log_gradients(first), log_gradients(second))
    found = contrast_distances(style_statistics(first), style_statistics(second))[0]
    assert found == pytest.approx(expected, abs=0.03)


def test_directions_are_unit_vectors_spread_over_the_half_sphere():
    assert np.linalg.norm(DIRECTIONS, axis=0) == pytest.approx(1)
    assert np.abs(DIRECTIONS.T @ DIRECTIONS - np.eye(12)).max() < np.cos(np.radians(20))


def test_measure_tells_what_was_kept_and_what_was_reached():
    photo, reference = picture(300, 200), texture("fire", 4, seed=1)
    painted = np.rint(0.4 * photo + 0.6 * np.array((200, 90, 40))).astype(np.uint8)
    found = measure(photo, painted, reference)
    assert set(found) == {"ssim", "edge_f1", "delta_e", "style_distance_before", "style_distance_after"}
    assert all(isinstance(value, float) for value in found.values())
    assert found["style_distance_after"] < found["style_distance_before"]
    assert found["style_distance_after"] == pytest.approx(style_distance(painted, reference))
    kept = measure(photo, photo, reference)
    assert kept["ssim"] == pytest.approx(1)
    assert (kept["edge_f1"], kept["delta_e"]) == (1, 0)
    assert kept["style_distance_before"] == kept["style_distance_after"]


def test_measure_takes_alpha_and_the_smallest_pictures():
    photo = np.dstack((picture(16, 16), np.full((16, 16), 255, np.uint8)))
    found = measure(photo, photo[..., :3].copy(), picture(16, 16, seed=2))
    assert found["ssim"] == pytest.approx(1)
    assert all(np.isfinite(value) for value in found.values())


def test_measure_refuses_two_sizes():
    with pytest.raises(ValueError, match="one size"):
        measure(picture(40, 30), picture(30, 40), picture())
