"""The banner, the marks and the forms: the same for everybody in public, private where they are personal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client

from styletransfer.delivery.choosing import Choice, chooser_for
from styletransfer.models import ConsentRecord, Purpose, Shopper
from styletransfer.personalization import consent, shoppers
from styletransfer.personalization.decisions import Decision, read_decision
from styletransfer.personalization.middleware import ShopperMiddleware
from tests.personalization.conftest import cookie_of

pytestmark = pytest.mark.django_db

HOME = {"origin": "http://testserver", "referer": "http://testserver/p/mug/?style=oil"}
LOAD = "{% load styletransfer_shoppers %}"


def render(text, **context):
    return Template(LOAD + text).render(Context(context))


def browser(shopper=None):
    client = Client(enforce_csrf_checks=True)
    if shopper is not None:
        client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    return client


def decide(client, decision, headers=HOME, **ticked):
    return client.post("/styles/privacy/consent/", {"decision": decision, **ticked}, headers=headers)


def test_the_script_is_small():
    script = Path(finders.find("styletransfer/shopper.js")).read_bytes()
    assert len(script) < 3000


def test_tags_write_nothing_personal_and_no_inline_code(rf, shopper, mug, django_assert_num_queries):
    def page(request):
        return render(
            "{% shopper_script %}<ul {% watched_context 'list' 'oil' %}><li {% watched_item mug %}></ul>"
            "<p {% watched_view mug %}></p>{% consent_banner '/your-data/' %}",
            request=request,
            mug=mug,
        )

    stranger, known = rf.get("/"), rf.get("/")
    known.COOKIES[shoppers.COOKIE] = cookie_of(shopper)
    with django_assert_num_queries(0):
        assert page(stranger) == page(known)
    html = page(known)
    assert f'data-st-item="testapp.article:{mug.pk}"' in html
    token = re.search(r'data-st-context="([^"]+)"', html)[1]
    assert read_decision(token) == (Decision("oil", policy="page"), "list")
    assert 'data-endpoint="/api/events/" data-version="1"' in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|csrf", html)
    assert "checked" not in html


def test_the_context_takes_what_pictures_take(rf, oil):
    request = rf.get("/?style=oil")
    expected = {
        "oil": Decision("oil", policy="page"),
        oil: Decision("oil", policy="page"),
        "original": Decision("original", policy="page"),
        Choice("oil", "cookie"): Decision("oil", policy="cookie"),
        chooser_for(request, use_cookie=False): Decision("oil", policy="url"),
        chooser_for(rf.get("/"), use_cookie=False): Decision("original", policy="original"),
        None: Decision("oil", policy="url"),
    }
    for preset, decision in expected.items():
        html = render("{% watched_context 'list' preset %}", request=request, preset=preset)
        assert read_decision(re.search(r'"(.+)"', html)[1]) == (decision, "list")


def test_no_script_without_the_api(settings):
    settings.ROOT_URLCONF = "styletransfer.urls"
    assert render("{% shopper_script %}") == ""


@pytest.mark.parametrize(
    ("decision", "ticked", "cookie", "records"),
    [
        ("accept", {}, "1.pm", {"personalisation": True, "measurement": True}),
        ("save", {"measurement": "1"}, "1.m", {"personalisation": False, "measurement": True}),
        ("decline", {}, "1.", {}),
        ("save", {}, "1.", {}),
        ("decline", {"measurement": "1"}, "1.", {}),
    ],
)
def test_a_decision_without_javascript(decision, ticked, cookie, records):
    answer = decide(browser(), decision, source="banner", **ticked)
    assert (answer.status_code, answer["Location"]) == (302, "/p/mug/?style=oil")
    assert answer.cookies[consent.COOKIE].value == cookie
    assert dict(ConsentRecord.objects.values_list("purpose", "granted")) == records
    assert (shoppers.COOKIE in answer.cookies) == bool(records)
    assert set(ConsentRecord.objects.values_list("source", flat=True)) <= {"banner"}
    assert "no-store" in answer["Cache-Control"]


def test_scripts_get_json():
    answer = decide(browser(), "accept", HOME | {"accept": "application/json"})
    assert answer.json() == {"allowed": ["measurement", "personalisation"]}


@pytest.mark.parametrize("referer", ["https://evil.example/", "javascript:alert(1)", "//evil.example", ""])
def test_the_way_back_stays_on_this_site(referer):
    assert decide(browser(), "decline", HOME | {"referer": referer})["Location"] == "/"


def test_a_withdrawal_from_the_page(shopper):
    answer = decide(browser(shopper), "decline", source="page")
    assert answer.cookies[consent.COOKIE].value == "1."
    assert ConsentRecord.objects.filter(granted=False, source="page").count() == 2
    assert Shopper.objects.with_consent().get().granted_measurement is False


def test_an_unknown_decision():
    assert decide(browser(), "perhaps").status_code == 400
    assert Shopper.objects.count() == 0


@pytest.mark.parametrize("name", ["consent", "erase"])
def test_other_sites_send_no_forms(shopper, name):
    answer = browser(shopper).post(
        f"/styles/privacy/{name}/",
        {"decision": "decline", "sure": "1"},
        headers={"origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert Shopper.objects.count() == 1
    assert not ConsentRecord.objects.filter(granted=False).exists()


def test_erase_asks_to_be_sure(shopper):
    client = browser(shopper)
    assert client.post("/styles/privacy/erase/", headers=HOME).status_code == 400
    assert Shopper.objects.count() == 1
    answer = client.post("/styles/privacy/erase/", {"sure": "1"}, headers=HOME)
    assert answer.status_code == 302
    assert answer.cookies[shoppers.COOKIE].value == ""
    assert Shopper.objects.count() == 0


def test_download(shopper, make_shopper, user):
    answer = browser(shopper).get("/styles/privacy/my-data.json")
    assert str(shopper.key) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    account = make_shopper(*Purpose, user=user)
    assert browser(account).get("/styles/privacy/my-data.json").status_code == 403
    assert decide(browser(account), "accept").status_code == 403


def test_the_page_shows_what_is_kept(make_request, shopper, make_shopper, user):
    html = render("{% my_data %}", request=make_request(shopper))
    assert "Your decisions" in html
    assert "2 entries" in html
    assert "1 entry" in html
    assert "396 days after your last visit" in html
    assert html.count(" checked") == 2
    assert "Erase my data" in html
    stranger = render("{% my_data %}", request=make_request())
    assert "does not know this browser" in stranger
    assert "Erase my data" not in stranger
    locked = render("{% my_data %}", request=make_request(make_shopper(*Purpose, user=user)))
    assert "Sign in first" in locked
    assert "Your decisions" not in locked
    objecting = render("{% my_data %}", request=make_request(shopper, **{"sec-gpc": "1"}))
    assert "Global Privacy Control" in objecting


def answered(request, view):
    return ShopperMiddleware(view)(request)


def test_a_page_that_asks_nobody_stays_public(make_request, shopper):
    def view(request):
        return HttpResponse(headers={"Cache-Control": "public, s-maxage=60"})

    answer = answered(make_request(shopper), view)
    assert answer["Cache-Control"] == "public, s-maxage=60"
    assert not answer.has_header("Vary")
    assert not answer.cookies


def test_a_page_that_asks_is_private_but_does_not_vary(make_request, shopper):
    def view(request):
        shoppers.shopper_of(request)
        consent.allows(request, Purpose.PERSONALISATION)
        return HttpResponse(headers={"Cache-Control": "public"})

    request = make_request(shopper)
    answer = answered(request, view)
    assert "private" in answer["Cache-Control"]
    assert "public" not in answer["Cache-Control"]
    assert not answer.has_header("Vary")
    assert not request.session.accessed
    # Nobody is known, so the page is what everybody gets.
    assert answered(make_request(), view)["Cache-Control"] == "public"


def test_cookies_are_secure_over_https():
    client = Client()
    answer = client.post(
        "/styles/privacy/consent/",
        {"decision": "accept"},
        secure=True,
        headers={"origin": "https://testserver"},
    )
    assert answer.cookies[shoppers.COOKIE]["secure"]
    assert answer.cookies[consent.COOKIE]["secure"]
    assert answer.cookies[shoppers.COOKIE]["max-age"] == 396 * 24 * 3600
