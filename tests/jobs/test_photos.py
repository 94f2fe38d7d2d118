"""Paint sizes and buckets."""

import pytest

from styletransfer.jobs.photos import bucket_of, paint_size
from tests.jobs.conftest import configure


@pytest.mark.parametrize(
    ("photo", "widths", "expected"),
    [
        ((1600, 1200), [320, 960], (960, 720)),
        ((640, 480), [320, 960], (640, 480)),
        ((1000, 4000), [960], (512, 2048)),
        ((4000, 4000), [4096], (2048, 2048)),
        ((2000, 100), [64], (320, 16)),
        ((100, 2000), [320], (100, 2000)),
    ],
)
def test_paint_size(photo, widths, expected):
    assert paint_size(*photo, widths) == expected


def test_the_longest_side_is_a_setting(settings):
    configure(settings, MAX_PAINT_SIDE=500)
    assert paint_size(1000, 2000, [960]) == (250, 500)


def test_buckets_round_up():
    assert bucket_of(1600, 1200, [960]) == "960x768"
    assert bucket_of(65, 64, [960]) == "128x64"
    assert bucket_of(None, None, [960]) == ""
