from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.models import Category
from styletransfer.experiments import life
from styletransfer.models import Arm, Experiment
from tests.shop.painted import make_presets, paint

pytestmark = pytest.mark.django_db


def count_queries(client, address):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(address)
    assert response.status_code == 200
    return len(queries), response


def test_list_shows_products_and_photos(client, make_product):
    product = make_product()
    make_product(2, is_active=False)
    page = client.get("/").text
    assert product.name in page
    assert product.main_photo.image.url in page
    assert 'alt="Mug 1 from side 0"' in page
    assert "Mug 2" not in page


def test_category_and_sorting(client, make_product):
    other = Category.objects.create(name="Home", slug="home")
    for number, price in enumerate(["3", "1", "2"]):
        make_product(number, price=Decimal(price))
    make_product(9, category=other)
    page = client.get("/c/kitchen/?sort=price").text
    assert "Mug 9" not in page
    assert page.index("Mug 1") < page.index("Mug 2") < page.index("Mug 0")
    assert client.get("/c/attic/").status_code == 404
    assert client.get("/?sort=nonsense&page=99").status_code == 200


# Photos, variants, looks on offer, the page's count of products, departments; a category asks for itself,
# and a page without a pick for experiments in force.
# The front page's row and what goes with a product: lists, rules, newest, for sale, rows, variants.
QUERIES = {
    "/": 5 + 5,
    "/?style=charcoal": 6 + 6,
    "/c/kitchen/?style=charcoal": 7,
    "/p/mug-0/?style=charcoal": 8 + 6,
}


@pytest.mark.parametrize("address", QUERIES)
def test_number_of_queries_does_not_grow_with_products(client, make_product, address):
    preset = make_presets()[1]

    def stock_up(numbers):
        for number in numbers:
            for photo in make_product(number, photos=2).photos.all():
                paint(photo, preset)

    stock_up(range(2))
    few, _ = count_queries(client, address)
    stock_up(range(2, 24))
    many, response = count_queries(client, address)
    assert few == many == QUERIES[address]
    assert ('data-style-state="ready"' in response.text) == ("style=" in address)


def test_a_look_that_is_not_painted_yet_shows_the_photo(client, make_product):
    make_presets()
    product = make_product()
    for address in ("/?style=charcoal", "/p/mug-1/?style=charcoal"):
        page = client.get(address).text
        assert product.main_photo.image.url in page
        assert 'data-style-state="missing"' in page
    assert "compare-range" not in page


def test_product_page_compares_photo_and_painting(client, make_product):
    presets = make_presets()
    product = make_product(photos=2)
    variant = paint(product.main_photo, presets[0])
    page = client.get("/p/mug-1/?style=watercolour").text
    before, after = page.split('class="compare-before"')[1].split('class="compare-after"')
    assert product.main_photo.image.url in before
    assert variant.renditions[-1]["name"] in after
    assert 'type="range"' in after
    assert "compare-before" not in client.get("/p/mug-1/").text


def test_links_keep_the_look(client, make_product):
    photo = make_product().main_photo
    for preset in make_presets():
        paint(photo, preset)
    page = client.get("/?style=charcoal&sort=price").text
    assert 'href="/p/mug-1/?style=charcoal"' in page
    assert 'href="/c/kitchen/?style=charcoal"' in page
    assert 'href="/?sort=-price&amp;style=charcoal"' in page
    assert 'href="/?sort=price&amp;style=watercolour"' in page
    assert 'href="/?sort=price"' in page  # the photograph needs no parameter
    assert "?style" not in client.get("/").text.split("<main")[0]


def test_default_look_needs_no_parameter(client, settings, make_product):
    presets = make_presets()
    paint(make_product().main_photo, presets[0])
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DEFAULT_PRESET": "watercolour"}
    page = client.get("/").text
    assert 'data-style-state="ready"' in page
    assert 'href="/p/mug-1/"' in page
    assert 'href="/?style=original"' in page


@pytest.mark.parametrize("address", ["/", "/?style=charcoal", "/p/mug-1/"])
def test_public_pages_are_the_same_for_everybody(client, admin_client, make_product, post, address):
    make_presets()
    make_product()
    anonymous = client.get(address)
    post("/cart/add/mug-1/", {"quantity": 1})
    client.cookies["styletransfer_style"] = "pop-art"
    shopper = client.get(address)
    staff = admin_client.get(address)
    assert anonymous.content == shopper.content == staff.content
    assert "Cookie" not in anonymous.get("Vary", "")
    assert not anonymous.cookies
    assert "public" in anonymous["Cache-Control"]
    assert "s-maxage=60" in anonymous["Cache-Control"]


@pytest.mark.parametrize("address", ["/cart/", "/checkout/"])
def test_personal_pages_are_not_stored(client, address):
    assert "no-store" in client.get(address)["Cache-Control"]


def test_own_page_for_what_is_not_there(client, kitchen):
    response = client.get("/p/nothing/")
    assert response.status_code == 404
    assert "This shelf is empty" in response.text


def test_pages_only_read(client, make_product):
    make_product()
    assert client.post("/").status_code == 405
    assert client.get("/cart/add/mug-1/", headers={"origin": "http://testserver"}).status_code == 405


def test_product_without_photos(client, make_product):
    make_product(photos=0)
    assert client.get("/").status_code == 200
    assert client.get("/p/mug-1/").status_code == 200


def test_hostile_names_are_escaped(client, make_product):
    product = make_product()
    product.name = '<script>alert("x")</script>'
    product.save()
    preset = make_presets(["charcoal"])[0]
    preset.name = '"><img src=x onerror=alert(1)>'
    preset.save()
    paint(product.main_photo, preset)
    for address in ("/?style=charcoal", "/p/mug-1/?style=charcoal"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_only_looks_with_something_to_show_are_offered(client, make_product):
    presets = make_presets()
    paint(make_product().main_photo, presets[0])
    looks = [look.slug for look in client.get("/").context["looks"]]
    assert looks == ["original", "watercolour"]
    assert "charcoal" in [look.slug for look in client.get("/?style=charcoal").context["looks"]]
    presets[0].is_public = False
    presets[0].save()
    assert [look.slug for look in client.get("/").context["looks"]] == ["original"]


def test_a_winner_that_was_applied_is_what_everybody_sees(client, make_product):
    charcoal = make_presets()[1]
    for photo in make_product().photos.all():
        paint(photo, charcoal)
    experiment = Experiment.objects.create(name="Charcoal?")
    Arm.objects.create(experiment=experiment, is_control=True)
    arm = Arm.objects.create(experiment=experiment, preset=charcoal)
    life.apply_winner(life.start(experiment), arm)
    page = client.get("/")
    assert 'data-style="charcoal" data-style-state="ready"' in page.text
    assert "public" in page.headers["Cache-Control"]
    # The photo can still be asked for, and links keep it.
    page = client.get("/?style=original").text
    assert 'data-style="charcoal"' not in page
    assert "/p/mug-1/?style=original" in page
    life.revert(experiment)
    assert 'data-style="charcoal"' not in client.get("/").text
