"""A shop with painted articles in two categories, shoppers who consent, and running experiments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.test import RequestFactory
from django.utils import timezone

from styletransfer import products
from styletransfer.experiments import life
from styletransfer.models import (
    Arm,
    ConsentRecord,
    Experiment,
    Exposure,
    Purpose,
    Shopper,
    StyleEvent,
    StylePreset,
)
from styletransfer.personalization import shoppers
from styletransfer.testing import make_variant, photo_file
from tests.testapp.models import Article, Photo


@pytest.fixture(autouse=True)
def host(settings, tmp_path):
    """Articles are products whose category is their name."""
    settings.MEDIA_ROOT = tmp_path
    settings.TEMPLATES = [{**engine, "DIRS": []} for engine in settings.TEMPLATES]
    products.register(Article, category="name")
    yield
    products.unregister(Article)


@pytest.fixture
def oil(db):
    return StylePreset.objects.create(name="Oil", slug="oil", engine="fake")


@pytest.fixture
def ink(db):
    return StylePreset.objects.create(name="Ink", slug="ink", engine="fake")


@pytest.fixture
def photos(oil, ink):
    """A mug and a lamp, painted in both looks."""
    made = []
    for number, name in enumerate(("Mugs", "Lamps")):
        article = Article.objects.create(name=name)
        photo = Photo.objects.create(article=article, image=photo_file(f"{name}.jpg", seed=number), alt=name)
        article.cover = photo
        article.save()
        for preset in (oil, ink):
            make_variant(photo, preset)
        made.append(photo)
    return made


@pytest.fixture
def make_experiment(photos):
    def make(*presets, weights=None, running=True, **values):
        experiment = Experiment.objects.create(name="Oil or photo", **values)
        for place, preset in enumerate((None, *presets)):
            weight = weights[place] if weights else 1
            Arm.objects.create(
                experiment=experiment, preset=preset, weight=weight, is_control=not place, position=place
            )
        return life.start(experiment) if running else experiment

    return make


@pytest.fixture
def experiment(make_experiment, oil):
    """Oil against the photo, for everything, running."""
    return make_experiment(oil)


@pytest.fixture
def make_shopper(db):
    def make(*granted, **values):
        shopper = Shopper.objects.create(**values)
        for purpose in granted or Purpose:
            ConsentRecord.objects.create(
                shopper=shopper, purpose=purpose, granted=True, version="1", source="banner"
            )
        return Shopper.objects.with_consent().get(pk=shopper.pk)

    return make


def cookie_of(shopper):
    """The value a browser holds for a shopper."""
    return signing.Signer(salt="styletransfer.shopper").sign(str(shopper.key))


@pytest.fixture
def make_request():
    def make(shopper=None, address="/", **headers):
        request = RequestFactory().get(address, headers=headers)
        if shopper is not None:
            request.COOKIES[shoppers.COOKIE] = cookie_of(shopper)
        return request

    return make


def people(experiment, arm, number, *, buyers=0, days_ago=10.0, value="20.00", before=""):
    """Shoppers who were shown an arm so long ago; the first ``buyers`` of them bought a mug soon."""
    seen = timezone.now() - timedelta(days=days_ago)
    made = Shopper.objects.bulk_create(Shopper() for _ in range(number))
    total = sum(one.weight for one in experiment.arms.all())
    Exposure.objects.bulk_create(
        Exposure(
            experiment=experiment,
            shopper=shopper,
            arm=arm,
            propensity=arm.weight / total,
            seen_at=seen,
            counted_until=seen + timedelta(hours=experiment.window_hours),
        )
        for shopper in made
    )
    mug = Article.objects.get(name="Mugs")
    common = {
        "kind": "purchase",
        "content_type": ContentType.objects.get_for_model(Article),
        "object_id": str(mug.pk),
        "category": "Mugs",
        "currency": "EUR",
        "consent_basis": "both",
    }
    rows = [
        StyleEvent(shopper=one, value=value, occurred_at=seen + timedelta(minutes=1), **common)
        for one in made[:buyers]
    ]
    if before:
        rows += [
            StyleEvent(shopper=one, value=before, occurred_at=seen - timedelta(days=2), **common)
            for one in made[:buyers]
        ]
    StyleEvent.objects.bulk_create(rows)
    return made
