from __future__ import annotations

import pytest
from django.urls import reverse

from shop.models import Cart, CartItem

pytestmark = pytest.mark.django_db


def add_address(product):
    return reverse("shop:cart-add", args=[product.slug])


def test_add_then_add_more(make_product, post):
    product = make_product(stock=5)
    response = post(add_address(product), {"quantity": 2})
    assert response.url == "/cart/"
    post(add_address(product), {"quantity": 1})
    assert list(CartItem.objects.values_list("product", "quantity")) == [(product.pk, 3)]
    assert response.cookies["cart_count"].value == "2"


def test_the_look_stays_on_the_way_to_the_cart(make_product, post):
    from styletransfer.models import StylePreset

    StylePreset.objects.create(name="Oil", slug="oil")
    response = post(add_address(make_product()) + "?style=oil", {"quantity": 1})
    assert response.url == "/cart/?style=oil"


def test_scripts_get_json(make_product, post):
    answer = post(add_address(make_product()), {"quantity": 2}, accept="application/json")
    assert answer.json() == {"count": 2, "message": "Mug 1 is in your cart."}


@pytest.mark.parametrize(("stock", "quantity"), [(0, 1), (2, 3)])
def test_no_more_than_there_is(make_product, post, stock, quantity):
    product = make_product(stock=stock)
    answer = post(add_address(product), {"quantity": quantity}, accept="application/json")
    assert answer.status_code == 409
    assert "Mug 1" in answer.json()["message"]
    assert not CartItem.objects.exists()


@pytest.mark.parametrize("quantity", ["0", "-1", "21", "many", ""])
def test_strange_quantities_are_refused(make_product, post, quantity):
    answer = post(add_address(make_product(stock=99)), {"quantity": quantity}, accept="application/json")
    assert answer.status_code == 409
    assert not CartItem.objects.exists()


def test_one_currency_a_cart(make_product, post):
    post(add_address(make_product(1)), {"quantity": 1})
    answer = post(add_address(make_product(2, currency="USD")), {"quantity": 1}, accept="application/json")
    assert answer.status_code == 409
    assert CartItem.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, {"origin": "https://elsewhere.example"}, {"origin": "null"}])
def test_other_sites_cannot_fill_a_cart(client, make_product, headers):
    response = client.post(add_address(make_product()), {"quantity": 1}, headers=headers)
    assert response.status_code == 403
    assert not Cart.objects.exists()


def test_update_and_remove(make_product, post, client):
    post(add_address(make_product()), {"quantity": 1})
    item = CartItem.objects.get()
    address = reverse("shop:cart-update", args=[item.pk])
    client.post(address, {"quantity": 4})
    item.refresh_from_db()
    assert item.quantity == 4
    assert "€40.00" in client.get("/cart/").text

    assert "Only 5 of Mug 1 left." in client.post(address, {"quantity": 9}, follow=True).text
    item.refresh_from_db()
    assert item.quantity == 4

    response = client.post(address, {"quantity": "x", "remove": "1"}, follow=True)
    assert "It is empty." in response.text
    assert not CartItem.objects.exists()


def test_nobody_changes_another_visitors_cart(make_product, post, client):
    post(add_address(make_product()), {"quantity": 1})
    item = CartItem.objects.get()
    client.cookies.clear()
    response = client.post(reverse("shop:cart-update", args=[item.pk]), {"remove": "1"})
    assert response.status_code == 404
    assert CartItem.objects.count() == 1


def test_update_needs_the_csrf_token(make_product, post, client):
    from django.test import Client

    post(add_address(make_product()), {"quantity": 1})
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    response = strict.post(reverse("shop:cart-update", args=[CartItem.objects.get().pk]), {"quantity": 2})
    assert response.status_code == 403


def test_products_taken_off_sale_leave_the_cart(make_product, post, client):
    product = make_product()
    post(add_address(product), {"quantity": 1})
    product.is_active = False
    product.save()
    assert "It is empty." in client.get("/cart/").text
