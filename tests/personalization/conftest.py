from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.test import RequestFactory

from styletransfer import products
from styletransfer.models import ConsentRecord, Purpose, Shopper, StylePreset
from styletransfer.personalization import shoppers
from tests.testapp.models import Article

BOTH = frozenset(Purpose)


@pytest.fixture(autouse=True)
def articles():
    """Articles are products whose category is their name."""
    products.register(Article, category="name")
    yield
    products.unregister(Article)


@pytest.fixture
def user(db):
    return get_user_model().objects.create_user("ada", password="lovelace")


@pytest.fixture
def oil(db):
    return StylePreset.objects.create(name="Oil", slug="oil", engine="fake")


@pytest.fixture
def mug(db):
    return Article.objects.create(name="Mugs")


@pytest.fixture
def make_shopper(db):
    def make(*granted, version="1", **values):
        shopper = Shopper.objects.create(**values)
        for purpose in granted:
            ConsentRecord.objects.create(
                shopper=shopper, purpose=purpose, granted=True, version=version, source="banner"
            )
        return Shopper.objects.with_consent().get(pk=shopper.pk)

    return make


@pytest.fixture
def shopper(make_shopper):
    return make_shopper(*Purpose)


def cookie_of(shopper):
    """The value a browser holds for a shopper."""
    return signing.Signer(salt="styletransfer.shopper").sign(str(shopper.key))


@pytest.fixture
def make_request():
    def make(shopper=None, user=None, *, method="get", **headers):
        request = getattr(RequestFactory(), method)("/", headers=headers)
        request.session = SessionStore()
        if user is not None:
            request.user = user
        if shopper is not None:
            request.COOKIES[shoppers.COOKIE] = cookie_of(shopper)
        return request

    return make
