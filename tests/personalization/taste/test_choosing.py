"""The taste layer on a page: who is chosen for, what is noted, and what it costs."""

import numpy as np
import pytest

from styletransfer.delivery.choosing import chooser_for
from styletransfer.models import ConsentRecord, Purpose, Shopper, StylePreset, StyleTaste
from styletransfer.personalization.decisions import decision_of
from styletransfer.personalization.taste import choosing
from styletransfer.personalization.taste.choosing import decide
from styletransfer.personalization.taste.profiles import refresh_histories
from styletransfer.personalization.taste.snapshots import fit_snapshot, policy_of, promote, switch_off
from styletransfer.personalization.taste.thompson import draw
from tests.personalization.taste.conftest import NOW


@pytest.fixture
def live(looks):
    snapshot = fit_snapshot(NOW)
    promote(snapshot)
    return snapshot


def test_a_style_is_drawn_and_its_propensity_noted(live, looks, shopper, make_request):
    request = make_request(shopper)
    choice = chooser_for(request).choice
    decision = decision_of(request)
    assert choice.reason == "taste"
    assert decision.style == (choice.preset or "original")
    assert decision.candidates == (None, *(look.pk for look in looks))
    assert decision.policy == f"taste:{live.pk}"
    policy = policy_of(live.pk, live.digest)
    chosen = policy.probabilities_for(None, "")
    place = [None, *(look.pk for look in looks)].index(
        None if decision.style == "original" else StylePreset.objects.get(slug=decision.style).pk
    )
    assert decision.propensity == chosen[place]


def test_the_same_page_shows_the_same_style(live, shopper, make_request):
    first = [decision_of(_chosen(make_request(shopper))) for _ in range(5)]
    assert len(set(first)) == 1


def _chosen(request):
    assert chooser_for(request).choice.reason == "taste"
    return request


def test_logged_propensities_are_the_true_ones(live, looks):
    """Each style is shown as often as its propensity says, and the logged seed replays the draw."""
    shoppers = Shopper.objects.bulk_create(Shopper() for _ in range(150))
    decisions = [decide(shopper, "phone") for shopper in shoppers]
    keys = {None: "original", **{look.pk: look.slug for look in looks}}
    chosen = policy_of(live.pk, live.digest).probabilities_for(None, "phone")
    for decision in decisions:
        place = draw(chosen, decision.seed)
        assert keys[decision.candidates[place]] == decision.style
        assert decision.propensity == chosen[place]
    originals = np.mean([decision.style == "original" for decision in decisions])
    assert originals == pytest.approx(0.7, abs=0.12)


def test_a_new_history_is_a_new_draw(live, looks, shopper, log, make_request):
    before = decide(shopper, "phone")
    log.add(shopper, "purchase", looks[2])
    log.write()
    refresh_histories(NOW)
    after = decide(shopper, "phone")
    assert before.seed != after.seed
    assert decide(shopper, "tablet").seed != after.seed
    assert decide(shopper, "phone") == after


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    "case", ["nobody", "no consent", "gpc", "off", "disabled", "shared page", "one style"]
)
def test_it_keeps_out_where_it_should(case, make_shopper, make_request, settings):
    shopper = make_shopper("personalisation")
    headers = {}
    if case == "no consent":
        ConsentRecord.objects.create(
            shopper=shopper, purpose=Purpose.PERSONALISATION, granted=False, version="1"
        )
    elif case == "gpc":
        headers["Sec-GPC"] = "1"
    elif case == "off":
        switch_off()
    elif case == "disabled":
        settings.STYLETRANSFER = {**settings.STYLETRANSFER, "TASTE_ENABLED": False}
    elif case == "one style":
        StylePreset.objects.update(is_active=False)
    request = make_request(None if case == "nobody" else shopper, **headers)
    choice = chooser_for(request, use_cookie=case != "shared page").choice
    assert choice.reason == "original"


def test_a_pick_goes_first(live, looks, shopper, make_request):
    request = make_request(shopper)
    request.COOKIES["styletransfer_style"] = "woodcut"
    assert chooser_for(request).choice.reason == "cookie"


def test_a_withdrawn_look_is_no_candidate(live, looks, shopper):
    StylePreset.objects.filter(pk=looks[0].pk).update(is_public=False)
    assert decide(shopper, "phone").candidates == (None, looks[1].pk, looks[2].pk)


@pytest.mark.usefixtures("live")
def test_choosing_costs_one_query(looks, shopper, log, make_request, django_assert_num_queries):
    log.add(shopper, "view", looks[0])
    log.write()
    refresh_histories(NOW)
    assert StyleTaste.objects.filter(shopper=shopper).exists()
    choosing.decide(shopper, "phone")
    with django_assert_num_queries(1):
        choosing.decide(shopper, "phone")
    # On a page there is one more: who the cookie's shopper is and what they allow.
    chooser = chooser_for(make_request(shopper))
    with django_assert_num_queries(2):
        assert choosing.choose(chooser)
    with django_assert_num_queries(0):
        assert choosing.choose(chooser_for(make_request())) is None
