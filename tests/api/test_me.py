"""``me/consent/`` and ``me/data/``: decisions, access and erasure by the person alone."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from styletransfer.models import ConsentRecord, ErasureTombstone, Purpose, Shopper
from styletransfer.personalization import consent, shoppers
from tests.api.test_events import HOME, browser
from tests.personalization.conftest import articles, cookie_of, make_shopper, mug, oil, shopper, user

__all__ = ["articles", "make_shopper", "mug", "oil", "shopper", "user"]

pytestmark = pytest.mark.django_db

CONSENT, DATA = "/api/me/consent/", "/api/me/data/"


def granted(answer):
    return {one["purpose"]: one["granted"] for one in answer.json()["purposes"]}


def test_asking_makes_nobody():
    answer = browser().get(CONSENT)
    assert granted(answer) == {"personalisation": None, "measurement": None}
    assert answer.json()["version"] == "1"
    assert answer["Cache-Control"] == "private, no-store"
    assert Shopper.objects.count() == 0
    assert not answer.cookies


def test_consent_makes_a_shopper_with_a_cookie_and_a_ledger():
    client = browser()
    answer = client.put(CONSENT, {"personalisation": True}, format="json", headers=HOME)
    assert granted(answer) == {"personalisation": True, "measurement": None}
    shopper = Shopper.objects.get()
    cookie = answer.cookies[shoppers.COOKIE]
    assert cookie.value == cookie_of(shopper)
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert answer.cookies[consent.COOKIE].value == "1.p"
    assert not answer.cookies[consent.COOKIE]["httponly"]
    record = ConsentRecord.objects.get()
    assert (record.purpose, record.granted, record.version, record.source) == (
        "personalisation", True, "1", "api",
    )  # fmt: skip
    # Changing one's mind adds to the ledger; saying the same again does not.
    for _ in range(2):
        answer = client.put(
            CONSENT, {"personalisation": False, "measurement": True}, format="json", headers=HOME
        )
    assert granted(answer) == {"personalisation": False, "measurement": True}
    assert answer.cookies[consent.COOKIE].value == "1.m"
    assert ConsentRecord.objects.count() == 3
    assert Shopper.objects.count() == 1


def test_a_ledger_is_not_corrected(shopper):
    record = ConsentRecord.objects.first()
    record.granted = False
    with pytest.raises(TypeError, match="add another one"):
        record.save()


def test_refusing_everything_makes_nobody():
    answer = browser().put(
        CONSENT, {"personalisation": False, "measurement": False}, format="json", headers=HOME
    )
    assert answer.status_code == 200
    assert Shopper.objects.count() == 0
    assert set(answer.cookies) == {consent.COOKIE}
    assert answer.cookies[consent.COOKIE].value == "1."


def test_privacy_control_turns_grants_into_refusals(shopper):
    client = browser(shopper)
    answer = client.put(CONSENT, {"personalisation": True}, format="json", headers=HOME | {"sec-gpc": "1"})
    assert granted(answer) == {"personalisation": False, "measurement": False}
    assert answer.json()["privacy_control"] is True
    assert ConsentRecord.objects.filter(granted=False, source="gpc").count() == 2
    assert granted(client.get(CONSENT)) == {"personalisation": False, "measurement": False}
    assert granted(browser().get(CONSENT, headers={"sec-gpc": "1"}))["measurement"] is False


def test_a_new_version_asks_again(shopper, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "CONSENT_VERSION": "2"}
    assert granted(browser(shopper).get(CONSENT)) == {"personalisation": None, "measurement": None}


@pytest.mark.parametrize("body", [{}, {"marketing": True}, {"personalisation": "perhaps"}, []])
def test_strange_decisions(body):
    answer = browser().put(CONSENT, body, format="json", headers=HOME)
    assert answer.status_code == 400
    assert Shopper.objects.count() == 0


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_sites_decide_nothing(shopper, method):
    address = CONSENT if method == "put" else DATA
    answer = getattr(browser(shopper), method)(
        address, {"personalisation": False}, format="json", headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert Shopper.objects.count() == 1
    assert ConsentRecord.objects.filter(granted=False).count() == 0


def test_access_and_erasure(shopper):
    client = browser(shopper)
    answer = client.get(DATA)
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.json()["tables"]["styletransfer.shopper"]["rows"][0]["key"] == str(shopper.key)
    assert len(answer.json()["tables"]["styletransfer.consentrecord"]["rows"]) == 2
    answer = client.delete(DATA, headers=HOME)
    assert answer.status_code == 204
    assert answer.cookies[shoppers.COOKIE].value == ""
    assert answer.cookies[consent.COOKIE].value == "1."
    assert (Shopper.objects.count(), ErasureTombstone.objects.count()) == (0, 1)
    assert client.delete(DATA, headers=HOME).status_code == 204
    assert client.get(DATA).json()["tables"] == {}


@pytest.mark.parametrize("method", ["get", "delete"])
def test_an_accounts_data_need_the_account(make_shopper, user, method):
    """Its cookie on a shared computer, after the session has ended, shows nothing."""
    account = make_shopper(*Purpose, user=user)
    client = browser(account)
    answer = getattr(client, method)(DATA, headers=HOME)
    assert answer.status_code == 403
    assert "Sign in" in answer.json()["detail"]
    assert Shopper.objects.filter(pk=account.pk).exists()
    client.force_login(user)
    assert getattr(client, method)(DATA, headers=HOME).status_code in (200, 204)
    stranger = browser(account)
    stranger.force_login(get_user_model().objects.create_user("eve"))
    assert stranger.get(DATA).json()["tables"] == {}
