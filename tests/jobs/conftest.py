"""A small host shop whose photos are painted by the fake engine."""

import pytest
from django.core.files.base import ContentFile

from styletransfer.jobs import ceilings, changes, codes, encoding, engines, signs
from styletransfer.models import StylePreset, StyleReference
from styletransfer.sources import get_source
from styletransfer.testing import FakeEngine, photo_bytes, photo_file
from tests.integration.project.runner import REQUEST, projects
from tests.testapp.models import Article, Photo


@pytest.fixture(autouse=True)
def fresh_process(settings, tmp_path):
    """What a new process starts with: no engine, no remembered codes or ceilings; own media folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    configure(settings)
    ceilings.forget()
    codes._codes.clear()
    encoding._references.clear()
    signs.forget()
    changes._has_compared_engines = False
    yield
    FakeEngine.on_paint = None
    engines.get_engine.cache_clear()


def configure(settings, **changes):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "FORMATS": ["jpeg"], **changes}


@pytest.fixture
def make_preset():
    def make(slug="oil", seed=7, **values):
        values = {"widths": [32, 64], **values}
        preset = StylePreset.objects.create(name=slug.title(), slug=slug, engine="fake", **values)
        reference = ContentFile(photo_bytes(48, 48, seed=seed, image_format="PNG"), name=f"{slug}.png")
        StyleReference(preset=preset, image=reference).save()
        preset.refresh_from_db()
        return preset

    return make


@pytest.fixture
def make_photos():
    def make(number=1, **values):
        article = Article.objects.create(name="Chair")
        return [
            Photo.objects.create(article=article, image=photo_file(f"{index}.jpg", seed=index, **values))
            for index in range(number)
        ]

    return make


@pytest.fixture
def source():
    return get_source(Photo)


@pytest.fixture
def make_project(tmp_path):
    yield from projects(tmp_path)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Folder of a project with forty photos that are requested in one preset."""
    project = next(projects(tmp_path_factory.mktemp("template")))(40)
    project.python(REQUEST)
    return project.var
