"""``me/style/``: an explicit pick, where it is kept, and that it counts at once and everywhere."""

from __future__ import annotations

import pytest

from styletransfer.delivery.choosing import COOKIE, chooser_for
from styletransfer.models import Purpose, Shopper, StyleEvent
from styletransfer.personalization import shoppers
from tests.api.test_events import HOME, browser
from tests.delivery.conftest import ink, oil
from tests.personalization.conftest import cookie_of, make_request, make_shopper, shopper

__all__ = ["ink", "make_request", "make_shopper", "oil", "shopper"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("oil", "ink")]

ADDRESS = "/api/me/style/"


def pick(client, style, status=200):
    answer = client.put(ADDRESS, {"style": style}, format="json", headers=HOME)
    assert answer.status_code == status, answer.content
    return answer


def known_browser(shopper):
    client = browser()
    client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    return client


def test_before_any_pick():
    answer = browser().get(ADDRESS)
    assert answer["Cache-Control"] == "private, no-store"
    body = answer.json()
    assert [one["style"] for one in body.pop("offered")] == ["original", "oil", "ink"]
    assert body == {"style": None, "kept_with": None, "shown": "original", "reason": "original"}


def test_without_consent_a_pick_lasts_for_the_visit_and_is_noted_nowhere():
    client = browser()
    answer = pick(client, "oil")
    assert (answer.json()["shown"], answer.json()["kept_with"]) == ("oil", "session")
    cookie = answer.cookies[COOKIE]
    assert (cookie.value, cookie["max-age"], cookie["expires"]) == ("oil", "", "")
    assert client.get(ADDRESS).json()["style"] == "oil"
    assert client.get("/styles/state.json").json()["style"] == "oil"
    assert Shopper.objects.count() == StyleEvent.objects.count() == 0


def test_with_consent_a_pick_is_kept_on_every_device(shopper):
    answer = pick(known_browser(shopper), "oil")
    assert (answer.json()["shown"], answer.json()["reason"]) == ("oil", "picked")
    assert answer.json()["kept_with"] == "shopper"
    assert answer.cookies[COOKIE]["max-age"] == 365 * 24 * 3600
    event = StyleEvent.objects.get()
    assert (event.kind, event.style, event.shopper) == ("pick", "oil", shopper)
    other = known_browser(shopper)
    other.cookies[COOKIE] = "ink"  # an old pick of that device
    assert other.get(ADDRESS).json()["shown"] == "oil"
    assert other.get("/styles/state.json").json() | {"offered": None} == {
        "style": "oil",
        "reason": "picked",
        "offered": None,
    }


def test_the_original_can_be_picked_and_the_choice_left_to_the_shop(shopper, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DEFAULT_PRESET": "ink"}
    client = known_browser(shopper)
    body = pick(client, "original").json()
    assert (body["style"], body["shown"], body["reason"]) == ("original", "original", "picked")
    body = pick(client, None).json()
    assert (body["style"], body["shown"], body["reason"]) == (None, "ink", "default")
    assert StyleEvent.objects.count() == 1
    other = known_browser(shopper)
    other.cookies[COOKIE] = "oil"
    assert other.get(ADDRESS).json()["shown"] == "ink"


def test_a_pick_from_before_consent_holds_until_the_next_one(shopper):
    client = known_browser(shopper)
    client.cookies[COOKIE] = "ink"
    body = client.get(ADDRESS).json()
    assert (body["style"], body["kept_with"], body["reason"]) == ("ink", "session", "cookie")


def test_after_consent_is_withdrawn_the_kept_pick_counts_no_more(shopper):
    pick(known_browser(shopper), "oil")
    shopper.consents.create(purpose=Purpose.PERSONALISATION, granted=False, version="1", source="page")
    client = known_browser(shopper)
    assert client.get(ADDRESS).json()["shown"] == "original"
    assert pick(client, "ink").json()["kept_with"] == "session"
    shopper.refresh_from_db()
    assert shopper.picked_style == "oil"  # nothing was written


def test_a_browser_that_objects_is_not_followed(shopper):
    client = known_browser(shopper)
    pick(client, "oil")
    client.cookies.pop(COOKIE)
    assert client.get(ADDRESS, headers={"Sec-GPC": "1"}).json()["shown"] == "original"


@pytest.mark.parametrize("style", ["cubism", "x" * 65, 7.5, ["oil"]])
def test_an_unknown_style_is_refused_and_changes_nothing(style):
    client = browser()
    pick(client, "oil")
    answer = pick(client, style, status=400)
    assert COOKIE not in answer.cookies
    assert client.get(ADDRESS).json()["style"] == "oil"
    if style == "cubism":
        assert "original, oil, ink" in answer.json()["style"][0]


def test_it_says_what_is_missing():
    assert browser().put(ADDRESS, {}, format="json", headers=HOME).status_code == 400


def test_other_sites_cannot_pick():
    answer = browser().put(
        ADDRESS, {"style": "oil"}, format="json", headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_the_account_picks_for_every_browser(shopper, django_user_model):
    user = django_user_model.objects.create_user("ada")
    Shopper.objects.filter(pk=shopper.pk).update(user=user)
    client = browser()
    client.force_login(user)
    assert pick(client, "ink").json()["kept_with"] == "shopper"
    assert known_browser(shopper).get(ADDRESS).json()["shown"] == "ink"


def test_the_plain_form_keeps_it_as_well(shopper, client):
    client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    client.post("/styles/pick/", {"style": "oil"})
    shopper.refresh_from_db()
    assert shopper.picked_style == "oil"


def test_pages_that_go_by_their_address_look_at_no_pick(shopper, make_request):
    pick(known_browser(shopper), "oil")
    request = make_request(shopper)
    assert chooser_for(request, use_cookie=False).preset is None
    assert chooser_for(request).preset == "oil"


def test_a_page_that_followed_a_pick_reads_one_row_for_it(shopper, make_request, django_assert_num_queries):
    pick(known_browser(shopper), "oil")
    with django_assert_num_queries(2):  # the shopper, the presets on offer
        assert chooser_for(make_request(shopper)).preset == "oil"
    with django_assert_num_queries(1):  # a visitor whom nobody knows: the experiments in force
        assert chooser_for(make_request()).preset is None
