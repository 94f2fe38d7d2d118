"""What decode turns away, and what it says."""

import io
import pickle
import resource
import time
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from styletransfer.imaging.decode import DecodeLimits, ImageRefusedError, decode, read_header
from styletransfer.imaging.signatures import detect_format
from tests.imaging.corpus import animated, picture, pixel_bomb, png, png_chunk, saved

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
JPEG = saved(picture(200, 150), "JPEG")
PNG = saved(picture(200, 150), "PNG")


def refusal(data, limits=None):
    """The refusal of ``data``, which read_header must share unless only the pixels are bad."""
    with pytest.raises(ImageRefusedError) as caught:
        decode(data, limits or DecodeLimits())
    return caught.value


HEADER_REFUSALS = {
    "empty file": (b"", "empty", "0 bytes"),
    "SVG named jpg": (SVG, "svg", "This is an SVG"),
    "SVG with prologue": (b'\xef\xbb\xbf\n<?xml version="1.0"?>\n<!-- x -->' + SVG, "svg", "This is an SVG"),
    "SVG in UTF-16": ("\ufeff".encode("utf-16-le") + SVG.decode().encode("utf-16-le"), "svg", "an SVG"),
    "HTML": (b"<!DOCTYPE html><html></html>", "wrong-format", "HTML"),
    "PDF": (b"%PDF-1.7\n", "wrong-format", "PDF"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "wrong-format", "PostScript"),
    "ZIP": (b"PK\x03\x04" + bytes(30), "wrong-format", "ZIP"),
    "HEIC": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "wrong-format", "HEIC"),
    "video": (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "wrong-format", "video"),
    "TIFF": (saved(picture(), "TIFF"), "wrong-format", "TIFF"),
    "BMP": (saved(picture(), "BMP"), "wrong-format", "BMP"),
    "text": (b"hello, world", "unknown-format", "no picture"),
    "picture behind other bytes": (b"\n" + JPEG, "unknown-format", "no picture"),
    "animated GIF": (animated("GIF"), "animated", "GIF is animated (3 frames)"),
    "animated WebP": (animated("WEBP"), "animated", "WEBP is animated (3 frames)"),
    "animated PNG": (animated("PNG"), "animated", "PNG is animated (3 frames)"),
    "animated AVIF": (animated("AVIF"), "animated", "AVIF is animated (3 frames)"),
    "one pixel": (saved(picture(1, 1)), "too-small", "1 by 1 pixels; at least 16"),
    "15 px": (saved(picture(40, 15)), "too-small", "40 by 15"),
    "ribbon": (saved(picture(640, 20)), "too-narrow", "640 by 20"),
    "13,000 px square": (pixel_bomb(), "too-many-pixels", "13,000 by 13,000 pixels, more than 40 million"),
    "JPEG of nothing": (b"\xff\xd8\xff\xe0" + bytes(100), "damaged", "JPEG file is damaged"),
    "PNG of nothing": (b"\x89PNG\r\n\x1a\n" + bytes(100), "damaged", "PNG file is damaged"),
    "WebP of nothing": (b"RIFF\x64\x00\x00\x00WEBP" + bytes(100), "damaged", "WEBP file is damaged"),
    "AVIF of nothing": (b"\x00\x00\x00\x18ftypavif" + bytes(100), "damaged", "AVIF file is damaged"),
    "GIF with a script in it": (b"GIF89a=1;alert(document.cookie)//", None, ""),
}


@pytest.mark.parametrize(
    ("data", "code", "words"),
    HEADER_REFUSALS.values(),
    ids=[name.replace(" ", "-") for name in HEADER_REFUSALS],
)
def test_refused_from_the_header(data, code, words):
    error = refusal(data)
    assert code is None or error.code == code
    assert words in str(error)
    assert str(error).endswith(".")
    with pytest.raises(ImageRefusedError) as caught:
        read_header(data)
    assert str(caught.value) == str(error)


@pytest.mark.parametrize("data", [JPEG, PNG, saved(picture(200, 150), "WEBP"), saved(picture(), "AVIF")])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_files_cut_short_are_refused(data, kept):
    assert refusal(data[: int(len(data) * kept)]).code == "damaged"


def test_png_with_scrambled_pixels_is_refused():
    scrambled = bytearray(PNG)
    scrambled[len(PNG) // 2 : len(PNG) // 2 + 200] = bytes(200)
    assert refusal(bytes(scrambled)).code == "damaged"


def test_jpeg_with_scrambled_tables_is_refused():
    scrambled = bytearray(JPEG)
    scrambled[150:400] = bytes(250)
    assert refusal(bytes(scrambled)).code == "damaged"


def test_pixel_bomb_costs_neither_time_nor_memory():
    data = pixel_bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    refusal(data)
    assert time.perf_counter() - start < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB; decoded it is 165,000


def test_byte_limit_is_checked_before_parsing_and_bounds_the_read():
    limits = DecodeLimits(max_bytes=1000)

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            assert 0 <= size <= 1001
            self.given += size
            return bytes(size)

    stream = Endless()
    error = refusal(stream, limits)
    assert error.code == "too-many-bytes"
    assert "MAX_BYTES" in str(error)
    assert stream.given == 1001
    assert refusal(bytes(1001), limits).code == "too-many-bytes"
    assert refusal(bytes(1000), limits).code == "unknown-format"


def test_limits_can_be_moved():
    data = saved(picture(60, 40))
    assert refusal(data, DecodeLimits(max_pixels=60 * 40 - 1)).code == "too-many-pixels"
    assert decode(data, DecodeLimits(max_pixels=60 * 40)).width == 60
    assert refusal(data, DecodeLimits(min_side=41)).code == "too-small"
    assert refusal(data, DecodeLimits(max_aspect=1.4)).code == "too-narrow"
    error = refusal(data, DecodeLimits(formats=("JPEG", "WEBP")))
    assert error.code == "wrong-format"
    assert "JPEG or WEBP" in str(error)
    with pytest.raises(ValueError, match="EPS"):
        DecodeLimits(formats=("EPS",))


def test_refusals_survive_pickling():
    error = pickle.loads(pickle.dumps(refusal(b"")))
    assert (error.code, str(error)) == ("empty", str(refusal(b"")))


def test_a_polyglot_gives_pixels_and_nothing_else():
    script = b"<script>alert(1)</script>PK\x03\x04"
    for image_format in ("JPEG", "PNG", "GIF"):
        plain = saved(picture(), image_format)
        assert np.array_equal(decode(plain + script).pixels, decode(plain).pixels)


def test_a_host_that_turns_pillow_warnings_into_errors_or_lifts_its_cap_changes_nothing(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decode(PNG).width == 200
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert refusal(pixel_bomb()).code == "too-many-pixels"


def test_avif_under_a_general_brand_is_recognised():
    data = b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf"
    assert detect_format(data) == "AVIF"
    assert detect_format(saved(picture(), "AVIF")) == "AVIF"


SEEDS = [saved(picture(), name) for name in ("JPEG", "PNG", "WEBP", "AVIF", "GIF")]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_bytes_are_read_or_refused(data):
    with pytest.raises(ImageRefusedError):
        decode(data)


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_mutated_files_are_read_or_refused(seed, data):
    mutated = bytearray(seed)
    places = st.integers(0, len(seed) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        mutated[place] = value
    try:
        photo = decode(bytes(mutated), DecodeLimits(max_pixels=100_000))
    except ImageRefusedError:
        return
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.ndim == 3


def test_png_text_bomb_is_refused():
    bomb = png_chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(80_000_000), 9))
    assert refusal(png(32, 32, 8, 0, [bytes(32)] * 32, extra=bomb)).code == "damaged"
