"""What is remembered of a shopper, how it fades, and how it is kept up to date."""

from datetime import timedelta

import pytest

from styletransfer.models import ConsentRecord, Purpose, StyleEvent, StyleTaste
from styletransfer.personalization import shoppers
from styletransfer.personalization.taste.history import History
from styletransfer.personalization.taste.profiles import refresh_histories
from tests.personalization.taste.conftest import NOW

MONTH = timedelta(days=30)


def test_half_is_forgotten_after_each_half_life():
    history = History(NOW)
    history.add("view", 3, "mugs", NOW, 30)
    history.add("purchase", 3, "mugs", NOW, 30)
    history.decay_to(NOW + 2 * MONTH, 30)
    assert history.styles[3] == pytest.approx([0, 0.25, 0, 0.25, 0])
    assert history.categories["mugs"] == pytest.approx(1.5)
    history.decay_to(NOW + 20 * MONTH, 30)
    assert history.styles == history.categories == {}


def test_late_events_count_for_what_is_left_of_them():
    early, late = History(NOW - MONTH), History(NOW)
    early.add("like", 1, "", NOW - MONTH, 30)
    early.decay_to(NOW, 30)
    late.add("like", 1, "", NOW - MONTH, 30)
    assert early.styles == late.styles
    late.add("dislike", 1, "", NOW, 30)
    assert late.styles[1][-1] == pytest.approx(-0.5)
    assert dict(late.engagement()) == {1: 0.0}


def test_two_histories_of_one_person_are_joined():
    one, other = History(NOW), History(NOW - MONTH)
    one.add("view", 1, "mugs", NOW, 30)
    other.add("view", 1, "lamps", NOW - MONTH, 30)
    one.join(other, 30)
    assert one.styles[1][1] == pytest.approx(1.5)
    assert one.categories == pytest.approx({"mugs": 1.0, "lamps": 0.5})
    assert History.from_json(one.as_json()) == one


def test_histories_follow_the_log(shopper, looks, log):
    log.impression(shopper, looks[0], looks, clicked=True, category="mugs")
    log.add(shopper, "purchase", looks[1], category="lamps")
    log.write()
    assert refresh_histories(NOW) == 1
    taste = StyleTaste.objects.get(shopper=shopper)
    history = History.from_json(taste.history)
    assert set(history.styles) == {looks[0].pk, looks[1].pk}
    assert history.styles[looks[0].pk][:2] == pytest.approx([1, 1], abs=0.01)
    assert history.categories["lamps"] > history.categories["mugs"]
    assert refresh_histories(NOW + timedelta(hours=1)) == 0
    assert StyleTaste.objects.get(shopper=shopper).as_of == NOW


def test_only_what_was_allowed_is_learned(make_shopper, looks, log):
    measured = make_shopper("measurement")
    allowed = make_shopper("personalisation")
    for shopper in (measured, allowed):
        log.add(shopper, "view", looks[0])
    log.write()
    StyleEvent.objects.filter(shopper=measured).update(consent_basis="measurement")
    assert refresh_histories(NOW) == 1
    ConsentRecord.objects.create(shopper=allowed, purpose=Purpose.PERSONALISATION, granted=False, version="1")
    refresh_histories(NOW)
    assert not StyleTaste.objects.exists()


def test_a_login_joins_both_histories(make_shopper, looks, log):
    browser, account = make_shopper("personalisation"), make_shopper("personalisation")
    log.add(browser, "view", looks[0])
    log.add(account, "view", looks[0])
    log.add(account, "view", looks[1])
    log.write()
    refresh_histories(NOW)
    shoppers.merge(browser, account)
    history = History.from_json(StyleTaste.objects.get().history)
    assert history.styles[looks[0].pk][1] == pytest.approx(2, abs=0.02)
    third = make_shopper("personalisation")
    shoppers.merge(account, third)
    assert StyleTaste.objects.get().shopper == third
