from __future__ import annotations

import pytest
from django.core.management import call_command

from shop.models import ProductImage
from tests.shop.painted import make_presets, paint

pytestmark = pytest.mark.django_db


def test_products_have_pictures_in_the_asked_style(client, make_product):
    presets = make_presets()
    variant = paint(make_product().main_photo, presets[0])
    row = client.get("/api/products/?style=watercolour").json()["results"][0]
    assert (row["slug"], row["category"], row["price"], row["in_stock"]) == (
        "mug-1",
        "kitchen",
        "10.00",
        True,
    )
    assert row["picture"]["state"] == "ready"
    assert variant.renditions[-1]["name"] in row["picture"]["src"]
    assert client.get("/api/products/").json()["results"][0]["picture"]["state"] == "original"


def test_unknown_style_is_refused(client, make_product):
    make_product()
    response = client.get("/api/products/?style=crayon")
    assert response.status_code == 400
    assert "crayon" in response.json()["style"][0]


def test_one_product_with_all_photos(client, make_product):
    presets = make_presets()
    make_product(photos=2)
    for photo in ProductImage.objects.all():
        paint(photo, presets[0])
    product = client.get("/api/products/mug-1/?style=watercolour").json()
    assert [photo["picture"]["state"] for photo in product["photos"]] == ["ready", "ready"]
    assert client.get("/api/products/nothing/").status_code == 404


def test_category_filter(client, make_product):
    make_product()
    assert client.get("/api/products/?category=kitchen").json()["count"] == 1
    assert client.get("/api/products/?category=attic").json()["count"] == 0


def test_queries_do_not_grow(client, make_product, django_assert_num_queries):
    preset = make_presets()[0]
    for number in range(8):
        paint(make_product(number, photos=2).main_photo, preset)
    with django_assert_num_queries(4):  # presets, count, products, variants
        client.get("/api/products/?style=watercolour")
    with django_assert_num_queries(5):  # presets, product, its photos, variants of the main and of all photos
        client.get("/api/products/mug-1/?style=watercolour")


def test_the_schema_has_no_warnings(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
    assert "/api/products/{slug}/" in (tmp_path / "schema.yaml").read_text()


def test_docs_page_lists_every_operation_without_foreign_scripts(client):
    page = client.get("/api/docs/").text
    for address in ("/api/products/", "/api/presets/{slug}/", "/api/variants/"):
        assert address in page
    assert "https://" not in page.split("</head>")[1]
    assert 'src="http' not in page
