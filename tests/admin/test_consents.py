"""The consent ledger in the admin: read by those who may, changed by nobody."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from styletransfer.models import ConsentRecord, Purpose
from tests.personalization.conftest import make_shopper

__all__ = ["make_shopper"]

pytestmark = pytest.mark.django_db

LEDGER = "/admin/styletransfer/consentrecord/"
VIEW = "styletransfer.view_consentrecord"
ALL = [f"styletransfer.{verb}_consentrecord" for verb in ("add", "change", "delete", "view")]


@pytest.fixture
def ada(make_shopper):
    """A shopper with an account who allowed both and then took one back on the page."""
    owner = get_user_model().objects.create_user("ada-lovelace", "ada@example.org")
    shopper = make_shopper(*Purpose, user=owner)
    ConsentRecord.objects.create(
        shopper=shopper, purpose=Purpose.MEASUREMENT, granted=False, version="2", source="page"
    )
    return shopper


def shown(answer):
    """The ledger's rows on a page: purpose, answer, source."""
    return [(row.purpose, row.granted, row.source) for row in answer.context["cl"].result_list]


def test_staff_read_who_decided_what_when_and_where_by_the_key_alone(client_with, ada):
    answer = client_with(VIEW).get(LEDGER)
    assert shown(answer) == [
        ("measurement", False, "page"),
        ("measurement", True, "banner"),
        ("personalisation", True, "banner"),
    ]
    assert answer.text.count(str(ada.key)) == 3
    assert "ada" not in answer.text.replace(str(ada.key), "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("purpose__exact=personalisation", [("personalisation", True, "banner")]),
        ("granted__exact=0", [("measurement", False, "page")]),
        ("source__exact=gpc", []),
    ],
)
def test_filters(client_with, ada, query, expected):
    assert shown(client_with(VIEW).get(f"{LEDGER}?{query}")) == expected


def test_a_page_costs_as_many_queries_for_one_row_as_for_many(
    client_with, ada, make_shopper, django_assert_num_queries
):
    client = client_with(VIEW)
    with django_assert_num_queries(6):  # session, user, two for rights, the count, the rows
        client.get(f"{LEDGER}?granted__exact=0")
    for _ in range(5):
        make_shopper(*Purpose)
    with django_assert_num_queries(6):
        client.get(LEDGER)


def test_nobody_adds_changes_or_deletes(client_with, ada):
    client, row = client_with(*ALL), ConsentRecord.objects.first()
    before = list(ConsentRecord.objects.values())
    for address in ("add/", f"{row.pk}/delete/"):
        assert client.get(f"{LEDGER}{address}").status_code == 403
        assert client.post(f"{LEDGER}{address}", {"post": "yes"}).status_code == 403
    assert client.post(f"{LEDGER}{row.pk}/change/", {"granted": ""}).status_code == 403
    client.post(LEDGER, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert list(ConsentRecord.objects.values()) == before
    assert client.get(f"{LEDGER}{row.pk}/change/").status_code == 200


def test_others_see_nothing_of_it(client_with, ada):
    client = client_with("styletransfer.view_stylepreset", "styletransfer.delete_consentrecord")
    assert client.get(LEDGER).status_code == 403
    assert "consent record" not in client.get("/admin/").text.lower()


def test_an_account_can_still_be_deleted_with_its_ledger(admin_client, ada):
    answer = admin_client.post(f"/admin/auth/user/{ada.user_id}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not ConsentRecord.objects.exists()
