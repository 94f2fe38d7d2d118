"""What the shop's server records itself: once, under consent, and never in the way of an order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError

from styletransfer.models import Purpose, StyleEvent
from styletransfer.personalization import hooks
from styletransfer.personalization.devices import device_of
from styletransfer.personalization.events import NewEvent, record
from styletransfer.personalization.hooks import OrderLine, added_to_cart, purchased, style_picked
from tests.personalization.conftest import BOTH
from tests.personalization.test_events import impression

pytestmark = pytest.mark.django_db


def test_an_order_is_recorded_once_with_the_look_it_was_bought_in(make_request, shopper, mug, oil):
    seen = impression(mug, oil)
    record([seen], shopper=shopper, purposes=BOTH)
    lines = [OrderLine(mug, 2, Decimal("9.80")), OrderLine(mug, 1, Decimal("4.90"))]
    for _ in range(2):
        purchased(make_request(shopper), lines, reference="42", currency="EUR")
    rows = StyleEvent.objects.filter(kind="purchase").order_by("-value")
    assert [(row.quantity, row.value, row.currency) for row in rows] == [
        (2, Decimal("9.80"), "EUR"),
        (1, Decimal("4.90"), "EUR"),
    ]
    assert {(row.style, row.impression_id) for row in rows} == {("oil", seen.id)}
    purchased(make_request(shopper), lines, reference="43", currency="EUR")
    assert StyleEvent.objects.filter(kind="purchase").count() == 4


def test_only_the_shop_can_tell_which_order_an_event_is_of(make_request, shopper, mug, settings):
    def number_of_events(reference):
        purchased(make_request(shopper), [OrderLine(mug, 1, Decimal(1))], reference=reference, currency="EUR")
        return StyleEvent.objects.count()

    assert [number_of_events(reference) for reference in (42, 42, 43)] == [1, 1, 2]
    shopper.events.all().delete()
    known = {number_of_events(42): StyleEvent.objects.get().pk}
    shopper.events.all().delete()
    settings.SECRET_KEY = "somebody else's guess"
    assert number_of_events(42) == 1
    assert StyleEvent.objects.get().pk != known[1]


def test_carts_and_picks(make_request, shopper, mug, oil):
    added_to_cart(make_request(shopper), mug, 3, value=Decimal(6), currency="EUR")
    style_picked(make_request(shopper), "oil")
    kinds = dict(StyleEvent.objects.values_list("kind", "style"))
    assert kinds == {"add_to_cart": "", "pick": "oil"}


def test_nothing_without_consent_or_against_an_objection(make_request, make_shopper, shopper, mug):
    added_to_cart(make_request(), mug)
    added_to_cart(make_request(make_shopper()), mug)
    added_to_cart(make_request(shopper, **{"sec-gpc": "1"}), mug)
    assert StyleEvent.objects.count() == 0
    added_to_cart(make_request(make_shopper(Purpose.MEASUREMENT)), mug)
    assert StyleEvent.objects.get().consent_basis == "measurement"


def test_a_broken_database_does_not_stop_an_order(make_request, shopper, mug, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(hooks, "record", fail)
    purchased(make_request(shopper), [OrderLine(mug, 1, Decimal(1))], reference=1, currency="EUR")


def test_an_erased_shopper_records_nothing(shopper, mug):
    shopper.__class__.objects.filter(pk=shopper.pk).delete()
    outcome = record([NewEvent("click", product=hooks.name_of(mug))], shopper=shopper, purposes=BOTH)
    assert outcome.refused == {0: "This shopper is not known any more."}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148 Safari"}, "phone"),
        ({"user-agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120 Mobile Safari"}, "phone"),
        ({"user-agent": "Mozilla/5.0 (Linux; Android 13; SM-X700) Chrome/120 Safari"}, "tablet"),
        ({"user-agent": "Mozilla/5.0 (iPad; CPU OS 12_0) Mobile/15E148"}, "tablet"),
        ({"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/120", "sec-ch-ua-mobile": "?1"}, "phone"),
        ({"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130", "sec-ch-ua-mobile": "?0"}, "desktop"),
        ({}, ""),
    ],
)
def test_devices(make_request, headers, expected):
    assert device_of(make_request(**headers)) == expected
