"""A style of one's own in the shipped painter: what a shopper asks for is what the pictures show."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from styletransfer.jobs.codes import ensure_style_code
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.models.storage import variant_storage
from styletransfer.testing import photo_file
from tests.api.test_personal_style import articles, ask, fresh_process, make_shopper, shopper
from tests.jobs.conftest import make_preset
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Article, Photo

__all__ = ["articles", "fresh_process", "make_preset", "make_shopper", "shopper"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def looks(make_preset):
    """Two looks with different references, painted by the network that is shipped."""
    made = {}
    for slug, seed in (("oil", 7), ("ink", 9)):
        preset = make_preset(slug, seed=seed)
        preset.engine = "painter"
        preset.save()
        made[slug] = StylePreset.objects.get(pk=preset.pk)
    return made


@pytest.fixture(autouse=True)
def photo(db):
    article = Article.objects.create(name="Mug")
    article.cover = Photo.objects.create(article=article, image=photo_file("mug.jpg"))
    article.save()


def painted(shopper, mix):
    """Preset of a style of one's own, and its pictures by key of their photo: (height, width, 3) floats."""
    ask(shopper, {"mix": mix})
    drain_all()
    preset = StylePreset.objects.filter(personal__shopper=shopper).latest("pk")
    rows = StyledVariant.objects.filter(preset=preset)
    assert [row.error for row in rows if row.state != "ready"] == []
    pictures = {}
    for row in rows:
        widest = max(row.renditions, key=lambda one: one["width"])
        with variant_storage().open(widest["name"]) as file:
            pictures[row.object_id] = np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB"), float)
    return preset, pictures


def apart(left, right):
    """Mean difference of two sets of pictures, in steps of 255."""
    assert left.keys() == right.keys()
    return np.mean([np.abs(left[key] - right[key]).mean() for key in left])


@pytest.mark.slow
def test_a_mix_lies_between_the_looks_it_is_of(shopper, looks):
    _oil, oil = painted(shopper, {"oil": 1})
    _ink, ink = painted(shopper, {"ink": 1})
    preset, mixed = painted(shopper, {"oil": 1, "ink": 1})
    assert len(mixed) == 1
    codes = {slug: ensure_style_code(look) for slug, look in looks.items()}
    expected = (codes["oil"] + codes["ink"]) / 2
    assert np.allclose(ensure_style_code(preset), expected, atol=1e-5)
    distance = apart(oil, ink)
    assert distance > 2, "the two looks are the same, so nothing can lie between them"
    assert 0 < apart(mixed, oil) < distance
    assert 0 < apart(mixed, ink) < distance
