"""Erasing, merging and recording at the same moment, on PostgreSQL; run by ``test_shopper_races.py``.

Whatever meets, the outcome is one that the two could have had one after the other: nothing of whoever was
erased is left, nothing is counted twice, and no request fails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from styletransfer.experiments.exposures import note_exposures, possible_arms
from styletransfer.models import (
    Arm,
    ConsentRecord,
    ErasureTombstone,
    Experiment,
    ExperimentState,
    Exposure,
    Purpose,
    Shopper,
    StyleEvent,
    StyleTaste,
    StyleTotal,
)
from styletransfer.personalization import consent, erasure, shoppers
from styletransfer.personalization.events import NewEvent, record
from styletransfer.personalization.retention import retain
from styletransfer.personalization.shoppers import account_of, merge
from styletransfer.personalization.taste.profiles import refresh_histories
from tests.integration.meeting import Act, meet
from tests.personalization.conftest import BOTH, articles, make_request, make_shopper, mug, oil, user
from tests.personalization.test_erasure import left, populate
from tests.testapp.models import Article

__all__ = ["articles", "make_request", "make_shopper", "mug", "oil", "user"]

pytestmark = pytest.mark.django_db(transaction=True)

PACKAGE = "styletransfer.personalization"
# Where somebody who erases may be: all are locked; all rows are deleted.
ERASING = [f"{PACKAGE}.erasure.registered", f"{PACKAGE}.erasure._note"]
RECORDING = [f"{PACKAGE}.events._rows", f"{PACKAGE}.events._attribute", f"{PACKAGE}.events.touch"]
MERGING = f"{PACKAGE}.shoppers.merge_registered"
KNOWN = f"{PACKAGE}.shoppers.account_of"


@pytest.fixture(autouse=True)
def on_postgresql(transactional_db):
    assert connection.vendor == "postgresql", "on SQLite writers queue, so nothing here could fail"


@pytest.fixture
def at_once(monkeypatch):
    """``meet`` with pytest's own monkeypatch."""
    return partial(meet, monkeypatch)


@dataclass
class People:
    """A browser's shopper and an account's, who allow everything, and what they may do."""

    browser: Shopper
    account: Shopper
    mug: Article
    make_request: Callable[..., HttpRequest]

    def does(self, shopper, kind, **values):
        """Recorded as the store's own code does."""
        event = NewEvent(kind, product=("testapp.article", str(self.mug.pk)), **values)
        return record([event], shopper=shopper, purposes=BOTH)

    def have_done(self):
        """The browser has looked, the account has liked."""
        self.does(self.browser, "view")
        self.does(self.account, "like")

    def logs_in(self, browser=None, user=None):
        """A login in a browser, as Django's signal tells of it."""
        shoppers.logged_in(None, self.make_request(browser or self.browser), user or self.account.user)

    def recalls(self):
        """The browser takes everything back."""
        return consent.note_decisions(self.browser, dict.fromkeys(Purpose, False), "page")


@pytest.fixture
def people(make_shopper, make_request, user, mug):
    return People(make_shopper(*Purpose), make_shopper(*Purpose, user=user), mug, make_request)


def deeds(shopper=None):
    """Everything in the log, or all that one shopper did, by kind."""
    rows = StyleEvent.objects.all() if shopper is None else StyleEvent.objects.filter(shopper=shopper)
    return sorted(rows.values_list("kind", flat=True))


def assert_gone(*erased):
    """Nothing in any registered table leads to them, and a tombstone says so for each."""
    assert set(left([one.pk for one in erased], []).values()) == {0}
    digests = {erasure.digest_of(one) for one in erased}
    assert digests <= set(ErasureTombstone.objects.values_list("digest", flat=True))


@pytest.mark.parametrize("place", RECORDING)
def test_erased_while_recording(at_once, people, place):
    populate(people.browser)
    at_once(place, lambda: people.does(people.browser, "view"), lambda: erasure.erase(people.browser))
    assert deeds() == []
    assert_gone(people.browser)


@pytest.mark.parametrize("place", ERASING)
def test_recording_while_erasing(at_once, people, place):
    populate(people.browser)
    _counts, outcome = at_once(
        place, lambda: erasure.erase(people.browser), lambda: people.does(people.browser, "view")
    )
    assert outcome.refused == {0: "This shopper is not known any more."}
    assert deeds() == []
    assert_gone(people.browser)


def test_erasing_among_many_who_record(people):
    merge(people.browser, people.account)
    stop = threading.Event()

    def busy(shopper):
        recorded = 0
        while not stop.is_set() and recorded < 2000:
            recorded += len(people.does(shopper, "view").accepted)
        return recorded

    acts = [Act(partial(busy, one)) for one in (people.browser, people.account, people.account)]
    for act in acts:
        act.start()
    time.sleep(0.3)
    erasure.erase(people.account)
    stop.set()
    assert min(act.result() for act in acts) > 0
    assert deeds() == []
    assert_gone(people.browser, people.account)


@pytest.mark.parametrize("who", ["browser", "account"])
@pytest.mark.parametrize("place", ERASING)
def test_login_while_erasing(at_once, people, who, place):
    people.have_done()
    erased = getattr(people, who)
    at_once(place, lambda: erasure.erase(erased), people.logs_in)
    # As if the login had come after the erasure: what the other one did is the account's.
    assert deeds() == (["like"] if who == "browser" else ["view"])
    assert deeds(account_of(people.account.user)) == deeds()
    assert_gone(erased)


@pytest.mark.parametrize("who", ["browser", "account"])
@pytest.mark.parametrize("after", [False, True], ids=["locked", "moved"])
def test_erasing_while_a_login_merges(at_once, people, who, after):
    people.have_done()
    at_once(MERGING, people.logs_in, lambda: erasure.erase(getattr(people, who)), after=after)
    # By then they are one person, and whoever asks to be erased is erased whole.
    assert deeds() == []
    assert not Shopper.objects.exists()
    assert_gone(people.browser, people.account)


@pytest.mark.parametrize("who", ["browser", "account"])
def test_a_login_between_finding_and_locking_the_person(at_once, people, who):
    people.have_done()
    erased = getattr(people, who)
    at_once(f"{PACKAGE}.locking.keys_of", lambda: erasure.erase(erased), people.logs_in, after=True)
    assert deeds() == []
    assert_gone(people.browser, people.account)


def test_one_browser_logs_in_twice_at_once(at_once, people, oil):
    both = (people.browser, people.account)
    for shopper in both:
        people.does(shopper, "like", style="oil")
    refresh_histories()
    experiment = an_experiment(oil)
    for shopper in both:
        assert note_exposures(shopper, drawn(experiment, shopper)).new
    at_once(MERGING, people.logs_in, people.logs_in)
    assert deeds() == deeds(people.account) == ["like", "like"]
    assert Exposure.objects.get().shopper == people.account
    assert ConsentRecord.objects.filter(shopper=people.account).count() == 2 * len(Purpose)
    merged = StyleTaste.objects.get().history
    # Built anew from the log, the history is the one that the merge made.
    StyleTaste.objects.all().delete()
    refresh_histories()
    assert numbers(merged) == pytest.approx(numbers(StyleTaste.objects.get().history), rel=1e-3)


def test_two_browsers_log_in_for_the_first_time_at_once(at_once, people, make_shopper):
    user = get_user_model().objects.create_user("grace")
    phone, desktop = make_shopper(*Purpose), make_shopper(*Purpose)
    people.does(phone, "view")
    people.does(desktop, "like")
    at_once(KNOWN, partial(people.logs_in, phone, user), partial(people.logs_in, desktop, user), after=True)
    account = account_of(user)
    assert deeds(account) == ["like", "view"]
    assert Shopper.objects.filter(merged_into=account).count() == 1


def test_two_people_log_in_at_once_in_one_browser(at_once, people):
    people.have_done()
    eve = get_user_model().objects.create_user("eve")
    at_once(KNOWN, people.logs_in, partial(people.logs_in, None, eve), after=True)
    assert deeds(account_of(people.account.user)) == ["like"]
    assert deeds(account_of(eve)) == ["view"]


@pytest.mark.parametrize("place", RECORDING)
def test_what_is_recorded_during_a_login_is_the_accounts(at_once, people, place):
    at_once(place, lambda: people.does(people.browser, "view"), people.logs_in)
    assert deeds(people.account) == ["view"]


@pytest.mark.parametrize("after", [False, True], ids=["locked", "moved"])
def test_what_an_old_cookie_records_while_its_owner_is_merged_goes_along(
    at_once, people, make_shopper, after
):
    newest = make_shopper(*Purpose)
    merge(people.browser, newest)
    at_once(
        MERGING,
        lambda: merge(newest, people.account),
        lambda: people.does(people.browser, "view"),
        after=after,
    )
    assert deeds(people.account) == ["view"]


def test_consent_taken_back_during_a_login_is_taken_back(at_once, people):
    at_once(MERGING, people.logs_in, people.recalls, after=True)
    assert consent.granted(Shopper.objects.get(pk=people.account.pk)) == frozenset()
    assert not ConsentRecord.objects.filter(shopper=people.browser).exists()


@pytest.mark.parametrize("place", ERASING)
def test_deciding_while_erasing_leaves_nothing(at_once, people, place):
    _counts, owner = at_once(place, lambda: erasure.erase(people.browser), people.recalls)
    assert owner is None
    assert_gone(people.browser)


def test_a_visitor_is_counted_once_who_logs_in_while_a_look_is_noted(at_once, people, oil):
    experiment = an_experiment(oil)
    note_exposures(people.account, drawn(experiment, people.account))
    seen = drawn(experiment, people.browser)
    at_once(MERGING, people.logs_in, lambda: note_exposures(people.browser, seen), after=True)
    assert Exposure.objects.get().shopper == people.account


@pytest.mark.parametrize("place", ERASING)
def test_a_look_noted_while_erasing_is_not_kept(at_once, people, oil, place):
    seen = drawn(an_experiment(oil), people.browser)
    at_once(place, lambda: erasure.erase(people.browser), lambda: note_exposures(people.browser, seen))
    assert_gone(people.browser)


@pytest.mark.parametrize("place", ERASING)
def test_histories_built_while_one_is_erased_are_those_of_the_others(at_once, people, oil, place):
    for shopper in (people.browser, people.account):
        people.does(shopper, "like", style="oil")
    at_once(place, lambda: erasure.erase(people.browser), refresh_histories)
    assert StyleTaste.objects.get().shopper == people.account
    assert_gone(people.browser)


def test_old_events_become_totals_once_though_two_runs_meet_and_somebody_is_erased(at_once, people):
    old = timezone.now() - timedelta(days=1000)
    for shopper in (people.browser, people.account):
        StyleEvent.objects.create(
            shopper=shopper,
            kind="purchase",
            quantity=2,
            value=Decimal("3.50"),
            currency="EUR",
            consent_basis="both",
            occurred_at=old,
        )
    at_once(f"{PACKAGE}.totals._Sum", retain, lambda: (retain(), erasure.erase(people.account)))
    total = StyleTotal.objects.get()
    assert (total.events, total.quantity, total.value) == (2, 4, Decimal("7.00"))
    assert deeds() == []


@pytest.mark.parametrize("after", [False, True], ids=["listed", "locked"])
def test_whoever_logs_in_while_the_absent_are_forgotten_stays(at_once, people, after):
    people.have_done()
    Shopper.objects.filter(pk=people.browser.pk).update(last_seen_at=timezone.now() - timedelta(days=1000))
    place = f"{PACKAGE}.retention." + ("forget" if after else "lock_people")
    at_once(place, retain, people.logs_in)
    assert deeds(people.account) == (["like"] if after else ["like", "view"])


def an_experiment(oil):
    """A running experiment between the photo and a painting."""
    experiment = Experiment.objects.create(
        name="Looks", state=ExperimentState.RUNNING, started_at=timezone.now()
    )
    arms = [
        Arm.objects.create(experiment=experiment, position=0, is_control=True),
        Arm.objects.create(experiment=experiment, preset=oil, position=1),
    ]
    weights = {str(arm.key): 0.5 for arm in arms}
    experiment.allocations = [{"at": timezone.now().isoformat(), "weights": weights}]
    experiment.save()
    return experiment


def drawn(experiment, shopper):
    """The style this shopper is shown, as a page's script reports it."""
    arms = list(experiment.arms.all())
    arm, _propensity = next(iter(possible_arms(experiment, arms, str(shopper.key), timezone.now())))
    return {str(experiment.key): arm.style}


def numbers(history):
    """Every number in a history, for comparing."""
    if isinstance(history, dict):
        return [number for key in sorted(history) for number in numbers(history[key])]
    if isinstance(history, list):
        return [number for one in history for number in numbers(one)]
    return [history] if isinstance(history, int | float) else []
