from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from shop.cart import NotEnoughStockError
from shop.checkout import EmptyCartError, place_order
from shop.models import Cart, Order

pytestmark = pytest.mark.django_db

ADDRESS = {
    "name": "Ada Berg",
    "email": "ada@example.org",
    "street": "Strandgade 1",
    "postcode": "1401",
    "city": "Copenhagen",
    "country": "Denmark",
}


@pytest.fixture
def full_cart(make_product, post):
    products = [make_product(1, price=Decimal("10.50")), make_product(2, price=Decimal("4.00"))]
    for product in products:
        post(reverse("shop:cart-add", args=[product.slug]), {"quantity": 2})
    return products


def test_cart_becomes_an_order(client, full_cart):
    assert "€29.00" in client.get("/checkout/").text
    response = client.post("/checkout/", ADDRESS)
    order = Order.objects.get()
    assert response.url == f"/orders/{order.token}/"
    assert response.cookies["cart_count"].value == ""
    assert order.total == Decimal("29.00")
    assert [(item.name, item.quantity, item.unit_price) for item in order.items.all()] == [
        ("Mug 1", 2, Decimal("10.50")),
        ("Mug 2", 2, Decimal("4.00")),
    ]
    full_cart[0].refresh_from_db()
    assert full_cart[0].stock == 3
    assert not Cart.objects.exists()
    page = client.get(response.url).text
    assert order.number in page
    assert "Strandgade 1" in page


def test_an_order_outlives_its_products(client, full_cart):
    client.post("/checkout/", ADDRESS)
    full_cart[0].delete()
    order = Order.objects.get()
    assert "Mug 1" in client.get(order.get_absolute_url()).text


def test_missing_address_is_asked_for_again(client, full_cart):
    response = client.post("/checkout/", {**ADDRESS, "email": "nobody"})
    assert response.status_code == 400
    assert "Enter a valid email address." in response.text
    assert 'aria-invalid="true"' in response.text
    assert not Order.objects.exists()


def test_sold_meanwhile(client, full_cart):
    full_cart[1].stock = 1
    full_cart[1].save()
    response = client.post("/checkout/", ADDRESS, follow=True)
    assert "Only 1 of Mug 2 left." in response.text
    assert not Order.objects.exists()
    full_cart[0].refresh_from_db()
    assert full_cart[0].stock == 5  # nothing was taken for the order that did not happen


def test_two_clicks_make_one_order(full_cart):
    cart = Cart.objects.get()
    place_order(cart, ADDRESS)
    with pytest.raises(EmptyCartError):
        place_order(Cart(pk=cart.pk, session_key="x"), ADDRESS)
    assert Order.objects.count() == 1


def test_place_order_says_what_is_missing(full_cart):
    full_cart[0].stock = 0
    full_cart[0].save()
    with pytest.raises(NotEnoughStockError, match="Mug 1 is sold out"):
        place_order(Cart.objects.get(), ADDRESS)


def test_empty_cart_cannot_be_ordered(client):
    response = client.get("/checkout/", follow=True)
    assert "There is nothing in your cart to order." in response.text


def test_confirmation_needs_the_token(client):
    assert client.get("/orders/00000000-0000-4000-8000-000000000000/").status_code == 404
