"""Photos of any model are found, described and never opened just to be shown."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from styletransfer import sources
from styletransfer.testing import photo_file
from tests.testapp.models import Article, Photo, UuidPhoto


def test_settings_register_integer_and_uuid_models():
    assert sources.get_source("testapp.photo").model is Photo
    assert sources.get_source(UuidPhoto).image == "picture"


def test_unknown_source_says_what_is_registered():
    with pytest.raises(sources.NotASourceError, match=r"testapp\.article.*testapp\.photo.*SOURCES"):
        sources.get_source(Article)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"image": "x"}, "model"),
        ({"model": "testapp.Nothing"}, "Nothing"),
        ({"model": "testapp.Photo", "pic": "x"}, "pic"),
    ],
)
def test_bad_entries_in_settings_are_refused(settings, entry, text):
    settings.STYLETRANSFER = {"SOURCES": [entry]}
    with pytest.raises(ImproperlyConfigured, match=text):
        sources.register_from_settings()


@pytest.mark.django_db
def test_alt_and_size_come_from_the_host(django_assert_num_queries):
    article = Article.objects.create(name="Mug")
    photo = Photo.objects.create(article=article, image=photo_file(width=90, height=60), alt="A blue mug")
    source = sources.get_source(Photo)
    photo = Photo.objects.select_related("article").get(pk=photo.pk)
    with django_assert_num_queries(0):
        assert source.known_size(photo) == (90, 60)
        assert source.alt_text(photo) == "A blue mug"
        photo.alt = ""
    bare = sources.get_source(UuidPhoto)
    assert bare.known_size(UuidPhoto()) is None
    assert sources.Source(Photo, product="article", alt="alt").alt_text(photo) == "Mug"
