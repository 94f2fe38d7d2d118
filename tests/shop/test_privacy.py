"""The store records carts and orders under consent, and its public pages stay public."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from styletransfer.models import Purpose, StyleEvent
from styletransfer.personalization import shoppers
from styletransfer.personalization.decisions import read_decision
from tests.personalization.conftest import cookie_of, make_shopper

__all__ = ["make_shopper"]

pytestmark = pytest.mark.django_db

ADDRESS = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "street": "12 St James's Square",
    "postcode": "SW1Y 4JH",
    "city": "London",
    "country": "United Kingdom",
}


@pytest.fixture(autouse=True)
def middleware(settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "styletransfer.personalization.middleware.ShopperMiddleware",
    ]


def buy(client, post, product):
    post(f"/cart/add/{product.slug}/", {"quantity": 2})
    return client.post("/checkout/", ADDRESS)


def test_a_cart_and_an_order_are_recorded(client, post, make_product, make_shopper):
    client.cookies[shoppers.COOKIE] = cookie_of(make_shopper(*Purpose))
    product = make_product(price=Decimal("4.50"))
    assert buy(client, post, product).status_code == 302
    rows = StyleEvent.objects.order_by("received_at").values_list("kind", "quantity", "value", "currency")
    assert list(rows) == [
        ("add_to_cart", 2, Decimal("9.00"), product.currency),
        ("purchase", 2, Decimal("9.00"), product.currency),
    ]
    assert set(StyleEvent.objects.values_list("object_id", flat=True)) == {str(product.pk)}


def test_without_consent_only_the_order_is_kept(client, post, make_product):
    assert buy(client, post, make_product()).status_code == 302
    assert StyleEvent.objects.count() == 0


@pytest.mark.parametrize("address", ["/", "/?style=original", "/p/mug-1/"])
def test_public_pages_are_the_same_for_everybody(client, make_product, make_shopper, address):
    make_product()
    stranger = client.get(address)
    client.cookies[shoppers.COOKIE] = cookie_of(make_shopper(*Purpose))
    client.cookies["styletransfer_consent"] = "1.pm"
    known = client.get(address)
    assert stranger.content == known.content
    for answer in (stranger, known):
        assert "public" in answer["Cache-Control"]
        assert "Cookie" not in answer.get("Vary", "")
        assert not answer.cookies


@pytest.mark.parametrize(("address", "surface"), [("/", "row"), ("/for-you/", "for-you"), ("/", "list")])
def test_recommended_products_are_watched_like_all_others(client, make_product, address, surface):
    product = make_product()
    page = client.get(address).text
    contexts = [read_decision(token)[1] for token in re.findall(r'data-st-context="([^"]+)"', page)]
    assert surface in contexts
    assert page.count(f'data-st-item="shop.product:{product.pk}"') == len(contexts)


def test_your_data_is_private(client):
    answer = client.get("/your-data/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
