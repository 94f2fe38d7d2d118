"""The control "A style of your own": asked for, shown once painted, deleted."""

from __future__ import annotations

import pytest

from styletransfer.models import PersonalStyle, Purpose, StyleTaste
from styletransfer.personalization import shoppers
from styletransfer.personalization.taste.history import History
from tests.jobs.conftest import fresh_process, make_preset
from tests.jobs.test_drain import drain_all
from tests.personalization.conftest import cookie_of, make_shopper
from tests.personalization.taste.conftest import NOW

__all__ = ["fresh_process", "make_preset", "make_shopper"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(client, make_shopper):
    shopper = make_shopper(*Purpose)
    client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    return shopper


@pytest.fixture
def taste(visitor, make_preset):
    """The visitor bought in oil and looked at ink as much."""
    oil, ink = make_preset("oil"), make_preset("ink", seed=9)
    history = History(NOW)
    history.add("purchase", oil.pk, "", NOW, 30)
    for _ in range(5):
        history.add("view", ink.pk, "", NOW, 30)
    return StyleTaste.objects.create(shopper=visitor, history=history.as_json(), as_of=NOW)


def page(client):
    return client.get("/for-you/").content.decode()


def press(client, post, act, **data):
    answer = post("/for-you/own-style/", {"act": act, **data})
    assert (answer.status_code, answer["Location"]) == (302, "/for-you/")
    assert "no-store" in answer["Cache-Control"]
    return page(client)


def test_a_visitor_asks_sees_it_and_deletes_it(client, post, make_product, taste):
    make_product(1)
    make_product(2)
    assert "Paint my style" in page(client)
    shown = press(client, post, "ask")
    assert "0 of 2 photos painted" in shown
    assert "Ink 50 %" in shown
    assert "Oil 50 %" in shown
    assert "/media/styled/" not in shown
    drain_all()
    slug = PersonalStyle.objects.get().preset.slug
    shown = page(client)
    assert "shown to you" in shown
    assert "/media/styled/" in shown
    # Public pages stay the same for everybody.
    assert "/media/styled/" not in client.get("/").content.decode()
    shown = press(client, post, "drop", style=slug)
    assert "are deleted" in shown
    assert "/media/styled/" not in shown
    assert not PersonalStyle.objects.exists()


def test_without_any_taste_it_says_what_to_do(client, post, make_product, visitor):
    make_product(1)
    assert "no sign of your taste yet" in press(client, post, "ask")


def test_without_consent_there_is_no_control_and_nothing_is_made(client, post, make_product):
    make_product(1)
    assert "Paint my style" not in page(client)
    assert "Allow personal pictures first" in press(client, post, "ask")
    assert not PersonalStyle.objects.exists()


def test_form_and_api_share_one_limit(client, post, make_product, taste, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLE_ASKS": 2}
    make_product(1)
    press(client, post, "ask")
    slug = PersonalStyle.objects.get().preset.slug
    press(client, post, "drop", style=slug)
    api = "/api/me/style/personal/"
    assert post(api).status_code == 202
    assert "Come back tomorrow" in press(client, post, "ask")
    assert post(api).status_code == 429
    assert PersonalStyle.objects.count() == 1


def test_who_has_all_they_may_have_is_told_to_delete_one(client, post, make_product, taste, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLES": 1}
    make_product(1)
    assert "Paint my style" in page(client)
    shown = press(client, post, "ask")
    assert "Paint my style" not in shown
    assert "Delete one to have another painted" in shown


def test_deleting_names_one(client, post, make_product, taste):
    make_product(1)
    press(client, post, "ask")
    press(client, post, "drop")
    assert PersonalStyle.objects.count() == 1
