"""Renditions, placeholders and masters."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from styletransfer.imaging.decode import decode
from styletransfer.imaging.encode import encode_master, encode_renditions, placeholder
from styletransfer.imaging.fidelity import psnr
from tests.imaging.corpus import picture


def glass(width=64, height=48):
    """An RGBA picture, transparent on its left half, with bright red hidden there."""
    pixels = np.dstack((picture(width, height), np.full((height, width), 255, np.uint8)))
    pixels[:, : width // 2] = (255, 0, 0, 0)
    return pixels


def opened(rendition):
    return Image.open(io.BytesIO(rendition.data))


def test_every_width_and_format_in_order():
    renditions = encode_renditions(picture(300, 200), [150, 75])
    assert [(each.width, each.height, each.format) for each in renditions] == [
        (width, height, name) for width, height in ((75, 50), (150, 100)) for name in ("avif", "webp", "jpeg")
    ]
    for each in renditions:
        image = opened(each)
        assert (image.width, image.height) == (each.width, each.height)
        assert image.format == each.format.upper()


def test_nothing_is_enlarged_or_made_twice():
    renditions = encode_renditions(picture(100, 80), [50, 320, 640, 100, 50], formats=["webp"])
    assert [(each.width, each.height) for each in renditions] == [(50, 40), (100, 80)]


@pytest.mark.parametrize(("name", "least"), [("avif", 36), ("webp", 33), ("jpeg", 33)])
def test_renditions_look_like_the_picture(name, least):
    pixels = picture(200, 150)
    (rendition,) = encode_renditions(pixels, [200], formats=[name])
    assert psnr(decode(rendition.data).pixels, pixels) > least


def test_each_width_is_made_from_the_full_picture():
    pixels = picture(256, 256)
    small, _ = encode_renditions(pixels, [64, 128], formats=["jpeg"], quality={"jpeg": 100})
    expected = np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.LANCZOS))
    assert psnr(decode(small.data).pixels, expected) > 40


def test_quality_is_heeded_and_may_be_partial():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for name in ("avif", "webp", "jpeg"):
        (low,) = encode_renditions(pixels, [64], formats=[name], quality={name: 20})
        (high,) = encode_renditions(pixels, [64], formats=[name], quality={name: 95})
        assert len(low.data) < len(high.data) / 1.5
        assert encode_renditions(pixels, [64], formats=[name], quality={})


def test_jpeg_is_progressive():
    (rendition,) = encode_renditions(picture(), [48], formats=["jpeg"])
    assert opened(rendition).info["progressive"]


def test_jpeg_lays_transparency_on_white():
    (rendition,) = encode_renditions(glass(), [64], formats=["jpeg"])
    pixels = decode(rendition.data).pixels
    assert pixels.shape[2] == 3
    assert pixels[:, :28].min() > 245


@pytest.mark.parametrize("name", ["avif", "webp"])
def test_alpha_survives(name):
    (rendition,) = encode_renditions(glass(), [64], formats=[name])
    alpha = decode(rendition.data).pixels[..., 3]
    assert alpha[:, :30].max() < 10
    assert alpha[:, 34:].min() > 245


def test_hidden_colours_do_not_bleed_into_edges():
    pixels = glass(256, 256)
    pixels[:, 128:] = (0, 90, 200, 255)
    (rendition,) = encode_renditions(pixels, [37], formats=["webp"], quality={"webp": 100})
    small = decode(rendition.data).pixels
    edge = small[(small[..., 3] > 30)]
    assert edge[:, 0].max() < 60


def test_no_metadata_is_written():
    for each in encode_renditions(picture(), [48]):
        image = opened(each)
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)
    master = Image.open(io.BytesIO(encode_master(picture())))
    master.load()
    assert master.info == {}


def test_the_same_pixels_give_the_same_bytes():
    assert encode_master(picture()) == encode_master(picture())
    assert encode_renditions(picture(), [20, 48]) == encode_renditions(picture(), [20, 48])
    assert placeholder(picture()) == placeholder(picture())


def test_impossible_wishes_are_refused():
    with pytest.raises(ValueError, match="gif"):
        encode_renditions(picture(), [48], formats=["gif"])
    with pytest.raises(ValueError, match="1 or more"):
        encode_renditions(picture(), [0])


@pytest.mark.parametrize("pixels", [picture(320, 200), picture(20, 300), glass(200, 200)])
def test_placeholder_is_a_tiny_webp(pixels):
    uri = placeholder(pixels)
    kind, data = uri.split(",")
    assert kind == "data:image/webp;base64"
    assert len(uri) < 400
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert image.format == "WEBP"
    assert max(image.size) == 16
    mean = np.asarray(image.convert("RGB")).mean() if pixels.shape[2] == 3 else None
    assert mean is None or mean == pytest.approx(pixels.mean(), abs=12)


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([3, 4]), st.integers(0, 99))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_master_is_lossless(width, height, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_master(pixels)))), pixels)


@given(st.integers(16, 90), st.integers(16, 90), st.lists(st.integers(1, 120), max_size=4))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_renditions_never_exceed_the_picture_and_keep_its_shape(width, height, widths):
    renditions = encode_renditions(picture(width, height), widths, formats=["jpeg"])
    assert len({each.width for each in renditions}) == len(renditions)
    for each in renditions:
        assert each.width <= width
        assert abs(each.height - height * each.width / width) <= 0.5 or each.height == 1
