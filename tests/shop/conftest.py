from __future__ import annotations

from decimal import Decimal

import pytest

from shop.models import Category, Product, ProductImage
from styletransfer import products, sources
from styletransfer.testing import photo_file


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def store(settings):
    """The store's addresses, its photos as a source and its products, as ``shop.settings`` has them."""
    settings.ROOT_URLCONF = "shop.urls"
    sources.register(ProductImage, image="image", product="product", alt="alt")
    products.register(
        Product, category="category__slug", photo="main_photo", available="is_active=True, stock__gt=0"
    )
    yield
    products.unregister(Product)
    sources.unregister(ProductImage)


@pytest.fixture
def kitchen(db):
    return Category.objects.create(name="Kitchen", slug="kitchen")


@pytest.fixture
def make_product(kitchen):
    def make(number=1, *, photos=1, **values):
        given = {"price": Decimal("10.00"), "stock": 5, "category": kitchen, **values}
        product = Product.objects.create(name=f"Mug {number}", slug=f"mug-{number}", **given)
        for position in range(photos):
            ProductImage.objects.create(
                product=product,
                image=photo_file(f"mug-{number}-{position}.jpg", seed=number),
                alt=f"Mug {number} from side {position}",
                position=position,
            )
        product.refresh_from_db()
        return product

    return make


@pytest.fixture
def post(client):
    """POST as a browser does from the store's own page."""

    def send(address, data=None, **headers):
        return client.post(address, data or {}, headers={"origin": "http://testserver", **headers})

    return send
