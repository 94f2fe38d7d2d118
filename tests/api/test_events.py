"""``POST /api/events/``: consent enforced here, each event once, errors by event, beacons welcome."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from rest_framework.test import APIClient

from styletransfer.models import ConsentRecord, Purpose, StyleEvent
from styletransfer.personalization import consent, shoppers
from styletransfer.personalization.decisions import Decision, sign_decision
from tests.personalization.conftest import articles, cookie_of, make_shopper, mug, oil, shopper, user

__all__ = ["articles", "make_shopper", "mug", "oil", "shopper", "user"]

pytestmark = pytest.mark.django_db

URL = "/api/events/"
HOME = {"origin": "http://testserver"}


def browser(shopper=None, **options):
    client = APIClient(enforce_csrf_checks=True, **options)
    if shopper is not None:
        client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    return client


def event(mug, **values):
    return {"id": str(uuid.uuid4()), "kind": "click", "product": f"testapp.article:{mug.pk}"} | values


def send(client, events, headers=HOME):
    return client.post(URL, {"events": events}, format="json", headers=headers)


def test_an_impression_arrives_with_its_context(shopper, mug, oil):
    context = sign_decision(Decision("oil", (None, oil.pk), 0.4, "taste:2", 11), "list")
    sent = event(mug, kind="impression", context=context, ago=60)
    answer = send(browser(shopper), [sent], HOME | {"user-agent": "Mozilla/5.0 (iPhone) Mobile/15E148"})
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "duplicates": 0, "refused": []})
    assert answer["Cache-Control"] == "private, no-store"
    row = StyleEvent.objects.get(pk=sent["id"])
    assert (row.shopper, row.preset, row.propensity, row.candidates) == (shopper, oil, 0.4, [None, oil.pk])
    assert (row.policy, row.seed, row.surface, row.device) == ("taste:2", 11, "list", "phone")
    assert abs(row.occurred_at - timezone.now() + timedelta(seconds=60)) < timedelta(seconds=10)


def test_sent_twice_recorded_once(shopper, mug):
    batch = [event(mug), event(mug)]
    assert send(browser(shopper), batch).json()["accepted"] == 2
    assert send(browser(shopper), [*batch, event(mug)]).json() == {
        "accepted": 1,
        "duplicates": 2,
        "refused": [],
    }
    assert StyleEvent.objects.count() == 3


def test_errors_are_told_by_event_and_lose_nothing_else(shopper, mug):
    batch = [
        event(mug, id="x"),
        event(mug, kind="sneeze"),
        event(mug, context="forged:token"),
        event(mug, value="3.00"),
        event(mug, product="testapp.article:999"),
        "no object",
        event(mug, quantity=0),
        event(mug),
    ]
    answer = send(browser(shopper), batch)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    errors = {one["index"]: set(one["errors"]) for one in answer.json()["refused"]}
    assert errors == {
        0: {"id"},
        1: {"kind"},
        2: {"context"},
        3: {"currency"},
        4: {"event"},
        5: {"non_field_errors"},
        6: {"quantity"},
    }


@pytest.mark.parametrize("granted", [(), None])
def test_nothing_without_consent(make_shopper, mug, granted):
    client = browser(None if granted is None else make_shopper(*granted))
    answer = send(client, [event(mug)])
    assert answer.status_code == 403
    assert "allowed" in answer.json()["detail"]
    assert StyleEvent.objects.count() == 0
    assert "Set-Cookie" not in answer


def test_consent_to_older_texts_does_not_count(make_shopper, mug):
    assert send(browser(make_shopper(*Purpose, version="0")), [event(mug)]).status_code == 403


def test_privacy_control_stops_events_and_takes_consent_back(shopper, mug):
    client = browser(shopper)
    assert send(client, [event(mug)], HOME | {"sec-gpc": "1"}).status_code == 403
    objections = ConsentRecord.objects.filter(shopper=shopper, granted=False)
    assert {(one.purpose, one.source) for one in objections} == {(one.value, "gpc") for one in Purpose}
    assert send(client, [event(mug)], HOME | {"sec-gpc": "1"}).status_code == 403
    assert ConsentRecord.objects.count() == 4  # nothing is added a second time
    # The objection outlives the header.
    assert send(client, [event(mug)]).status_code == 403
    assert StyleEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://testserver"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://testserver"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "referer": "http://testserver/"}, 403),
        ({"referer": "http://testserver/p/mug/"}, 200),
        ({"referer": "https://evil.example/"}, 403),
        ({}, 403),
    ],
)
def test_only_our_own_pages_may_send(make_shopper, user, mug, headers, status):
    by_cookie, signed_in = browser(make_shopper(*Purpose)), browser(make_shopper(*Purpose, user=user))
    signed_in.force_login(user)
    for client in (by_cookie, signed_in):
        assert send(client, [event(mug)], headers).status_code == status
    assert StyleEvent.objects.count() == (2 if status == 200 else 0)


def test_trusted_origins_may_send(shopper, mug, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://www.shop.example"]
    assert send(browser(shopper), [event(mug)], {"origin": "https://www.shop.example"}).status_code == 200


def test_tokens_may_come_from_anywhere(make_shopper, user, mug):
    account = make_shopper(*Purpose, user=user)
    client = browser()
    client.force_authenticate(user)
    assert send(client, [event(mug)], {}).status_code == 200
    assert StyleEvent.objects.get().shopper == account


def test_a_beacon_sends_text(shopper, mug):
    answer = browser(shopper).post(
        URL, json.dumps({"events": [event(mug)]}), content_type="text/plain;charset=UTF-8", headers=HOME
    )
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize("body", ["[]", "{}", '{"events": {}}', "null", '"x"', '{"events"'])
def test_bodies_that_are_no_batch(shopper, body):
    answer = browser(shopper).post(URL, body, content_type="application/json", headers=HOME)
    assert answer.status_code == 400


def test_too_many_or_too_large(shopper, mug, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "EVENT_BATCH": 2}
    answer = send(browser(shopper), [event(mug) for _ in range(3)])
    assert answer.status_code == 413
    assert "at most 2 events" in answer.json()["detail"]
    answer = send(browser(shopper), [event(mug, padding="x" * 300_000)])
    assert answer.status_code == 413
    assert StyleEvent.objects.count() == 0


def test_kinds_can_be_left_to_the_server(shopper, mug, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "BROWSER_EVENTS": ["impression", "click"]}
    answer = send(browser(shopper), [event(mug, kind="purchase"), event(mug)]).json()
    assert answer["accepted"] == 1
    assert "kind" in answer["refused"][0]["errors"]


def test_throttled_by_shopper(shopper, make_shopper, mug, monkeypatch):
    monkeypatch.setattr("styletransfer.api.events.EventThrottle.default_rate", "2/min")
    client = browser(shopper)
    assert [send(client, [event(mug)]).status_code for _ in range(3)] == [200, 200, 429]
    assert send(browser(make_shopper(*Purpose)), [event(mug)]).status_code == 200


def test_a_merged_cookie_records_for_the_account(shopper, make_shopper, user, mug):
    account = make_shopper(*Purpose, user=user)
    shoppers.merge(shopper, account)
    assert send(browser(shopper), [event(mug)]).status_code == 200
    assert StyleEvent.objects.get().shopper == account


def test_an_erased_shopper_is_nobody(shopper, mug):
    client = browser(shopper)
    shopper.delete()
    assert send(client, [event(mug)]).status_code == 403


def test_login_through_the_page_merges_and_sets_the_cookie(shopper, make_shopper, user, mug, settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "styletransfer.personalization.middleware.ShopperMiddleware",
    ]
    account = make_shopper(*Purpose, user=user)
    client = browser(shopper)
    send(client, [event(mug)])
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    plain = APIClient()
    plain.cookies = client.cookies
    answer = plain.post("/admin/login/", {"username": "ada", "password": "lovelace", "next": "/admin/"})
    assert answer.status_code == 302
    assert answer.cookies[shoppers.COOKIE].value == cookie_of(account)
    assert answer.cookies[shoppers.COOKIE]["httponly"]
    assert answer.cookies[shoppers.COOKIE]["samesite"] == "Lax"
    assert answer.cookies[consent.COOKIE].value == "1.pm"
    assert StyleEvent.objects.get().shopper == account
    answer = plain.post("/admin/logout/")
    assert answer.cookies[shoppers.COOKIE].value == answer.cookies[consent.COOKIE].value == ""


def test_login_of_somebody_the_shop_does_not_know_sets_no_cookie(user, settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "styletransfer.personalization.middleware.ShopperMiddleware",
    ]
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    plain = APIClient()
    plain.cookies[consent.COOKIE] = "1."  # has declined
    answer = plain.post("/admin/login/", {"username": "ada", "password": "lovelace", "next": "/admin/"})
    assert not {shoppers.COOKIE, consent.COOKIE} & set(answer.cookies)
    assert not {shoppers.COOKIE, consent.COOKIE} & set(plain.post("/admin/logout/").cookies)
