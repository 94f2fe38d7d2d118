"""A page of photos, with integer keys, that costs no file to make."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from styletransfer.delivery import picture_for
from styletransfer.models import StyledVariant, StylePreset
from tests.testapp.models import Article, Photo


@pytest.fixture
def oil(db) -> StylePreset:
    return StylePreset.objects.create(name="Oil", slug="oil", engine="fake")


@pytest.fixture
def ink(db) -> StylePreset:
    return StylePreset.objects.create(name="Ink", slug="ink", engine="fake", position=1)


@pytest.fixture
def make_photo(db) -> Callable[..., Photo]:
    def make(number: int = 0, **values: object) -> Photo:
        """A photo row; its file is named but never written, so opening it would fail."""
        article = Article.objects.create(name=f"Mug {number}")
        columns = {"alt": f"A mug, number {number}", "width": 1200, "height": 900, **values}
        photo = Photo(article=article, **columns)
        photo.image.name = f"photos/mug-{number}.jpg"
        photo.save()
        article.cover = photo
        article.save()
        return photo

    return make


def shown_recipe(photo: Photo, slug: str) -> str | None:
    """The recipe of the variant that a page would show."""
    src = picture_for(Photo.objects.get(pk=photo.pk), slug).src
    for variant in StyledVariant.objects.all():
        if any(src.endswith(item["name"]) for item in variant.renditions):
            return variant.recipe
    return None
