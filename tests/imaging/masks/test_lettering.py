from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from styletransfer.imaging.colour import delta_e_2000, rgb_to_lab
from styletransfer.imaging.masks.lettering import return_lettering

HEIGHT, WIDTH = 200, 320
LINE = (60, 80, 260, 125)  # left, top, right, bottom of the print


def printed(ground: tuple[int, int, int], ink: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A photo with a word on plain ground, and where the ink is, (height, width) in [0, 1]."""
    cover = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(cover).text((62, 80), "NORD & CO", font=ImageFont.load_default(36), fill=255)
    share = np.asarray(cover, np.float32)[..., None] / 255
    photo = np.array(ground) * (1 - share) + np.array(ink) * share
    return np.rint(photo).astype(np.uint8), share[..., 0]


def painting(ground: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """Blotches of one colour: no letter is left of the photo."""
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 60, (HEIGHT, WIDTH, 3)), (0, 0), 3)
    return np.clip(np.array(ground) + noise, 0, 255).astype(np.uint8)


def line_area(amount: float = 1.0, right: int = LINE[2]) -> np.ndarray:
    area = np.zeros((HEIGHT, WIDTH), np.float32)
    area[LINE[1] : LINE[3], LINE[0] : right] = amount
    return area


def difference(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float:
    return float(np.median(delta_e_2000(rgb_to_lab(first)[where], rgb_to_lab(second)[where])))


def test_ink_is_the_photos_and_ground_the_paintings() -> None:
    photo, ink = printed((200, 180, 150), (30, 25, 40))
    painted = painting((120, 190, 120))
    result = return_lettering(photo, painted, line_area())
    assert difference(result, photo, ink > 0.95) < 3
    gap = (line_area() > 0) & (ink == 0)
    assert difference(result, painted, gap) < 12 < difference(result, photo, gap)


def test_no_border_shows_where_the_area_ends() -> None:
    photo, ink = printed((200, 180, 150), (30, 25, 40))
    painted = painting((120, 190, 120))
    wide = np.zeros((HEIGHT, WIDTH), np.float32)
    wide[20:180, 20:300] = 1
    result = return_lettering(photo, painted, wide)
    far = cv2.dilate(ink, np.ones((41, 41), np.uint8)) == 0
    np.testing.assert_array_equal(result[far], painted[far])


@pytest.mark.parametrize(
    ("ground", "ink", "painted"),
    [
        (
            (60, 65, 70),
            (220, 195, 150),
            (215, 225, 200),
        ),  # light letters, and the painting made the cloth light
        ((225, 220, 210), (40, 40, 45), (50, 45, 60)),  # dark letters, and it made the label dark
    ],
)
def test_ink_keeps_most_of_its_contrast(
    ground: tuple[int, int, int], ink: tuple[int, int, int], painted: tuple[int, int, int]
) -> None:
    photo, cover = printed(ground, ink)
    result = return_lettering(photo, painting(painted), line_area())
    solid = cover > 0.95
    beside = (cv2.dilate(cover, np.ones((5, 5), np.uint8)) > 0) & (cover < 0.02)

    def contrast(picture: np.ndarray) -> float:
        lightness = rgb_to_lab(picture)[..., 0]
        return float(np.median(lightness[solid]) - np.median(lightness[beside]))

    assert np.sign(contrast(result)) == np.sign(contrast(photo))
    assert abs(contrast(result)) > 0.6 * abs(contrast(photo))


def test_a_letter_that_was_found_in_part_comes_back_whole() -> None:
    photo, ink = printed((200, 180, 150), (30, 25, 40))
    result = return_lettering(photo, painting((120, 190, 120)), line_area(right=240))
    columns = np.arange(WIDTH) >= 240
    cut = (ink > 0.95) & columns & (np.arange(WIDTH) < 244)
    assert cut.any()
    assert difference(result, photo, cut) < 3


def test_the_amount_mixes() -> None:
    photo, ink = printed((200, 180, 150), (30, 25, 40))
    painted = painting((120, 190, 120))
    half, full = (return_lettering(photo, painted, line_area(amount)) for amount in (0.5, 1.0))
    solid = ink > 0.95
    assert difference(half, painted, solid) == pytest.approx(difference(full, painted, solid) / 2, rel=0.35)
    np.testing.assert_array_equal(return_lettering(photo, painted, line_area(0)), painted)


def test_plain_ground_and_faint_grain_stay_painted() -> None:
    grain = np.random.default_rng(3).normal(0, 2, (HEIGHT, WIDTH, 1))
    photo = np.clip(np.array([180, 170, 160]) + grain, 0, 255).astype(np.uint8)
    painted = painting((90, 120, 200))
    np.testing.assert_array_equal(return_lettering(photo, painted, line_area()), painted)


def test_the_rim_of_a_bottle_is_no_letter() -> None:
    photo, _ = printed((210, 205, 195), (40, 40, 40))
    photo[:, 40:46] = (150, 70, 40)
    area = line_area()
    area[:, 30:] = 1
    painted = painting((120, 190, 120))
    result = return_lettering(photo, painted, area)
    np.testing.assert_array_equal(result[20:180, 41:45], painted[20:180, 41:45])


def test_transparency_stays() -> None:
    photo, _ = printed((200, 180, 150), (30, 25, 40))
    alpha = np.full((HEIGHT, WIDTH, 1), 77, np.uint8)
    result = return_lettering(
        np.dstack((photo, alpha)), np.dstack((painting((1, 90, 9)), alpha)), line_area()
    )
    assert result.shape == (HEIGHT, WIDTH, 4)
    assert (result[..., 3] == 77).all()
