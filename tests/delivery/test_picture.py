"""What a ``Picture`` holds, and what it never opens."""

import base64
import io
from unittest import mock

import pytest
from django.core.files.storage import FileSystemStorage
from PIL import Image

from styletransfer import sources
from styletransfer.delivery import build_picture, picture_for, rendition_url
from styletransfer.delivery.picture import opaque_placeholder
from styletransfer.imaging.encode import placeholder
from styletransfer.models.storage import variant_storage, variant_url
from styletransfer.testing import assert_styled_queries, make_variant, photo_file, photo_pixels
from tests.testapp.models import Article, Photo, UuidPhoto

pytestmark = pytest.mark.django_db


def test_sources_by_format_and_width(make_photo, oil):
    photo = make_photo()
    variant = make_variant(photo, oil, widths=[640, 320], size=(640, 480))
    picture = build_picture(sources.get_source(Photo), photo, variant, sizes="50vw", preset="oil")
    assert [item.type for item in picture.sources] == ["image/avif", "image/webp", "image/jpeg"]
    assert [width for _, width in picture.sources[0].srcset] == [320, 640]
    assert picture.sources[1].srcset[0][0] == f"/media/styled/{variant.recipe[:32]}-320.webp"
    assert picture.src == picture.sources[2].srcset[1][0]
    assert (picture.width, picture.height) == (640, 480)
    assert (picture.preset, picture.state, picture.is_styled) == ("oil", "ready", True)
    assert picture.original == "/media/photos/mug-0.jpg"
    assert (picture.alt, picture.sizes) == ("A mug, number 0", "50vw")
    assert picture.placeholder.startswith("data:image/webp;base64,")


@pytest.mark.parametrize(("formats", "src"), [(("jpeg",), ".jpeg"), (("jpeg", "webp"), ".jpeg")])
def test_fewer_formats(make_photo, oil, settings, formats, src):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "FORMATS": formats}
    photo = make_photo()
    make_variant(photo, oil)
    picture = picture_for(photo, "oil")
    assert len(picture.sources) == len(formats)
    assert picture.src.endswith(src)


def test_priority_and_loading(make_photo):
    photo = make_photo()
    first, usual = picture_for(photo, None, priority=True), picture_for(photo, None)
    assert (first.loading, first.fetchpriority, first.decoding) == ("eager", "high", "auto")
    assert (usual.loading, usual.fetchpriority, usual.decoding) == ("lazy", "auto", "async")
    assert picture_for(photo, None, loading="eager").loading == "eager"


def test_alt_may_be_decorative(make_photo):
    photo = make_photo()
    assert picture_for(photo, None).alt == "A mug, number 0"
    assert picture_for(photo, None, alt="").alt == ""
    assert picture_for(photo, None, alt="Front").alt == "Front"


def test_the_originals_size_is_taken_from_where_it_is_known(oil):
    photo = UuidPhoto()
    photo.picture.name = "photos/unknown.jpg"
    photo.save()
    with assert_styled_queries(1):
        picture = picture_for(photo, "oil")
    assert (picture.width, picture.height) == (None, None)
    make_variant(photo, oil, state="queued", size=(800, 600))
    picture = picture_for(UuidPhoto.objects.get(), "oil")
    assert (picture.width, picture.height, picture.is_styled) == (800, 600, False)


@pytest.mark.parametrize("preset", ["oil", None])
def test_no_photo_is_no_crash(preset):
    for image in (None, "", UuidPhoto(), UuidPhoto().picture):
        picture = picture_for(image, preset)
        assert (picture.src, picture.original, picture.is_styled) == ("", "", False)


def test_what_is_no_photo_is_named(make_photo):
    with pytest.raises(sources.NotASourceError, match=r"testapp\.article is not registered"):
        picture_for(Article(), "oil")
    with pytest.raises(sources.NotASourceError, match="needs an instance"):
        picture_for("/media/photo.jpg", "oil")


def test_a_file_really_stored_is_never_opened(oil):
    article = Article.objects.create(name="Mug")
    photo = Photo.objects.create(article=article, image=photo_file(width=90, height=60), alt="A mug")
    make_variant(photo, oil, widths=[64], write_files=True)
    with assert_styled_queries(2):
        photo = Photo.objects.get()
        assert picture_for(photo, "oil").is_styled
        assert picture_for(photo, "original").width == 90


@pytest.mark.parametrize(
    ("width", "image_format", "expected"),
    [
        (None, "jpeg", "-960.jpeg"),
        (1, "jpeg", "-320.jpeg"),
        (321, "webp", "-640.webp"),
        (640, "avif", "-640.avif"),
        (9999, "avif", "-960.avif"),
        (320, "gif", "-960.jpeg"),
    ],
)
def test_one_url(make_photo, oil, width, image_format, expected):
    photo = make_photo()
    make_variant(photo, oil)
    assert rendition_url(picture_for(photo, "oil"), width, image_format).endswith(expected)
    assert rendition_url(picture_for(photo, "original"), width, image_format) == photo.image.url


def test_see_through_placeholders_are_left_out():
    pixels = photo_pixels()
    assert opaque_placeholder(placeholder(pixels)) == placeholder(pixels)
    cut_out = Image.fromarray(pixels).convert("RGBA")
    cut_out.putalpha(Image.radial_gradient("L").resize(cut_out.size))
    buffer = io.BytesIO()
    cut_out.resize((16, 12)).save(buffer, "WEBP")
    uri = "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
    assert opaque_placeholder(uri) == ""
    assert opaque_placeholder("") == ""


@pytest.mark.parametrize(
    "name",
    [
        "styled/aa/0f-320.avif",
        "a b/ü-1.jpg",
        "../up.jpg",
        "./x/y.jpg",
        "/root.jpg",
        "a//b.jpg",
        "x:y.jpg",
        "q?.jpg",
    ],
)
@pytest.mark.parametrize("base", ["/media/", "https://cdn.example/m/"])
def test_addresses_are_those_of_the_storage(settings, name, base):
    settings.MEDIA_URL = base
    assert variant_url()(name) == variant_storage().url(name)


def test_a_storage_of_its_own_kind_is_asked():
    class Signed(FileSystemStorage):
        def url(self, name):
            return f"signed:{name}"

    with mock.patch("styletransfer.models.storage.variant_storage", Signed):
        assert variant_url()("styled/a.jpg") == "signed:styled/a.jpg"
