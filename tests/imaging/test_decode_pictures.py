"""Every kind of picture that decode takes comes out upright, in sRGB, 8 bits a channel."""

import io
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from styletransfer.imaging.decode import DecodeLimits, decode, read_header
from tests.imaging.corpus import (
    cmyk_profile_with_green_cyan,
    picture,
    png,
    png_chunk,
    saved,
    swapped_red_green_profile,
)


def close(first, second, tolerance):
    return np.abs(first.astype(int) - second.astype(int)).max() <= tolerance


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_every_format_is_read(image_format):
    pixels = picture()
    options = {"quality": 95} if image_format in ("JPEG", "WEBP", "AVIF") else {}
    photo = decode(saved(pixels, image_format, **options))
    assert (photo.width, photo.height, photo.format) == (48, 32, image_format)
    assert photo.pixels.shape == (32, 48, 3)
    assert np.abs(photo.pixels.astype(int) - pixels).mean() < 8


def test_streams_and_buffers_are_read_like_bytes():
    data = saved(picture())
    for source in (io.BytesIO(data), bytearray(data), memoryview(data)):
        assert np.array_equal(decode(source).pixels, picture())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied(image_format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(picture())
    options = {} if image_format == "PNG" else {"quality": 100}
    data = saved(image, image_format, exif=exif, **options)
    stored = Image.open(io.BytesIO(data)).convert("RGB")
    stored.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(stored))
    photo = decode(data)
    assert np.array_equal(photo.pixels, expected)
    header = read_header(data)
    assert (header.width, header.height) == (photo.width, photo.height)
    assert (header.width > header.height) == (orientation < 5)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
@pytest.mark.parametrize("block", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0rubbish", b"Exif\0\0"])
def test_broken_exif_is_ignored(block):
    assert decode(saved(picture(), "JPEG", exif=block)).width == 48


def test_sixteen_bit_grey_is_scaled_and_not_clipped():
    grey = np.linspace(0, 65535, 32 * 48).reshape(32, 48).astype(np.uint16)
    pixels = decode(saved(grey)).pixels
    assert close(pixels, np.repeat(grey[..., None] / 257, 3, axis=2), 1)
    assert pixels.max() == 255
    assert len(np.unique(pixels)) == 256


def test_sixteen_bit_grey_with_a_transparent_value():
    rows = [struct.pack(">32H", *range(0, 32 * 2000, 2000))] * 16
    pixels = decode(png(32, 16, 16, 0, rows, extra=png_chunk(b"tRNS", struct.pack(">H", 4000)))).pixels
    assert pixels.shape == (16, 32, 4)
    assert (pixels[:, 2, 3] == 0).all()
    assert (np.delete(pixels[..., 3], 2, axis=1) == 255).all()


@pytest.mark.parametrize(("colour_type", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_colour_and_alpha(colour_type, channels):
    values = np.linspace(0, 65535, 24 * 24 * channels).reshape(24, 24 * channels).astype(">u2")
    pixels = decode(png(24, 24, 16, colour_type, [row.tobytes() for row in values])).pixels
    wide = values.reshape(24, 24, channels) / 257
    assert close(pixels[..., 0], wide[..., 0], 1)
    assert pixels.shape[2] == (3 if colour_type == 2 else 4)
    assert colour_type == 2 or close(pixels[..., 3], wide[..., -1], 1)


def test_sixteen_bit_colour_with_a_transparent_value():
    values = np.full((24, 24, 3), 40_000, ">u2")
    transparent = png_chunk(b"tRNS", struct.pack(">3H", 40_000, 40_000, 40_000))
    pixels = decode(png(24, 24, 16, 2, [row.tobytes() for row in values], extra=transparent)).pixels
    assert close(pixels[..., :3], np.full((24, 24, 3), 155), 1)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P", "RGBA"])
def test_every_mode_becomes_rgb_or_rgba(mode):
    image = Image.fromarray(picture()).convert(mode)
    pixels = decode(saved(image)).pixels
    assert np.array_equal(pixels, np.asarray(image.convert("RGB")))


def test_palette_with_transparency_keeps_its_alpha():
    image = Image.fromarray(picture()).quantize(8)
    pixels = decode(saved(image, transparency=3)).pixels
    assert pixels.shape[2] == 4
    assert np.array_equal(pixels[..., 3] == 0, np.asarray(image) == 3)


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "AVIF"])
def test_alpha_is_kept_only_where_something_is_transparent(image_format):
    opaque = np.dstack((picture(), np.full((32, 48), 255, np.uint8)))
    assert decode(saved(opaque, image_format)).pixels.shape[2] == 3
    glass = opaque.copy()
    glass[:16, :, 3] = 100
    pixels = decode(saved(glass, image_format)).pixels
    assert pixels.shape[2] == 4
    assert close(pixels[..., 3], glass[..., 3], 2)
    assert read_header(saved(glass, image_format)).has_alpha


def test_cmyk_without_profile_is_not_inverted():
    cyan = Image.new("CMYK", (32, 32), (255, 0, 0, 0))
    pixels = decode(saved(cyan, "JPEG", quality=100)).pixels
    assert pixels.shape == (32, 32, 3)
    assert close(pixels, np.full((32, 32, 3), (0, 255, 255)), 3)


def test_cmyk_goes_through_its_profile():
    cyan = Image.new("CMYK", (32, 32), (255, 0, 0, 0))
    cyan.paste((0, 0, 0, 0), (0, 0, 16, 32))
    pixels = decode(saved(cyan, "JPEG", quality=100, icc_profile=cmyk_profile_with_green_cyan())).pixels
    assert close(pixels[:, :8], np.full((32, 8, 3), 255), 3)
    red, green, blue = pixels[16, 28].astype(int)
    assert green > red + 80
    assert green > blue + 50


def test_icc_profile_is_converted_to_srgb():
    profile = swapped_red_green_profile()
    photo = decode(saved(Image.new("RGB", (32, 32), (220, 30, 60)), icc_profile=profile))
    assert close(photo.pixels, np.full((32, 32, 3), (30, 220, 60)), 3)


def test_icc_profile_leaves_alpha_alone():
    pixels = np.dstack((picture(), picture(seed=1)[..., 0]))
    photo = decode(saved(pixels, icc_profile=swapped_red_green_profile()))
    assert np.array_equal(photo.pixels[..., 3], pixels[..., 3])
    assert close(photo.pixels[..., :3], pixels[..., [1, 0, 2]], 3)


@pytest.mark.parametrize("profile", [b"rubbish", bytes(200), cmyk_profile_with_green_cyan()])
def test_broken_or_foreign_profile_is_ignored(profile):
    assert np.array_equal(decode(saved(picture(), icc_profile=profile)).pixels, picture())


def test_the_main_picture_of_a_multi_picture_jpeg_is_taken():
    images = [Image.fromarray(picture(seed=seed)) for seed in range(2)]
    data = saved(images[0], "MPO", save_all=True, append_images=images[1:])
    photo = decode(data)
    assert photo.format == "JPEG"
    assert np.array_equal(photo.pixels, decode(saved(images[0], "JPEG")).pixels)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_max_size_shrinks_and_keeps_the_shape(image_format):
    exif = Image.Exif()
    exif[0x0112] = 6
    large = picture(1200, 800)
    photo = decode(saved(large, image_format, exif=exif), max_size=(200, 240))
    assert (photo.width, photo.height) == (160, 240)
    small = Image.fromarray(large).resize((240, 160), Image.Resampling.LANCZOS).transpose(Image.ROTATE_270)
    assert np.abs(photo.pixels.astype(int) - np.asarray(small)).mean() < 3


def test_max_size_never_enlarges():
    assert decode(saved(picture()), max_size=(500, 500)).pixels.shape == (32, 48, 3)


def test_header_tells_what_decode_gives():
    header = read_header(saved(picture(), "WEBP"))
    assert (header.format, header.width, header.height, header.frames) == ("WEBP", 48, 32, 1)
    assert not header.has_alpha


def test_threads_do_not_disturb_each_other():
    files = [saved(picture(seed=seed), icc_profile=swapped_red_green_profile()) for seed in range(8)]
    alone = [decode(data).pixels for data in files]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda data: decode(data).pixels, files * 4))
    assert all(np.array_equal(one, alone[index % 8]) for index, one in enumerate(together))


@given(st.integers(16, 40), st.integers(16, 40), st.sampled_from([3, 4]), st.integers(0, 99))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_lossless_files_come_back_unchanged(width, height, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    for data in (saved(pixels), saved(pixels, "WEBP", lossless=True, exact=True)):
        photo = decode(data, DecodeLimits())
        assert np.array_equal(photo.pixels, pixels)
        header = read_header(data)
        assert (header.width, header.height) == (width, height)
