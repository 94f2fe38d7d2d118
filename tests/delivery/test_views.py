"""Picking a style, the personal answer beside a cached page, and what caches may keep."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.test import Client
from django.urls import path, reverse

from styletransfer.delivery import with_styled
from styletransfer.delivery.caching import StyleCookieMiddleware, cache_page_per_style
from styletransfer.delivery.choosing import COOKIE, chooser_for
from styletransfer.testing import assert_styled_queries, make_variant
from tests.testapp.models import Photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("oil", "ink")]


def pick(client, **data):
    return client.post(reverse("styletransfer:pick_style"), data)


def test_a_pick_is_remembered(client):
    response = pick(client, style="oil", next="/list/?q=1&style=ink")
    assert (response.status_code, response["Location"]) == (302, "/list/?q=1")
    cookie = response.cookies[COOKIE]
    # For this visit only, unless the shopper allowed more; and a cached page's script may read it.
    assert (cookie.value, cookie["max-age"], cookie["samesite"]) == ("oil", "", "Lax")
    assert not cookie["httponly"]
    assert client.get(reverse("styletransfer:style_state")).json()["style"] == "oil"


def test_the_cookie_is_secure_over_https(client):
    response = client.post(reverse("styletransfer:pick_style"), {"style": "oil"}, secure=True)
    assert response.cookies[COOKIE]["secure"]


def test_a_pick_can_be_forgotten(client):
    pick(client, style="original")
    assert client.cookies[COOKIE].value == "original"
    pick(client, style="")
    assert client.cookies[COOKIE].value == ""
    assert client.get(reverse("styletransfer:style_state")).json()["reason"] == "original"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", "", "\t//x"],
)
def test_it_never_leads_to_another_site(client, target):
    assert pick(client, style="oil", next=target)["Location"] == "/"


def test_an_unknown_style_is_refused_with_the_list(client):
    response = pick(client, style="<b>cubism</b>")
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/plain")
    assert "original, oil, ink" in response.content.decode()
    assert COOKIE not in response.cookies


def test_it_takes_posts_with_a_token_only(client):
    assert client.get(reverse("styletransfer:pick_style")).status_code == 405
    assert pick(Client(enforce_csrf_checks=True), style="oil").status_code == 403


def test_scripts_get_json(client):
    response = client.post(
        reverse("styletransfer:pick_style"), {"style": "oil"}, headers={"accept": "application/json"}
    )
    assert response.json() == {"style": "oil"}
    assert response.cookies[COOKIE].value == "oil"


def test_the_state_is_personal_and_kept_by_nobody(client):
    response = client.get(reverse("styletransfer:style_state"))
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert "Vary" not in response
    assert response.json()["style"] == "original"
    assert [entry["style"] for entry in response.json()["offered"]] == ["original", "oil", "ink"]


def page(request):
    return HttpResponse(chooser_for(request).preset or "original")


SHOP_PAGE = Template(
    "{% load styletransfer %}{% style_switcher %}"
    "{% for photo in photos %}{% styled_picture photo %}{% endfor %}"
)


def shop_page(request):
    photos = with_styled(Photo.objects.order_by("pk"), chooser_for(request))
    return HttpResponse(SHOP_PAGE.render(RequestContext(request, {"photos": photos})))


calls = []


@cache_page_per_style(60)
def cached_page(request):
    calls.append(1)
    return page(request)


urlpatterns = [
    path("page/", page),
    path("cached/", cached_page),
    path("shop/", shop_page),
    path("plain/", lambda request: HttpResponse()),
]


@pytest.fixture
def shop(client, settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{StyleCookieMiddleware.__module__}.{StyleCookieMiddleware.__qualname__}"]
    cache.clear()
    calls.clear()
    return client


def test_public_pages_stay_public(shop):
    for url in ("/page/", "/plain/?style=oil"):
        response = shop.get(url)
        assert not {"Vary", "Cache-Control"} & set(response.headers)
        assert not response.cookies


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_whole_page_neither_varies_nor_asks_for_more(settings, client, make_photo, oil, signed_in):
    settings.ROOT_URLCONF = __name__
    for number in range(3):
        make_variant(make_photo(number), oil)
    if signed_in:
        client.force_login(User.objects.create(username="shopper"))
    with assert_styled_queries(3):  # presets offered, photos, variants
        response = client.get("/shop/?style=oil")
    assert response.content.count(b'data-style-state="ready"') == 3
    assert not {"Vary", "Cache-Control", "Set-Cookie"} & set(response.headers)


def test_a_pick_in_the_address_is_remembered_and_public(shop):
    response = shop.get("/page/?style=oil")
    assert response.content == b"oil"
    assert response.cookies[COOKIE].value == "oil"
    assert not {"Vary", "Cache-Control"} & set(response.headers)
    assert COOKIE not in shop.get("/page/?style=oil").cookies
    assert not shop.get("/page/?style=unknown").cookies


def test_a_page_in_a_remembered_style_is_private_without_varying(shop):
    shop.cookies[COOKIE] = "oil"
    response = shop.get("/page/")
    assert response.content == b"oil"
    assert response["Cache-Control"] == "private"
    assert "Vary" not in response


def test_cached_pages_are_kept_per_style(shop):
    def ask(style):
        shop.cookies[COOKIE] = style
        return shop.get("/cached/").content

    assert [ask(style) for style in ("oil", "ink", "oil", "ink", "nonsense", "original")] == [
        b"oil", b"ink", b"oil", b"ink", b"original", b"original",
    ]  # fmt: skip
    assert len(calls) == 3
