"""After a week of made-up shoppers, two of them open the same address and see different looks."""

from __future__ import annotations

import pytest
from django.core import signing
from django.core.management import call_command

from shop.simulation import NAMED, named_shopper
from styletransfer.personalization.decisions import read_decision
from styletransfer.personalization.taste.choosing import decide
from tests.e2e.conftest import SCREENS
from tests.shop.calendar import one_day

__all__ = ["one_day"]

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True, reset_sequences=True)]


def come_as(visitor, name):
    """Give a window the cookies of a made-up shopper."""
    shopper = named_shopper(name)
    cookies = {
        "styletransfer_shopper": signing.Signer(salt="styletransfer.shopper").sign(str(shopper.key)),
        "styletransfer_consent": "1.pm",
    }
    visitor.page.context.add_cookies(
        [{"name": key, "value": value, "url": visitor.base} for key, value in cookies.items()]
    )


@pytest.mark.usefixtures("one_day")
@pytest.mark.parametrize("visit", ["phone"], indirect=True)
def test_two_shoppers_see_their_own_looks(visit, settings):
    settings.STYLETRANSFER = {
        **settings.STYLETRANSFER,
        "TASTE_EFFECTIVE_SIZE": 200,
        "TASTE_BUDGET": 0.75,
        "TASTE_FLOOR": 0.001,
    }
    call_command("simulate_shoppers", shoppers=60, days=4, visits=1)
    drawn = {name: decide(named_shopper(name), "phone").style for name in NAMED}
    assert drawn["ada"] != drawn["ben"]
    for name, look in drawn.items():
        visitor = visit()
        visitor.page.context.set_default_timeout(30_000)
        come_as(visitor, name)
        visitor.open("/")
        page = visitor.page
        page.wait_for_selector(f'.grid picture[data-style="{look}"]')
        page.wait_for_function("document.querySelector('.grid img').naturalWidth > 0")
        state = page.evaluate("fetch('/styles/state.json').then(response => response.json())")
        decision, _ = read_decision(state["context"])
        assert (state["style"], state["reason"]) == (look, "taste")
        assert decision.policy.startswith("taste:")
        assert 0.5 < decision.propensity < 1
        visitor.check()
        page.eval_on_selector(".grid", "grid => grid.scrollIntoView({behavior: 'instant'})")
        page.wait_for_load_state("networkidle")
        visitor.shoot(f"taste-{name}")
        page.set_viewport_size(SCREENS["desktop"])
        visitor.name = "desktop"
        visitor.shoot(f"taste-{name}")
    stranger = visit()
    stranger.open("/")
    assert stranger.page.locator(".grid picture[data-style]:not([data-style=''])").count() == 0
