from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from shop.catalogue_loader import load_catalogue
from shop.models import Category, Product, ProductImage
from shop.money import money

pytestmark = pytest.mark.django_db


def test_main_photo_is_the_first_by_position(make_product):
    product = make_product(photos=2)
    first, second = product.photos.all()
    assert product.main_photo == first

    first.position = 9
    first.save()
    product.refresh_from_db()
    assert product.main_photo == second

    second.delete()
    product.refresh_from_db()
    assert product.main_photo == first

    first.delete()
    product.refresh_from_db()
    assert product.main_photo is None


def test_a_product_with_photos_can_be_deleted(make_product):
    make_product(photos=2).delete()
    assert not ProductImage.objects.exists()


def test_a_photo_knows_its_size_without_its_file(make_product):
    photo = make_product().main_photo
    assert (photo.width, photo.height) == (96, 72)


def test_prices_are_positive(make_product):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_product(price=Decimal(0))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1234.5", "EUR", "€1,234.50"), ("3", "GBP", "£3.00"), ("12.30", "SEK", "12.30 SEK")],
)
def test_money(amount, currency, text):
    assert money(Decimal(amount), currency) == text


def test_load_catalogue_twice_changes_nothing():
    first = load_catalogue()
    assert (first.products, first.new_products, first.categories) == (24, 24, 6)
    assert first.photos == first.new_photos == ProductImage.objects.count() == 37
    assert not Product.objects.filter(main_photo=None).exists()
    assert all(
        photo.alt and photo.width >= 256 and photo.height >= 256 for photo in ProductImage.objects.all()
    )

    Product.objects.filter(slug="fluted-vase").update(price=Decimal("1.00"))
    files = set(ProductImage.objects.values_list("pk", "image"))
    second = load_catalogue()
    assert (second.new_products, second.new_photos) == (0, 0)
    assert set(ProductImage.objects.values_list("pk", "image")) == files
    assert Product.objects.get(slug="fluted-vase").price == Decimal("1.00")
    assert Category.objects.count() == 6


def test_load_catalogue_brings_back_what_is_missing():
    load_catalogue()
    photo = ProductImage.objects.get(product__slug="fluted-vase", position=1)
    photo.delete()
    assert load_catalogue().new_photos == 1
