"""Nothing outlives its time: events become totals, the absent and the withdrawn are forgotten."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from styletransfer.models import ConsentRecord, Purpose, Shopper, StyleEvent, StyleTotal
from styletransfer.personalization import privacy, retention
from styletransfer.personalization.retention import retain
from styletransfer.personalization.shoppers import merge

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)


def make_event(shopper, days, **values):
    given = {"kind": "purchase", "style": "oil", "consent_basis": "both", "category": "Mugs"}
    occurred = NOW - timedelta(days=days)
    return StyleEvent.objects.create(shopper=shopper, occurred_at=occurred, **given | values)


@pytest.fixture
def present(make_shopper):
    """Seen today, with consent."""
    return make_shopper(*Purpose, last_seen_at=NOW, created_at=NOW)


def test_old_events_become_totals_and_lose_nothing(present, monkeypatch):
    monkeypatch.setattr(retention, "_CHUNK", 2)
    for days in (91, 91, 91, 92):
        make_event(present, days, value=Decimal("2.50"), currency="EUR", quantity=2)
    make_event(present, 91, kind="click")
    young = make_event(present, 89.9)
    assert retain(now=NOW).rows["styletransfer.styleevent"] == 5
    assert list(StyleEvent.objects.all()) == [young]
    columns = ("kind", "style", "category", "currency", "events", "quantity", "value")
    rows = list(StyleTotal.objects.order_by("day", "kind").values_list("day", *columns))
    day = (NOW - timedelta(days=91)).date()
    assert rows == [
        (day - timedelta(days=1), "purchase", "oil", "Mugs", "EUR", 1, 2, Decimal("2.50")),
        (day, "click", "oil", "Mugs", "", 1, 1, Decimal(0)),
        (day, "purchase", "oil", "Mugs", "EUR", 3, 6, Decimal("7.50")),
    ]
    # A later run adds to the day's total.
    make_event(present, 91, value=Decimal("1.00"), currency="EUR")
    retain(now=NOW)
    assert StyleTotal.objects.get(day=day, kind="purchase").value == Decimal("8.50")


def test_totals_do_not_tell_styles_of_ones_own_apart(present):
    for slug in ("my-a1", "my-b2"):
        make_event(present, 91, style=slug)
    retain(now=NOW)
    assert list(StyleTotal.objects.values_list("style", "events")) == [("own", 2)]


def test_totals_know_nobody():
    names = {field.name for field in StyleTotal._meta.get_fields()}
    assert not names & {"shopper", "user", "object_id", "device", "impression_id"}


def test_the_absent_are_forgotten_with_whoever_was_merged_into_them(make_shopper, present):
    absent = make_shopper(*Purpose, last_seen_at=NOW - timedelta(days=397))
    earlier = make_shopper(last_seen_at=NOW - timedelta(days=500))
    merge(earlier, absent)
    make_event(absent, 1)
    nearly = make_shopper(*Purpose, last_seen_at=NOW - timedelta(days=395))
    refitted = []
    privacy.register_erasure_hook("test", lambda: refitted.append(1))
    try:
        assert retain(now=NOW, is_dry=True).absent == 1
        assert (Shopper.objects.count(), refitted) == (4, [])
        assert retain(now=NOW).absent == 1
    finally:
        privacy.unregister_hooks("test")
    assert set(Shopper.objects.all()) == {present, nearly}
    assert StyleEvent.objects.count() == 0
    assert refitted == [1]


def withdraw(shopper, purpose, days, *, granted=False, version="1"):
    ConsentRecord.objects.create(
        shopper=shopper,
        purpose=purpose,
        granted=granted,
        version=version,
        source="page",
        decided_at=NOW - timedelta(days=days),
    )


@pytest.mark.parametrize(
    ("decisions", "is_forgotten"),
    [
        ([("personalisation", True, 60), ("personalisation", False, 31)], True),
        ([("personalisation", True, 60), ("personalisation", False, 29)], False),
        ([("personalisation", True, 60), ("measurement", True, 60), ("measurement", False, 31)], False),
        ([("personalisation", False, 60), ("personalisation", True, 31)], False),
        ([("personalisation", False, 60), ("measurement", False, 40)], True),
        ([], True),
    ],
)
def test_the_withdrawn_are_forgotten(make_shopper, decisions, is_forgotten):
    shopper = make_shopper(last_seen_at=NOW, created_at=NOW - timedelta(days=90))
    for purpose, granted, days in decisions:
        withdraw(shopper, purpose, days, granted=granted)
    assert retain(now=NOW).withdrawn == is_forgotten
    assert Shopper.objects.exists() != is_forgotten


def test_a_new_version_of_the_texts_is_no_withdrawal(make_shopper, settings):
    shopper = make_shopper(last_seen_at=NOW, created_at=NOW - timedelta(days=90))
    withdraw(shopper, "personalisation", 90, granted=True)
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "CONSENT_VERSION": "2"}
    assert retain(now=NOW).withdrawn == 0


def test_whoever_has_just_come_is_kept(make_shopper):
    make_shopper(last_seen_at=NOW, created_at=NOW - timedelta(days=29))
    assert retain(now=NOW).withdrawn == 0


def test_days_are_settings(present, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "EVENT_DAYS": 7}
    make_event(present, 8)
    assert retain(now=NOW).rows["styletransfer.styleevent"] == 1
    assert timezone.now() < NOW  # the clock of these tests is not the real one
