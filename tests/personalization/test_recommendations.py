"""From events in the database to a page: what is fitted, what is shown to whom, and at what cost."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from styletransfer import products
from styletransfer.models import (
    ConsentRecord,
    Purpose,
    RecommendationList,
    RecommendationRule,
    RecommendationSnapshot,
    Shopper,
    StyleEvent,
)
from styletransfer.personalization import erasure, privacy
from styletransfer.personalization.recommendations import fitting
from styletransfer.personalization.recommendations.cursors import BadCursorError
from styletransfer.personalization.recommendations.fitting import fit_recommendations
from styletransfer.personalization.recommendations.ranking import ReasonCode
from styletransfer.personalization.recommendations.serving import goes_well_with, recommendations
from styletransfer.products import get_product
from styletransfer.testing import assert_styled_queries, make_variant
from tests.testapp.models import Article, Photo

pytestmark = pytest.mark.django_db


def for_sale(rows):
    return rows.exclude(name__startswith="Sold out")


@pytest.fixture(autouse=True)
def articles(db):
    """Articles are products; their name is their category."""
    products.register(Article, category="name", photo="cover", available=for_sale)
    yield get_product(Article)
    products.unregister(Article)


@pytest.fixture
def make_article():
    def make(name="Cup"):
        article = Article.objects.create(name=name)
        photo = Photo(article=article, alt=name, width=40, height=30)
        photo.image.name = f"photos/{article.pk}.jpg"
        photo.save()
        article.cover = photo
        article.save()
        return article

    return make


@pytest.fixture
def note():
    def note(shopper, article, kind="view", days=1.0, basis="both", **values):
        moment = timezone.now() - timedelta(days=days)
        columns = {"occurred_at": moment, "received_at": moment, **values}
        return StyleEvent.objects.create(
            id=uuid.uuid4(),
            kind=kind,
            shopper=shopper,
            content_type=ContentType.objects.get_for_model(Article),
            object_id=str(article.pk),
            category=article.name,
            consent_basis=basis,
            **columns,
        )

    return note


@pytest.fixture
def shop(make_article, make_shopper, note):
    """Four shoppers look at cups together, four others buy lamps together, and nobody looks at the rug."""
    made = {name: make_article(name) for name in ("Cup", "Jug", "Plate", "Lamp", "Bulb", "Rug")}
    for number in range(4):
        shopper = make_shopper(*Purpose)
        for name in ("Cup", "Jug", "Plate"):
            note(shopper, made[name], days=number)
    for number in range(4):
        shopper = make_shopper(*Purpose)
        for name in ("Lamp", "Bulb"):
            note(shopper, made[name], days=number)
            note(shopper, made[name], "purchase", days=number)
    return made


@pytest.fixture
def look(make_shopper, note, shop):
    """A new shopper who looked at one product a day ago; call it again with that shopper for more."""

    def look(name, kind="view", shopper=None, days=1.0):
        shopper = shopper or make_shopper(*Purpose)
        note(shopper, shop[name], kind, days=days)
        return shopper

    return look


def names(page_or_entries):
    entries = getattr(page_or_entries, "entries", page_or_entries)
    return [entry.product.name for entry in entries]


def test_neighbours_are_fitted_from_what_shoppers_did(shop, articles):
    snapshot = fit_recommendations()
    assert (snapshot.shoppers, snapshot.events, snapshot.products) == (8, 28, 5)
    assert snapshot.is_current
    lists = RecommendationList.objects.filter(
        snapshot=snapshot, content_type=ContentType.objects.get_for_model(Article)
    )
    lamp = lists.get(kind="neighbours", key=str(shop["Lamp"].pk)).entries
    assert lamp["keys"][0] == str(shop["Bulb"].pk)
    assert lamp["bought"][0] == "1"
    popular = lists.get(kind="popular").entries["keys"]
    assert popular[0] in {str(shop["Lamp"].pk), str(shop["Bulb"].pk)}
    assert popular[-1] == str(shop["Rug"].pk)  # nobody looked at it: it comes last, as new
    assert lists.filter(kind="category", key="Jug").exists()


def test_only_what_shoppers_allow_is_used(make_article, make_shopper, note):
    article = make_article()
    withdrew, measured = make_shopper(*Purpose), make_shopper(*Purpose)
    refused = make_shopper(Purpose.MEASUREMENT)
    note(withdrew, article)
    ConsentRecord.objects.create(
        shopper=withdrew, purpose=Purpose.PERSONALISATION, granted=False, version="1", source="page"
    )
    note(measured, article, basis="measurement")
    note(refused, article)
    assert fit_recommendations().events == 0


def test_a_shopper_sees_what_goes_with_their_history_and_why(shop, articles, look):
    fit_recommendations()
    shopper = look("Lamp", "add_to_cart", look("Cup"))
    page = recommendations(articles, shopper, None)
    assert page.is_personal
    assert names(page)[0] == "Bulb"
    assert "Lamp" not in names(page)  # it is in the cart
    by_name = {entry.product.name: entry for entry in page.entries}
    assert by_name["Bulb"].reason == "Often bought together with Lamp"
    assert by_name["Jug"].reason == "Because you looked at Cup"
    assert by_name["Jug"].because == str(shop["Cup"].pk)
    assert by_name["Rug"].code is ReasonCode.NEW


def test_what_is_done_counts_at_once(shop, articles, make_shopper, note):
    fit_recommendations()
    shopper = make_shopper(*Purpose)
    assert not recommendations(articles, shopper, None).is_personal
    note(shopper, shop["Plate"], days=0)
    page = recommendations(articles, shopper, None)
    assert page.is_personal
    assert set(names(page)[:2]) <= {"Cup", "Jug"}


def test_without_a_shopper_the_list_is_the_same_for_all(shop, articles):
    fit_recommendations()
    page = recommendations(articles, None, None)
    assert not page.is_personal
    assert {entry.code for entry in page.entries} == {ReasonCode.POPULAR, ReasonCode.NEW}
    assert names(page) == names(recommendations(articles, None, None))


def test_what_was_bought_long_ago_may_come_back(shop, articles, settings, make_shopper, note):
    fit_recommendations()
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "BOUGHT_DAYS": 10}
    shopper = make_shopper(*Purpose)
    note(shopper, shop["Lamp"], "purchase", days=5)
    note(shopper, shop["Bulb"], "purchase", days=15)
    note(shopper, shop["Cup"], "dislike", days=30)
    shown = names(recommendations(articles, shopper, None))
    assert "Lamp" not in shown
    assert "Bulb" in shown
    assert "Cup" not in shown


def test_the_shops_own_rules(shop, articles, look):
    fit_recommendations()
    shopper = look("Lamp")
    Article.objects.filter(pk=shop["Bulb"].pk).update(name="Sold out bulb")
    assert "Sold out bulb" not in names(recommendations(articles, shopper, None))
    product = products.register(
        Article,
        category="name",
        photo="cover",
        available=for_sale,
        pinned="name__in=['Rug', 'Sold out bulb']",
    )
    page = recommendations(product, shopper, None)
    assert names(page)[0] == "Rug"
    assert page.entries[0].reason == "Our choice"
    assert names(page).count("Rug") == 1
    assert names(recommendations(product, shopper, None, category="Jug")) == ["Jug"]


def test_a_category_is_not_crowded_out_by_what_a_shopper_likes_more(
    monkeypatch, shop, articles, make_article, look
):
    monkeypatch.setattr("styletransfer.personalization.recommendations.ranking.MOST_CANDIDATES", 2)
    make_article("Attic")  # in a category that nobody has looked into
    fit_recommendations()
    make_article("Attic")
    shopper = look("Lamp", shopper=look("Cup"))
    assert names(recommendations(articles, shopper, None, category="Jug")) == ["Jug"]
    assert names(recommendations(articles, shopper, None, category="Attic")) == ["Attic"] * 2
    assert names(recommendations(articles, None, None, category="Attic")) == ["Attic"] * 2


def test_staffs_rules(shop, articles):
    fit_recommendations()
    content_type = ContentType.objects.get_for_model(Article)

    def rule(name, kind, **values):
        RecommendationRule.objects.create(
            content_type=content_type, object_id=str(shop[name].pk), kind=kind, **values
        )

    now = timezone.now()
    rule("Plate", "pin", position=2)
    rule("Rug", "pin", position=1)
    rule("Lamp", "exclude")
    rule("Jug", "pin", ends_at=now - timedelta(days=1))
    rule("Bulb", "pin", beside=str(shop["Cup"].pk))
    shown = names(recommendations(articles, None, None))
    assert shown[:2] == ["Rug", "Plate"]
    assert "Lamp" not in shown
    beside = goes_well_with(articles, shop["Cup"], None)
    assert names(beside)[0] == "Bulb"
    assert beside[0].reason == "Our choice to go with it"
    assert "Lamp" not in names(goes_well_with(articles, shop["Bulb"], None))


def test_goes_well_with(shop, articles):
    fit_recommendations()
    found = goes_well_with(articles, shop["Lamp"], None, count=3)
    assert names(found)[0] == "Bulb"
    assert found[0].reason == "Often bought together"
    assert "Lamp" not in names(found)
    looked = {entry.product.name: entry.reason for entry in goes_well_with(articles, shop["Cup"], None)}
    assert looked["Jug"] == "Often looked at together"


def pages_of(product, shopper, count, between=lambda: None):
    page = recommendations(product, shopper, None, count=count)
    pages = [page]
    while page.next:
        between()
        page = recommendations(product, shopper, None, count=count, cursor=page.next)
        pages.append(page)
    return pages


def test_pages_hold_together_whatever_happens_between_them(articles, make_article, look):
    for number in range(20):
        make_article(f"New {number:02}")
    fit_recommendations()
    shopper = look("Cup")
    whole = names(recommendations(articles, shopper, None, count=100))
    assert len(whole) == len(set(whole)) == 26
    happened = []

    def between():
        """Events, a new product, a sold out one and a new fit."""
        look("Lamp", shopper=shopper, days=0)
        make_article("Latest")
        if not happened:
            Article.objects.filter(name=whole[9]).update(name="Sold out")
            fit_recommendations()
        happened.append(1)

    pages = pages_of(articles, shopper, 6, between)
    shown = [name for page in pages for name in names(page)]
    assert shown == [name for name in whole if name != whole[9]]
    assert [len(page.entries) for page in pages] == [6, 6, 6, 6, 1]
    back = recommendations(articles, shopper, None, count=6, cursor=pages[2].previous)
    assert names(back) == names(pages[1])
    assert pages[0].previous is None


def test_what_is_bought_between_pages_is_passed_over(articles, look):
    fit_recommendations()
    shopper = look("Cup")
    whole = names(recommendations(articles, shopper, None))
    page = recommendations(articles, shopper, None, count=2)
    look(whole[2], "purchase", shopper, days=0)
    rest = names(recommendations(articles, shopper, None, count=9, cursor=page.next))
    assert rest == whole[3:]


def test_cursors_cannot_be_made_up_or_taken_elsewhere(shop, articles):
    fit_recommendations()
    cursor = recommendations(articles, None, None, count=2).next
    for bad in ("nonsense", cursor + "x", "x" * 5000):
        with pytest.raises(BadCursorError, match="not made by this shop"):
            recommendations(articles, None, None, cursor=bad)
    with pytest.raises(BadCursorError, match="another list"):
        recommendations(articles, None, None, category="Jug", cursor=cursor)
    fit_recommendations(forget_others=True)
    with pytest.raises(BadCursorError, match="renewed"):
        recommendations(articles, None, None, cursor=cursor)


def test_before_the_first_fit_the_newest_are_shown(make_article, articles):
    made = [make_article(f"Cup {number}") for number in range(5)]
    pages = pages_of(articles, None, 2)
    assert [name for page in pages for name in names(page)] == [one.name for one in reversed(made)]
    assert pages[0].entries[0].reason == "New here"


def test_a_shop_that_has_not_said_what_is_for_sale_recommends_nothing(shop):
    product = products.register(Article, category="name")
    fit_recommendations()
    assert recommendations(product, None, None).entries == ()


def test_old_snapshots_go_and_the_current_one_stays(shop):
    now = timezone.now()
    fits = [fit_recommendations(now=now + timedelta(minutes=10 * number)) for number in range(5)]
    kept = list(RecommendationSnapshot.objects.values_list("pk", flat=True))
    assert kept == [fit.pk for fit in fits[:1:-1]]
    assert set(RecommendationList.objects.values_list("snapshot", flat=True)) == set(kept)
    last = fit_recommendations(now=now + timedelta(days=1))
    assert list(RecommendationSnapshot.objects.all()) == [last]
    assert RecommendationSnapshot.objects.get(is_current=True) == last


def test_a_robot_that_opens_everything_counts_little(monkeypatch, shop, make_shopper, make_article, note):
    monkeypatch.setattr("styletransfer.personalization.recommendations.fitting.MOST_PER_SHOPPER", 3)
    robot = make_shopper(*Purpose)
    for number in range(6):
        note(robot, make_article(f"Thing {number}"), days=number)
    assert fit_recommendations().events == 8 * 3 + 3


def test_what_was_deleted_is_forgotten(articles, look):
    shopper = look("Cup")
    Article.objects.filter(name="Jug").delete()
    assert fit_recommendations().products == 4
    Article.objects.filter(name="Plate").delete()
    assert "Plate" not in names(recommendations(articles, shopper, None))


@pytest.mark.parametrize("history", [0, 3, 60])
def test_queries_depend_on_nothing(history, request, articles, oil, make_shopper):
    make_article, note = request.getfixturevalue("make_article"), request.getfixturevalue("note")
    made = [make_article(f"Thing {number % 7}") for number in range(40)]
    for article in made[:30]:
        make_variant(article.cover, oil)
    helpers = [make_shopper(*Purpose) for _ in range(2)]
    for article in made:
        for helper in helpers:
            note(helper, article)
    fit_recommendations()
    shopper = make_shopper(*Purpose)
    for number in range(history):
        note(shopper, made[number % 40], days=number / 10)
    recommendations(articles, shopper, "oil")  # content types are known from here on
    with assert_styled_queries(6):  # history, lists, rules, for sale, rows, variants
        page = recommendations(articles, shopper, "oil")
    assert len(page.entries) == 24
    with assert_styled_queries(5):
        recommendations(articles, None, "oil")
    with assert_styled_queries(5):
        goes_well_with(articles, made[0], "oil")


def test_pictures_come_along(shop, articles, oil):
    make_variant(shop["Cup"].cover, oil)
    fit_recommendations()
    cup = next(one for one in recommendations(articles, None, "oil").entries if one.product.name == "Cup")
    assert cup.photo == shop["Cup"].cover


def test_an_unknown_recommender_is_refused_with_what_to_do(shop, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "RECOMMENDER": "oracle"}
    with pytest.raises(ImproperlyConfigured, match="choose one of cosine, implicit-tfidf"):
        fit_recommendations()
    assert not RecommendationSnapshot.objects.exists()


def test_an_erasure_leaves_no_list_that_was_fitted_with_the_person(shop):
    before = fit_recommendations()
    StyleEvent.objects.filter(object_id=str(shop["Cup"].pk)).delete()
    privacy.run_erasure_hooks()
    after = RecommendationSnapshot.objects.get()
    assert after.pk != before.pk
    assert not RecommendationList.objects.filter(kind="neighbours", key=str(shop["Cup"].pk)).exists()


def test_a_fit_during_which_somebody_is_erased_begins_again_without_them(shop, monkeypatch):
    store, person = fitting._store, StyleEvent.objects.filter(kind="view").first().shopper

    def erase_first(*args):
        if Shopper.objects.filter(pk=person.pk).exists():
            erasure.erase(person)
        store(*args)

    everybody = fit_recommendations().shoppers
    monkeypatch.setattr(fitting, "_store", erase_first)
    fitted = fit_recommendations()
    assert fitted.shoppers == everybody - 1
    assert list(RecommendationSnapshot.objects.all()) == [fitted]


def test_with_celery_an_erasure_sends_a_message_about_nobody(shop, settings, monkeypatch):
    from styletransfer.personalization.recommendations import tasks

    sent = []
    monkeypatch.setattr(tasks.fit, "delay", lambda **arguments: sent.append(arguments))
    fit_recommendations()
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DISPATCHER": "celery"}
    privacy.run_erasure_hooks()
    assert sent == [{"forget_others": True}]


def test_the_task_and_the_command_fit(shop, capsys):
    from styletransfer.personalization.recommendations.tasks import fit

    fit()
    call_command("fit_recommendations")
    assert RecommendationSnapshot.objects.filter(is_current=True).count() == 1
    assert "28 events of 8 shoppers: neighbours for 5 products" in capsys.readouterr().out


def test_the_command_says_what_to_install(settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "RECOMMENDER": "absent_package:Model"}
    with pytest.raises(CommandError, match="cannot be used here"):
        call_command("fit_recommendations")
