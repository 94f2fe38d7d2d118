"""The store records carts and orders under consent, and its public pages stay public."""

from __future__ import annotations

import json
import re
import uuid
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model as django_user

from shop.models import Order, OrderItem
from styletransfer.models import Purpose, Shopper, StyleEvent
from styletransfer.personalization import erasure, shoppers
from styletransfer.personalization.decisions import Decision, read_decision, sign_decision
from styletransfer.personalization.export import export
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


def events_of(client, product, **values):
    """What the page's script sends."""
    sent = {"id": str(uuid.uuid4()), "product": f"shop.product:{product.pk}", **values}
    return client.post(
        "/api/events/",
        {"events": [sent]},
        content_type="application/json",
        headers={"origin": "http://testserver"},
    )


def test_an_order_belongs_to_whoever_looked_and_follows_from_what_they_saw(
    client, post, make_product, make_shopper, django_user_model
):
    shopper, product = make_shopper(*Purpose), make_product()
    client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    context = sign_decision(Decision("original"), "list")
    assert events_of(client, product, kind="impression", context=context).json()["accepted"] == 1
    assert events_of(client, product, kind="view").json()["accepted"] == 1
    buy(client, post, product)
    by_kind = {event.kind: event for event in shopper.events.all()}
    assert set(by_kind) == {"impression", "view", "add_to_cart", "purchase"}
    assert by_kind["purchase"].impression_id == by_kind["impression"].pk
    # At login it becomes the account's, and the next order with it.
    user = django_user_model.objects.create_user("ada", password="lovelace", is_staff=True)
    account = make_shopper(*Purpose, user=user)
    client.post("/admin/login/", {"username": "ada", "password": "lovelace"})
    buy(client, post, product)
    assert account.events.filter(kind="purchase").count() == 2
    assert not shopper.events.exists()


def test_an_order_stays_when_its_shopper_goes_and_leads_to_nobody(client, post, make_product, make_shopper):
    shopper, product = make_shopper(*Purpose), make_product()
    client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    buy(client, post, product)
    order = Order.objects.get()
    tables = export(shopper)["tables"]
    assert {row["kind"] for row in tables["styletransfer.styleevent"]["rows"]} == {"add_to_cart", "purchase"}
    # The registry says nothing of orders, and that is true: no column of theirs leads to a shopper.
    assert not any(label.startswith("shop.") for label in tables)
    links = {field.related_model for model in (Order, OrderItem) for field in model._meta.fields}
    assert links & {Shopper, StyleEvent, django_user()} == set()
    # What was noted of the purchase names neither the order nor where it goes.
    noted = json.dumps(tables)
    assert not [text for text in (*ADDRESS.values(), order.number, str(order.token)) if text in noted]

    before = list(Order.objects.values()), list(OrderItem.objects.values())
    erasure.erase(shopper)
    assert StyleEvent.objects.count() == 0
    assert (list(Order.objects.values()), list(OrderItem.objects.values())) == before
    assert client.get(order.get_absolute_url()).status_code == 200


def test_the_page_says_what_becomes_of_orders(client):
    assert "leaves the orders" in client.get("/your-data/").text


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
