"""A marketer's experiment in Chromium: planned, started, read, applied, taken back, on the example store."""

import random
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.test import Client
from django.utils import timezone

from shop.models import Product
from styletransfer.experiments import life
from styletransfer.models import (
    Arm,
    ConsentRecord,
    Experiment,
    Exposure,
    Purpose,
    Shopper,
    StyleEvent,
    StylePreset,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff(visit, live_server):
    """A window in which an administrator is signed in."""
    visitor = visit()
    # The first page of the back office compiles a hundred templates.
    visitor.page.set_default_timeout(40_000)
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    visitor.page.context.add_cookies([cookie])
    visitor.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    return visitor


def crowd(experiment, rates, *, days, visitors):
    """Past visitors: sent to the arms by chance, buying at these rates; the experiment began before them."""
    chance = random.Random(4)
    now = timezone.now()
    Experiment.objects.filter(pk=experiment.pk).update(started_at=now - timedelta(days=days + 4))
    arms = list(experiment.arms.all())
    product = Product.objects.first()
    common = {
        "kind": "purchase",
        "content_type": ContentType.objects.get_for_model(Product),
        "object_id": str(product.pk),
        "currency": "EUR",
        "consent_basis": "both",
    }
    exposures, events = [], []
    shoppers = Shopper.objects.bulk_create(Shopper() for _ in range(days * visitors))
    for number, shopper in enumerate(shoppers):
        seen = now - timedelta(days=4 + days - number // visitors)
        place = chance.randrange(len(arms))
        exposures.append(
            Exposure(
                experiment=experiment,
                shopper=shopper,
                arm=arms[place],
                propensity=1 / len(arms),
                seen_at=seen,
                counted_until=seen + timedelta(hours=72),
            )
        )
        if chance.random() < rates[place]:
            when, value = seen + timedelta(hours=1), round(chance.lognormvariate(3.4, 0.6), 2)
            events.append(StyleEvent(shopper=shopper, value=value, occurred_at=when, **common))
    Exposure.objects.bulk_create(exposures)
    StyleEvent.objects.bulk_create(events)


def test_an_experiment_from_the_plan_to_the_shop_and_back(staff, visit):
    page = staff.page
    staff.open("/admin/styletransfer/experiment/add/")
    page.fill("#id_name", "Charcoal for everything?")
    page.fill("#id_hypothesis", "Drawn pictures look calmer, so more visitors buy.")
    page.select_option("#id_arms-1-preset", label="Charcoal")
    staff.shoot("experiment-draft", full_page=True)
    page.click("input[name=_continue]")
    page.wait_for_selector(".st-draft")
    page.click("text=How long will it take?")
    page.fill("#id_visitors", "300")
    page.click("text=Work it out")
    page.wait_for_selector(".st-headline")
    assert "days" in page.text_content(".st-headline h2")
    staff.shoot("experiment-plan", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert staff.problems == []
    experiment = Experiment.objects.get()
    staff.open(f"/admin/styletransfer/experiment/{experiment.pk}/change/")
    page.click("text=Start the experiment")
    page.wait_for_selector(".st-headline--open")
    assert "first visitors" in page.text_content(".st-headline h2")
    crowd(experiment, (0.05, 0.052), days=6, visitors=200)
    page.reload()
    assert "Not enough data yet: about" in page.text_content(".st-headline h2")
    staff.shoot("experiment-open", full_page=True)
    crowd(experiment, (0.05, 0.11), days=24, visitors=200)
    page.reload()
    assert "“Charcoal” does better" in page.text_content(".st-headline h2")
    assert page.locator("svg.st-plot").count() == 1
    staff.shoot("experiment-won", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.click(".st-arm--best button")
    page.wait_for_selector(".st-applied")
    shopper = visit()
    shopper.open("/")
    assert shopper.page.locator("picture[data-style=charcoal][data-style-state=ready]").count() > 0
    page.click("button[value=revert]")
    page.wait_for_selector("text=Taken back.")
    # Somebody else: a browser may show a public page that it knows for a minute longer.
    newcomer = visit()
    newcomer.open("/")
    assert newcomer.page.locator("picture[data-style=charcoal]").count() == 0
    assert staff.problems == []
    assert shopper.problems == []


@pytest.mark.parametrize("visit", ["desktop"], indirect=True)
def test_a_consenting_visitor_sees_one_look_on_a_cached_page_and_is_counted_once(visit, live_server):
    charcoal = StylePreset.objects.get(slug="charcoal")
    experiment = Experiment.objects.create(name="Charcoal")
    Arm.objects.create(experiment=experiment, is_control=True, weight=0.0001)
    Arm.objects.create(experiment=experiment, preset=charcoal, weight=1000, position=1)
    life.start(experiment)
    shopper = Shopper.objects.create()
    for purpose in Purpose:
        ConsentRecord.objects.create(
            shopper=shopper, purpose=purpose, granted=True, version="1", source="banner"
        )
    visitor = visit()
    signed = signing.Signer(salt="styletransfer.shopper").sign(str(shopper.key))
    visitor.page.context.add_cookies(
        [
            {"name": "styletransfer_shopper", "value": signed, "url": live_server.url},
            {"name": "styletransfer_consent", "value": "1.pm", "url": live_server.url},
        ]
    )
    page = visitor.page
    page.set_default_timeout(40_000)
    visitor.open("/")
    charcoals = "picture[data-style=charcoal][data-style-state=ready][data-experiment]"
    page.wait_for_selector(charcoals, state="attached")
    page.wait_for_timeout(800)
    visitor.open("/")
    page.wait_for_timeout(800)
    exposure = Exposure.objects.get()
    assert (exposure.shopper, exposure.arm.preset) == (shopper, charcoal)
    visitor.shoot("experiment-visitor")
    visitor.check()
    other = visit()
    other.open("/")
    assert other.page.locator("picture[data-experiment]").count() == 0
    assert Exposure.objects.count() == 1
