"""Who is asking: found by cookie or account, never by a write, and one person after login."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from styletransfer.models import ConsentRecord, Purpose, Shopper, StyleEvent
from styletransfer.personalization import consent, privacy, shoppers
from styletransfer.personalization.shoppers import merge, shopper_of

pytestmark = pytest.mark.django_db


def make_event(shopper, **values):
    given = {"kind": "click", "style": "oil", "consent_basis": "both", "occurred_at": timezone.now()}
    return StyleEvent.objects.create(shopper=shopper, **given | values)


def test_no_cookie_costs_no_query(make_request, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert shopper_of(make_request()) is None
        assert shopper_of(None) is None
        assert not consent.allows(make_request(), Purpose.PERSONALISATION)
    assert Shopper.objects.count() == 0


def test_cookie_costs_one_query_with_consent_and_no_session(
    make_request, make_shopper, django_assert_num_queries
):
    shopper = make_shopper(Purpose.MEASUREMENT)
    request = make_request(shopper)
    with django_assert_num_queries(1):
        assert shopper_of(request) == shopper
        assert consent.allows(request, Purpose.MEASUREMENT)
        assert not consent.allows(request, Purpose.PERSONALISATION)
    assert not request.session.accessed


@pytest.mark.parametrize("value", ["", "nonsense", "6f2a:x", "00000000-0000-0000-0000-000000000000"])
def test_a_made_up_cookie_is_nobody(make_request, shopper, value, django_assert_num_queries):
    request = make_request()
    request.COOKIES[shoppers.COOKIE] = value
    with django_assert_num_queries(0):
        assert shopper_of(request) is None
    request = make_request()
    request.COOKIES[shoppers.COOKIE] = str(shopper.key)  # right, but not signed
    assert shopper_of(request) is None


def test_the_account_outranks_a_foreign_cookie(make_request, make_shopper, user):
    other = make_shopper(user=get_user_model().objects.create_user("eve"))
    mine = make_shopper(user=user)
    assert shopper_of(make_request(other, user), by_user=True) == mine
    assert shopper_of(make_request(None, user), by_user=True) == mine
    assert shopper_of(make_request(mine, AnonymousUser()), by_user=True) == mine
    mine.delete()
    assert shopper_of(make_request(other, user), by_user=True) is None


def test_login_binds_the_browser_to_an_account_without_a_shopper(make_request, shopper, user):
    request = make_request(shopper)
    shoppers.logged_in(None, request, user)
    shopper.refresh_from_db()
    assert shopper.user == user
    assert shopper_of(request) == shopper


def test_login_merges_the_browser_into_the_account(make_request, make_shopper, user):
    account = make_shopper(Purpose.PERSONALISATION, user=user)
    browser = make_shopper(Purpose.MEASUREMENT, picked_style="oil", picked_at=timezone.now())
    event = make_event(browser)
    request = make_request(browser)
    shoppers.logged_in(None, request, user)
    event.refresh_from_db()
    account = Shopper.objects.with_consent().get(pk=account.pk)
    assert event.shopper == account
    assert account.picked_style == "oil"
    assert consent.granted(account) == frozenset(Purpose)
    assert ConsentRecord.objects.filter(shopper=browser).count() == 0
    # The old cookie, on this device or another one, leads to the account.
    assert shopper_of(make_request(browser)) == account


def test_the_newest_decision_holds_after_a_merge(make_shopper):
    account, browser = make_shopper(), make_shopper()
    now = timezone.now()
    given = {"purpose": Purpose.MEASUREMENT, "version": "1", "source": "banner"}
    ConsentRecord.objects.create(shopper=account, granted=False, decided_at=now, **given)
    ConsentRecord.objects.create(shopper=browser, granted=True, decided_at=now - timedelta(days=1), **given)
    merge(browser, account)
    assert consent.granted(account) == frozenset()


def test_an_older_pick_loses(make_shopper):
    now = timezone.now()
    account = make_shopper(picked_style="ink", picked_at=now)
    browser = make_shopper(picked_style="oil", picked_at=now - timedelta(days=1))
    merge(browser, account)
    account.refresh_from_db()
    assert account.picked_style == "ink"


def test_merges_chain(make_request, make_shopper):
    first, second, third = make_shopper(), make_shopper(), make_shopper()
    merge(first, second)
    merge(second, third)
    assert shopper_of(make_request(first)) == third
    merge(third, third)
    assert Shopper.objects.filter(merged_into=third).count() == 2


def test_merging_what_was_erased_changes_nothing(make_shopper):
    account, browser = make_shopper(), make_shopper()
    make_event(account)
    Shopper.objects.filter(pk=browser.pk).delete()
    merge(browser, account)
    assert StyleEvent.objects.filter(shopper=account).count() == 1


def test_login_on_somebody_elses_browser_takes_nothing(make_request, make_shopper, user):
    other = make_shopper(*Purpose, user=get_user_model().objects.create_user("eve"))
    event = make_event(other)
    request = make_request(other)
    shoppers.logged_in(None, request, user)
    event.refresh_from_db()
    assert event.shopper == other
    assert shopper_of(request) is None


def test_merge_hooks_join_in(make_shopper):
    seen = []
    privacy.register_merge_hook("test", lambda old, kept: seen.append((old.pk, kept.pk)))
    account, browser = make_shopper(), make_shopper()
    merge(browser, account)
    privacy.unregister_hooks("test")
    assert seen == [(browser.pk, account.pk)]


def test_logout_forgets(make_request, shopper, client):
    request = make_request(shopper)
    shoppers.logged_out(None, request)
    assert shopper_of(request) is None
