"""Staff with different rights, presets with references, and real small photos in a throw-away folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client

from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.worker import Worker
from styletransfer.models import RestyleJob, StylePreset, StyleReference
from styletransfer.sources import get_source
from styletransfer.testing import photo_file
from tests.testapp.models import Article, Photo


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    # The example store's error pages link to its own URLs, which this project does not have.
    settings.TEMPLATES = [{**engine, "DIRS": []} for engine in settings.TEMPLATES]


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """A count that was slow on a busy machine is kept for a moment; the next test must not see it."""
    cache.clear()


@pytest.fixture
def make_staff(db) -> Callable[..., User]:
    def make(*permissions: str) -> User:
        user = User.objects.create_user(f"staff{User.objects.count()}", is_staff=True)
        for name in permissions:
            app, codename = name.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return user

    return make


@pytest.fixture
def client_with(make_staff) -> Callable[..., Client]:
    def make(*permissions: str) -> Client:
        client = Client()
        client.force_login(make_staff(*permissions))
        return client

    return make


@pytest.fixture
def boss(client_with) -> Client:
    """A client with every right of the app and the sight of the host's rows."""
    names = [
        "add_stylepreset",
        "change_stylepreset",
        "delete_stylepreset",
        "view_stylepreset",
        "add_stylereference",
        "change_stylereference",
        "delete_stylereference",
        "add_stylepresetpart",
        "change_stylepresetpart",
        "delete_stylepresetpart",
        "restyle",
        "review",
    ]
    host = ["testapp.view_article", "testapp.view_photo", "testapp.view_uuidphoto"]
    return client_with(*(f"styletransfer.{name}" for name in names), *host)


@pytest.fixture
def make_preset(db) -> Callable[..., StylePreset]:
    def make(slug: str = "oil", seed: int = 1, **values: object) -> StylePreset:
        values = {"name": slug.title(), "engine": "fake", "widths": [48, 64], **values}
        preset = StylePreset.objects.create(slug=slug, **values)
        StyleReference(preset=preset, image=photo_file(f"{slug}.jpg", seed=seed)).save()
        return preset

    return make


@pytest.fixture
def make_photo(db) -> Callable[..., Photo]:
    def make(number: int = 0) -> Photo:
        article = Article.objects.create(name=f"Mug {number}")
        image = photo_file(f"mug-{number}.jpg", seed=number)
        return Photo.objects.create(article=article, image=image, alt=f"A mug, number {number}")

    return make


@pytest.fixture
def drain(db) -> Callable[[], None]:
    def work() -> None:
        """Do everything that waits, in this process."""
        Worker(encode_threads=0, poll_seconds=0.01).run(until=lambda: True)

    return work


@pytest.fixture
def restyle(drain) -> Callable[..., RestyleJob]:
    def paint(photos: list[Photo], *presets: StylePreset, work: bool = True) -> RestyleJob:
        job = request_restyle(get_source(Photo), [photo.pk for photo in photos], presets)
        if work:
            drain()
        return job

    return paint
