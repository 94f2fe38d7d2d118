"""``recommendations/``: what it tells to whom, how it pages, and what it costs."""

from __future__ import annotations

import pytest

from styletransfer.models import Purpose
from styletransfer.personalization import shoppers
from styletransfer.personalization.recommendations.fitting import fit_recommendations
from styletransfer.personalization.recommendations.serving import recommendations
from styletransfer.testing import make_variant
from tests.api.test_events import browser
from tests.personalization.conftest import cookie_of, make_shopper, oil
from tests.personalization.test_recommendations import articles, look, make_article, note, shop
from tests.testapp.models import Article

__all__ = ["articles", "look", "make_article", "make_shopper", "note", "oil", "shop"]

pytestmark = pytest.mark.django_db

ADDRESS = "/api/recommendations/"


@pytest.fixture
def ask():
    """The answer to a browser, with the cookie of a shopper if one is given."""

    def ask(address=ADDRESS, shopper=None, status=200, **headers):
        client = browser()
        if shopper is not None:
            client.cookies[shoppers.COOKIE] = cookie_of(shopper)
        answer = client.get(address, headers=headers)
        assert answer.status_code == status, answer.content
        return answer

    return ask


@pytest.fixture
def measured_only(shop, make_shopper, note):
    shopper = make_shopper(Purpose.MEASUREMENT)
    note(shopper, shop["Cup"])
    return shopper


@pytest.fixture
def stock_up(oil, make_article, note):
    def stock_up(number, shopper):
        """So many more products, painted, and looked at by the shopper."""
        for one in range(number):
            article = make_article(f"Thing {one % 5}")
            make_variant(article.cover, oil)
            note(shopper, article)

    return stock_up


def test_a_shopper_gets_products_pictures_and_reasons(shop, oil, look, ask):
    make_variant(shop["Jug"].cover, oil)
    fit_recommendations()
    body = ask(f"{ADDRESS}?style=oil", look("Cup")).json()
    assert (body["products"], body["is_personal"], body["style"]) == ("testapp.article", True, "oil")
    assert body["context"]
    first = next(one for one in body["results"] if one["name"] == "Jug")
    assert first["id"] == str(shop["Jug"].pk)
    assert first["category"] == "Jug"
    assert first["reason"] == {
        "code": "viewed",
        "text": "Because you looked at Cup",
        "because": str(shop["Cup"].pk),
    }
    assert first["picture"]["state"] == "ready"
    assert first["picture"]["src"].startswith("http://testserver/media/styled/")
    assert first["url"] is None  # articles have no page of their own


@pytest.mark.parametrize("case", ["nobody", "withdrawn", "measured only", "objecting browser"])
def test_without_consent_the_list_is_the_same_for_all(case, look, ask, measured_only):
    fit_recommendations()
    everybody = ask().json()
    assert not everybody["is_personal"]
    assert everybody["context"] is None
    shopper, headers = None, {}
    if case == "withdrawn":
        shopper = look("Cup")
        shopper.consents.create(purpose=Purpose.PERSONALISATION, granted=False, version="1", source="page")
    elif case == "measured only":
        shopper = measured_only
    elif case == "objecting browser":
        shopper, headers = look("Cup"), {"Sec-GPC": "1"}
    assert ask(shopper=shopper, **headers).json() == everybody


def test_no_cache_keeps_it(shop, look, ask):
    for shopper in (None, look("Cup")):
        assert ask(shopper=shopper)["Cache-Control"] == "private, no-store"


def test_pages(shop, make_article, look, ask):
    for number in range(12):
        make_article(f"New {number}")
    fit_recommendations()
    shopper = look("Cup")
    body = ask(f"{ADDRESS}?page_size=7", shopper).json()
    assert body["previous"] is None
    ids = [one["id"] for one in body["results"]]
    while body["next"]:
        before = body
        body = ask(body["next"], shopper).json()
        ids += [one["id"] for one in body["results"]]
    assert len(ids) == len(set(ids)) == 18
    assert str(shopper.key) not in before["next"]
    back = ask(body["previous"], shopper).json()
    assert [one["id"] for one in back["results"]] == [one["id"] for one in before["results"]]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?page_size=0", 400, "from 1 to 48"),
        ("?page_size=49", 400, "from 1 to 48"),
        ("?page_size=many", 400, "from 1 to 48"),
        ("?style=cubism", 400, "There is no style"),
        ("?cursor=nonsense", 404, "Begin again without a cursor"),
        ("?products=testapp.uuidphoto", 404, "There are: testapp.article"),
        ("?products=auth.user", 404, "There are: testapp.article"),
    ],
)
def test_what_it_refuses(query, status, said, shop, ask):
    assert said in ask(ADDRESS + query, status=status).content.decode()


def test_a_category(shop, look, ask):
    fit_recommendations()
    found = ask(f"{ADDRESS}?category=Jug", look("Lamp")).json()["results"]
    assert [one["name"] for one in found] == ["Jug"]
    assert ask(f"{ADDRESS}?category=Attic").json()["results"] == []


def test_beside_a_product_is_public(shop, oil, ask):
    make_variant(shop["Bulb"].cover, oil)
    fit_recommendations()
    answer = ask(f"{ADDRESS}beside/{shop['Lamp'].pk}/?style=oil")
    assert answer["Cache-Control"] == "public, max-age=300"
    assert "Cookie" not in answer.get("Vary", "")
    first = answer.json()[0]
    assert (first["name"], first["reason"]["code"]) == ("Bulb", "bought_together")
    assert first["picture"]["is_styled"]
    for key in ("0", "nonsense"):
        assert "no such product" in ask(f"{ADDRESS}beside/{key}/", status=404).content.decode()
    Article.objects.filter(pk=shop["Lamp"].pk).update(name="Sold out")
    ask(f"{ADDRESS}beside/{shop['Lamp'].pk}/", status=404)


def test_shops_that_say_nothing_of_what_is_for_sale_show_nothing(db, ask):
    from styletransfer import products

    products.unregister(Article)
    assert "says what is for sale" in ask(status=404).content.decode()


@pytest.mark.parametrize("number", [3, 40])
def test_a_constant_number_of_queries(number, stock_up, look, ask, django_assert_num_queries):
    shopper = look("Cup")
    stock_up(number, shopper)
    fit_recommendations()
    ask(f"{ADDRESS}?style=oil", shopper)
    # Presets on offer, shopper, history, lists, rules, for sale, rows, variants.
    with django_assert_num_queries(8):
        ask(f"{ADDRESS}?style=oil", shopper)


def test_the_account_is_recognised_on_another_device(shop, look, django_user_model):
    fit_recommendations()
    user = django_user_model.objects.create_user("ada")
    shopper = look("Cup")
    shopper.user = user
    shopper.save()
    client = browser()
    client.force_login(user)
    assert client.get(ADDRESS).json()["is_personal"]
    assert not browser().get(ADDRESS).json()["is_personal"]


def test_the_api_and_pages_agree(shop, articles, look, ask):
    fit_recommendations()
    shopper = look("Cup")
    shown = [one["id"] for one in ask(shopper=shopper).json()["results"]]
    assert shown == [one.key for one in recommendations(articles, shopper, None).entries]
