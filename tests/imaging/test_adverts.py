"""Ad pictures: the product whole and round, no pixel invented without saying so."""

import numpy as np
import pytest

from styletransfer.experiments.slots import SLOTS
from styletransfer.imaging.adverts import background_of, compose, encode_advert, subject_box

SIZES = [(slot.width, slot.height) for slot in SLOTS]


def disc(width=960, height=720, radius=150, centre=None):
    """A dark disc on a faint gradient."""
    y, x = np.mgrid[0:height, 0:width]
    cx, cy = centre or (width / 2, height / 2)
    picture = np.empty((height, width, 3))
    picture[:] = 225 + 10 * (x / width)[..., None]
    picture[np.hypot(x - cx, y - cy) <= radius] = (40, 70, 120)
    return picture.astype(np.uint8)


def disc_size(pixels):
    """(width, height) of the dark disc."""
    dark = pixels[..., 0] < 130
    return int(dark.any(axis=0).sum()), int(dark.any(axis=1).sum())


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("centre", [None, (200, 200)])
def test_the_product_stays_whole_and_round_in_every_slot(width, height, centre):
    advert = compose(disc(centre=centre), width, height)
    assert advert.pixels.shape == (height, width, 3)
    wide, high = disc_size(advert.pixels)
    assert wide == pytest.approx(high, abs=2)
    assert wide == pytest.approx(301 * advert.scale, abs=3)
    assert advert.scale <= 1
    assert not advert.is_enlarged


def test_a_small_picture_is_enlarged_only_when_asked_and_then_says_so():
    small = disc(240, 180, 40)
    kept, grown = compose(small, 1080, 1080), compose(small, 1080, 1080, enlarge=True)
    assert (kept.scale, kept.is_enlarged) == (1.0, False)
    assert disc_size(kept.pixels) == (81, 81)
    assert kept.filled > 0.9
    assert grown.is_enlarged
    assert grown.scale == pytest.approx(6.0, rel=0.01)


def test_where_the_shape_fits_nothing_is_filled():
    advert = compose(disc(), 300, 250)
    assert advert.filled == 0
    assert 0 < advert.cropped < 0.2


def test_the_filling_goes_on_from_the_border_without_a_seam():
    advert = compose(disc(), 728, 90)
    assert advert.filled > 0.5
    row = advert.pixels[45, :, 0].astype(int)
    left = row[: (728 - 120) // 2]
    assert np.abs(np.diff(left)).max() <= 2
    assert np.abs(advert.pixels[0, 0] - background_of(disc())).max() <= 3


def test_the_subject_is_found_and_a_plain_picture_is_all_subject():
    left, top, right, bottom = subject_box(disc(radius=100))
    assert (left, top, right, bottom) == pytest.approx((380, 260, 580, 460), abs=12)
    plain = np.full((60, 80, 3), 200, np.uint8)
    assert subject_box(plain) == (0, 0, 80, 60)
    assert compose(plain, 320, 50).pixels.shape == (50, 320, 3)


def test_a_picture_is_kept_under_the_platforms_limit():
    noisy = np.random.default_rng(0).integers(0, 256, (600, 300, 3), dtype=np.uint8)
    free, limited = encode_advert(noisy), encode_advert(noisy, 100_000)
    assert len(limited) <= 100_000 < len(free)
