"""What the store shows one visitor: the row that scripts exchange, the page itself, and the own style."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from shop.models import Product
from styletransfer.models import ConsentRecord, Purpose, Shopper, StyleEvent
from styletransfer.personalization import consent, shoppers
from styletransfer.personalization.recommendations.fitting import fit_recommendations
from tests.personalization.conftest import cookie_of

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

MUG = "/p/speckled-stoneware-mug/"


def make_shopper(*slugs, kind="view"):
    """Somebody who consented and did something with these products."""
    shopper = Shopper.objects.create()
    for purpose in Purpose:
        ConsentRecord.objects.create(
            shopper=shopper, purpose=purpose, granted=True, version="1", source="banner"
        )
    content_type = ContentType.objects.get_for_model(Product)
    for product in Product.objects.filter(slug__in=slugs).select_related("category"):
        StyleEvent.objects.create(
            id=uuid.uuid4(),
            kind=kind,
            shopper=shopper,
            content_type=content_type,
            object_id=str(product.pk),
            category=product.category.slug,
            consent_basis="both",
            occurred_at=timezone.now(),
        )
    return shopper


@pytest.fixture
def shopper(store):
    """One who looked at the mug, in a shop whose other shoppers like things of the kitchen together."""
    kitchen = list(Product.objects.filter(category__slug="kitchen").values_list("slug", flat=True))
    others = list(Product.objects.exclude(category__slug="kitchen").values_list("slug", flat=True)[:8])
    for number in range(4):
        make_shopper(*kitchen)
        make_shopper(*others, kind="purchase" if number % 2 else "view")
    fit_recommendations()
    return make_shopper("speckled-stoneware-mug")


def recognise(visitor, shopper):
    """Give a browser what it holds after consent."""
    cookies = {shoppers.COOKIE: cookie_of(shopper), consent.COOKIE: "1.pm"}
    visitor.page.context.add_cookies(
        [{"name": name, "value": value, "url": visitor.base} for name, value in cookies.items()]
    )


def listen(visitor, part):
    """Addresses with this part that the browser asks for from now on."""
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url) if part in request.url else None)
    return asked


def test_the_front_page_turns_to_whoever_allowed_it(visit, shopper):
    visitor = visit()
    asked = listen(visitor, "/for-you/row/")
    visitor.open("/")
    page = visitor.page
    assert page.locator("#row-title").inner_text() == "Popular right now"
    assert page.locator(".row > li").count() == 6
    assert asked == []
    visitor.check()
    visitor.shoot("row-for-everybody")

    recognise(visitor, shopper)
    visitor.open("/")
    page.get_by_role("heading", name="For you").wait_for()
    assert page.locator(".row > li").count() == 6
    assert "Because you looked at Speckled Stoneware Mug" in page.locator(".row .why").first.inner_text()
    visitor.check()
    visitor.shoot("row-for-you")

    page.get_by_role("link", name="See all for you").click()
    page.wait_for_url("**/for-you/")
    assert page.get_by_role("heading", level=1).inner_text() == "For you"
    assert page.locator(".recommended").count() == 12
    visitor.look_through()
    visitor.check()
    visitor.shoot("for-you", full_page=True)


@pytest.mark.parametrize("visit", ["phone"], indirect=True)
def test_a_pick_follows_the_shopper_to_every_page(visit, shopper):
    visitor = visit()
    recognise(visitor, shopper)
    visitor.open("/")
    page = visitor.page
    page.get_by_role("link", name="Charcoal").click()
    page.wait_for_url("**/?style=charcoal")
    page.wait_for_function(
        """() => [...document.querySelectorAll(".row picture")]
            .every(picture => picture.dataset.style === "charcoal")"""
    )
    for _ in range(100):  # Chromium reports nothing of requests that may outlive their page
        shopper.refresh_from_db()
        if shopper.picked_style:
            break
        page.wait_for_timeout(100)
    assert shopper.picked_style == "charcoal"
    page.goto(visitor.base + MUG)
    page.wait_for_url(f"**{MUG}?style=charcoal")
    page.locator("[data-look=charcoal][aria-current]").wait_for()
    page.goto(visitor.base + "/for-you/")
    assert page.locator("[data-look=charcoal][aria-current]").count() == 1
    assert page.get_by_label("Always show me the photos as").input_value() == "charcoal"
    assert visitor.problems == []


@pytest.mark.parametrize("visit", ["desktop"], indirect=True)
def test_all_of_it_without_javascript(visit, shopper):
    visitor = visit(script=False)
    recognise(visitor, shopper)
    visitor.open("/")
    page = visitor.page
    page.get_by_role("link", name="See all for you").click()
    page.wait_for_url("**/for-you/")
    page.get_by_text("Because you looked at Speckled Stoneware Mug").first.wait_for()
    page.get_by_label("Always show me the photos as").select_option("charcoal")
    page.get_by_role("button", name="Remember").click()
    assert page.locator("[data-look=charcoal][aria-current]").count() == 1
    page.get_by_role("link", name="More").click()
    assert page.locator(".recommended").count() > 0
    visitor.open(MUG)
    page.get_by_role("heading", name="Goes well with it").wait_for()
    visitor.shoot("goes-well", full_page=True)
    assert visitor.problems == []
