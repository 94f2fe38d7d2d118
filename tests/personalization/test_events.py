"""Recording: each event once, bad ones refused alone, nothing without consent."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from styletransfer.models import EventKind, Purpose, StyleEvent, StylePreset
from styletransfer.personalization.decisions import (
    Decision,
    decision_of,
    note_decision,
    read_decision,
    sign_decision,
)
from styletransfer.personalization.events import NewEvent, record
from tests.personalization.conftest import BOTH
from tests.testapp.models import Article

pytestmark = pytest.mark.django_db


def of(article):
    return ("testapp.article", str(article.pk))


def impression(article, preset, **values):
    decision = Decision(preset.slug, (None, preset.pk), 0.25, "taste:3", 42)
    return NewEvent(EventKind.IMPRESSION, product=of(article), decision=decision, surface="list", **values)


def test_an_impression_keeps_how_it_was_decided(shopper, mug, oil):
    outcome = record([impression(mug, oil)], shopper=shopper, purposes=BOTH, device="phone")
    row = StyleEvent.objects.get()
    assert outcome.accepted == [row.pk]
    assert (row.preset, row.style, row.candidates, row.propensity) == (oil, "oil", [None, oil.pk], 0.25)
    assert (row.policy, row.seed, row.surface, row.device) == ("taste:3", 42, "list", "phone")
    assert (row.category, row.object_id, row.consent_basis) == ("Mugs", str(mug.pk), "both")


def test_twice_is_once(shopper, mug, oil):
    batch = [impression(mug, oil), impression(mug, oil)]
    assert len(record(batch, shopper=shopper, purposes=BOTH).accepted) == 2
    again = record([*batch, impression(mug, oil), batch[0]], shopper=shopper, purposes=BOTH)
    assert len(again.accepted) == 1
    assert sorted(again.duplicates) == sorted([batch[0].id, batch[1].id])
    assert StyleEvent.objects.count() == 3


def test_nothing_without_consent(shopper, mug, oil):
    outcome = record([impression(mug, oil)], shopper=shopper, purposes=frozenset())
    assert list(outcome.refused) == [0]
    assert StyleEvent.objects.count() == 0


def test_the_basis_limits_the_use(shopper, mug, oil):
    record([impression(mug, oil)], shopper=shopper, purposes=frozenset([Purpose.MEASUREMENT]))
    record([impression(mug, oil)], shopper=shopper, purposes=BOTH)
    assert StyleEvent.objects.usable_for(Purpose.PERSONALISATION).count() == 1
    assert StyleEvent.objects.usable_for(Purpose.MEASUREMENT).count() == 2


def test_bad_events_take_nothing_with_them(shopper, mug, oil):
    draft = StylePreset.objects.create(name="Draft", slug="draft", engine="fake", draft_of=oil)
    late, early = timezone.now() + timedelta(hours=1), timezone.now() - timedelta(days=91)
    batch = [
        NewEvent(EventKind.CLICK, product=("testapp.article", "999")),
        NewEvent(EventKind.CLICK, product=("testapp.article", "DROP TABLE")),
        NewEvent(EventKind.CLICK, product=("auth.user", "1")),
        NewEvent(EventKind.CLICK),
        NewEvent(EventKind.CLICK, product=of(mug), style="unknown"),
        NewEvent(EventKind.CLICK, product=of(mug), style=draft.slug),
        NewEvent(EventKind.CLICK, product=of(mug), occurred_at=late),
        NewEvent(EventKind.CLICK, product=of(mug), occurred_at=early),
        NewEvent(EventKind.PICK),
        NewEvent(EventKind.IMPRESSION, product=of(mug), style="oil"),
        NewEvent(EventKind.CLICK, product=of(mug), style="oil"),
        NewEvent(EventKind.PICK, style="original"),
    ]
    outcome = record(batch, shopper=shopper, purposes=BOTH)
    assert sorted(outcome.refused) == list(range(10))
    assert all(outcome.refused.values())
    assert outcome.accepted == [batch[10].id, batch[11].id]


def test_followers_find_their_impression(shopper, make_shopper, mug, oil):
    ink = StylePreset.objects.create(name="Ink", slug="ink", engine="fake")
    now = timezone.now()
    seen = [
        impression(mug, oil, occurred_at=now - timedelta(days=8)),
        impression(mug, oil, occurred_at=now - timedelta(hours=3)),
        impression(mug, ink, occurred_at=now - timedelta(hours=2)),
    ]
    record(seen, shopper=shopper, purposes=BOTH)
    record([impression(mug, ink)], shopper=make_shopper(*Purpose), purposes=BOTH)
    followers = [
        NewEvent(EventKind.ADD_TO_CART, product=of(mug)),
        NewEvent(EventKind.CLICK, product=of(mug), style="oil"),
        NewEvent(EventKind.CLICK, product=of(mug), occurred_at=now - timedelta(hours=2, minutes=30)),
        NewEvent(EventKind.CLICK, product=of(Article.objects.create(name="Cups"))),
        NewEvent(EventKind.PURCHASE, product=of(mug), impression_id=(given := uuid.uuid4())),
    ]
    record(followers, shopper=shopper, purposes=BOTH)
    rows = StyleEvent.objects.in_bulk([event.id for event in followers])
    found = [(rows[event.id].impression_id, rows[event.id].style) for event in followers]
    assert found == [(seen[2].id, "ink"), (seen[1].id, "oil"), (seen[1].id, "oil"), (None, ""), (given, "")]


def test_forty_events_cost_what_one_does(shopper, mug, oil, django_assert_num_queries):
    def batch(size):
        return [
            NewEvent(EventKind.PURCHASE, product=of(mug), value=Decimal("3.20"), currency="EUR")
            for _ in range(size)
        ]

    record(batch(1), shopper=shopper, purposes=BOTH)  # reads the content type once
    # Categories, shopper, known ids, impressions and the insert, between the marks of a nested transaction.
    with django_assert_num_queries(7):
        record(batch(1), shopper=shopper, purposes=BOTH)
    with django_assert_num_queries(7):
        record(batch(40), shopper=shopper, purposes=BOTH)


def test_last_seen_moves_once_a_day(shopper, mug, oil):
    shopper.last_seen_at = timezone.now() - timedelta(days=2)
    shopper.save()
    record([impression(mug, oil)], shopper=shopper, purposes=BOTH)
    shopper.refresh_from_db()
    assert timezone.now() - shopper.last_seen_at < timedelta(minutes=1)


def test_a_token_says_what_was_decided(oil):
    decision = Decision("oil", (None, oil.pk), 0.5, "taste:1", 7)
    token = sign_decision(decision, "list")
    assert read_decision(token) == (decision, "list")
    assert sign_decision(decision, "list") == token
    for forged in (token[:-1] + "x", token.replace(":", ""), "", "x" * 5000):
        with pytest.raises(ValueError, match="not made by this shop"):
            read_decision(forged)


def test_a_page_without_a_draw_decides_for_certain(rf, oil, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DEFAULT_PRESET": "oil"}
    request = rf.get("/")
    assert decision_of(request) == Decision("oil", policy="default")
    assert decision_of(request, "original") == Decision("original", policy="page")
    drawn = Decision("oil", (None, oil.pk), 0.3, "taste:9", 1)
    note_decision(request, drawn)
    assert decision_of(request) == decision_of(request, "oil") == drawn
    assert decision_of(request, "original").policy == "page"
