"""Consent, what is recorded under it, and "your data", as shoppers meet them."""

from __future__ import annotations

import json
import time

import pytest

from styletransfer.models import ConsentRecord, EventKind, Purpose, Shopper, StyleEvent
from styletransfer.personalization import privacy

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

MUG = "/p/speckled-stoneware-mug/"


def wait_for(condition, seconds=15):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "nothing arrived in time"
        time.sleep(0.1)
    return found


# A picture counts as seen after a second in view; the page's own clock tells, however busy the machine is.
A_SECOND_IN_VIEW = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 1100)));
})"""


def kinds():
    return set(StyleEvent.objects.values_list("kind", flat=True))


LOOK = """one => {
  const { color, backgroundColor, fontWeight, borderColor } = getComputedStyle(one);
  return [color, backgroundColor, fontWeight, borderColor];
}"""


def banner_of(page):
    return page.get_by_role("region", name="Pictures in your style?")


def check_the_banner(visitor):
    """Both answers weigh the same, no purpose is ticked, and nothing happens until one is given."""
    page, banner = visitor.page, banner_of(visitor.page)
    answers = [banner.get_by_role("button", name=name) for name in ("Allow", "Decline")]
    allow, decline = (one.bounding_box() for one in answers)
    assert allow["width"] == pytest.approx(decline["width"], abs=0.5)
    assert allow["height"] == decline["height"] >= 44
    assert answers[0].evaluate(LOOK) == answers[1].evaluate(LOOK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[data-st-consent]') !== null")
    visitor.shoot("consent-banner")
    page.get_by_text("Decide on each purpose").click()
    assert banner.get_by_role("checkbox", checked=True).count() == 0
    visitor.shoot("consent-purposes")
    page.evaluate(A_SECOND_IN_VIEW)
    assert (StyleEvent.objects.count(), Shopper.objects.count()) == (0, 0)
    assert page.context.cookies() == []
    answers[0].click()
    banner.wait_for(state="detached")


def test_what_is_recorded_after_consent(visit):
    visitor = visit(decided=False)
    visitor.open("/?style=charcoal")
    page = visitor.page
    check_the_banner(visitor)
    page.locator(".grid .card").first.scroll_into_view_if_needed()
    page.evaluate(A_SECOND_IN_VIEW)
    page.locator(".grid .card a").first.click()
    page.wait_for_url(f"**{MUG}?style=charcoal")
    wait_for(lambda: kinds() >= {EventKind.IMPRESSION, EventKind.CLICK})
    click = StyleEvent.objects.get(kind=EventKind.CLICK)
    seen = StyleEvent.objects.get(pk=click.impression_id)
    assert (seen.style, seen.candidates, seen.propensity) == ("charcoal", [seen.preset_id], 1.0)
    assert (seen.surface, seen.policy, seen.preset.slug) == ("list", "url", "charcoal")
    page.evaluate(A_SECOND_IN_VIEW)
    page.get_by_role("button", name="Add to cart").click()
    wait_for(lambda: EventKind.ADD_TO_CART in kinds())
    page.get_by_role("link", name="Watercolour").click()
    page.wait_for_url(f"**{MUG}?style=watercolour")
    page.locator("#photo-1").scroll_into_view_if_needed()  # on a phone, the looks lie below the photo
    page.evaluate(A_SECOND_IN_VIEW)
    page.goto("about:blank")  # what is left goes with the page, as a beacon
    shown = StyleEvent.objects.filter(kind=EventKind.IMPRESSION, surface="product")
    wait_for(lambda: set(shown.values_list("style", flat=True)) == {"charcoal", "watercolour"})
    assert EventKind.VIEW in kinds()
    assert Shopper.objects.count() == 1
    assert visitor.problems == []


def test_your_data(visit):
    visitor = visit(decided=False)
    visitor.open("/")
    page = visitor.page
    banner_of(page).get_by_role("button", name="Allow").click()
    banner_of(page).wait_for(state="detached")
    page.evaluate(A_SECOND_IN_VIEW)
    visitor.open("/your-data/")
    wait_for(StyleEvent.objects.exists)
    visitor.open("/your-data/")
    visitor.check()
    visitor.shoot("your-data", full_page=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all of it").click()
    exported = json.loads(download.value.path().read_text())
    assert len(exported["tables"]["styletransfer.styleevent"]["rows"]) == StyleEvent.objects.count()

    page.get_by_role("button", name="Withdraw everything").click()
    wait_for(lambda: ConsentRecord.objects.filter(granted=False, source="page").count() == len(Purpose))
    before = StyleEvent.objects.count()
    visitor.open("/")
    page.evaluate(A_SECOND_IN_VIEW)
    page.goto("about:blank")
    assert StyleEvent.objects.count() == before

    visitor.open("/your-data/")
    page.get_by_label("Yes, erase everything about me.").check()
    page.get_by_role("button", name="Erase my data").click()
    page.get_by_text("Nothing. The shop does not know this browser.").wait_for()
    visitor.shoot("your-data-erased", full_page=True)
    for personal in privacy.registered():
        if personal.erasure is privacy.Erasure.DELETE:
            assert personal.model._default_manager.count() == 0, personal.label
    assert [one["name"] for one in page.context.cookies() if "shopper" in one["name"]] == []
    assert visitor.problems == []


def test_without_javascript(visit):
    visitor = visit(script=False, decided=False)
    visitor.open(MUG)
    page = visitor.page
    banner = banner_of(page)
    banner.scroll_into_view_if_needed()
    assert banner.evaluate("one => getComputedStyle(one).position") == "static"
    visitor.shoot("consent-without-javascript")
    page.get_by_text("Decide on each purpose").click()
    page.get_by_label("Measuring what works").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save my choice").click()
    answers = dict(ConsentRecord.objects.values_list("purpose", "granted"))
    assert answers.get("measurement") is True
    assert not answers.get("personalisation")
    with page.expect_navigation():
        page.get_by_role("button", name="Decline").click()
    assert ConsentRecord.objects.last().granted is False
    assert visitor.problems == []


def test_a_browser_that_objects_is_not_asked(visit):
    visitor = visit(decided=False, extra_http_headers={"Sec-GPC": "1"})
    visitor.page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    visitor.open("/")
    assert banner_of(visitor.page).is_hidden()
    visitor.open("/your-data/")
    assert visitor.page.get_by_text("Global Privacy Control").is_visible()
    visitor.check()
