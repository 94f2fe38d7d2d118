"""Drawing arms, and choosing by photo for visitors who allow it."""

from uuid import uuid4

import pytest
from django.test import Client
from scipy import stats

from styletransfer.delivery import chooser_for, picture_for, with_styled
from styletransfer.experiments import exposures, life, standing
from styletransfer.experiments.assignment import draw, drawn_arm, takes_part
from styletransfer.models import Exposure, Purpose
from styletransfer.personalization import shoppers
from styletransfer.personalization.taste import choosing as taste
from styletransfer.testing import assert_styled_queries, count_calls
from tests.experiments.conftest import cookie_of
from tests.testapp.models import Article, Photo

UNITS = [str(number) for number in range(20_000)]


def test_the_hash_is_keyed_and_known():
    # HMAC-SHA256 with the key "salt" of "arm:unit", its first 16 hexadecimal digits, by openssl.
    assert draw("salt", "arm", "unit") == int("e7157ca21249a55a", 16) / 2**64


def test_visitors_are_shared_out_by_weight_evenly_and_for_good():
    places = [drawn_arm("a", unit, [1, 2, 0, 1]) for unit in UNITS]
    counts = [places.count(place) for place in range(4)]
    assert counts[2] == 0
    assert stats.chisquare([counts[0], counts[1], counts[3]], [5000, 10_000, 5000]).pvalue > 0.001
    assert places == [drawn_arm("a", unit, [10, 20, 0, 10]) for unit in UNITS]


def test_two_experiments_divide_visitors_independently():
    table = [[0, 0], [0, 0]]
    for unit in UNITS:
        table[drawn_arm("a", unit, [1, 1])][drawn_arm("b", unit, [1, 1])] += 1
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_a_larger_share_of_traffic_keeps_everybody_and_moves_nobody():
    small, large = ({unit for unit in UNITS if takes_part("a", unit, share)} for share in (0.2, 0.5))
    assert small < large
    assert len(small) == pytest.approx(4000, abs=200)
    # Whether somebody takes part says nothing about the arm.
    first = sum(drawn_arm("a", unit, [1, 1]) == 0 for unit in small)
    assert first == pytest.approx(len(small) / 2, abs=150)


def test_without_any_weight_nothing_can_be_drawn():
    with pytest.raises(ValueError, match="weight"):
        drawn_arm("a", "unit", [0, 0])


def shopper_in(experiment, place, make_shopper, **values):
    """A consenting shopper whom chance sends to the arm at this place."""
    arms = list(experiment.arms.all())
    while True:
        key = uuid4()
        if drawn_arm(experiment.salt, str(key), [arm.weight for arm in arms]) == place:
            return make_shopper(key=key, **values)


def test_a_visitor_sees_the_drawn_look_and_nothing_is_written(experiment, photos, make_shopper, make_request):
    shopper = shopper_in(experiment, 1, make_shopper)
    request = make_request(shopper)
    with count_calls() as calls:
        page = list(with_styled(Photo.objects.order_by("pk"), chooser_for(request)))
        pictures = [picture_for(photo, chooser_for(request)) for photo in page]
    assert [picture.preset for picture in pictures] == ["oil", "oil"]
    assert pictures[0].experiment == str(experiment.key)
    assert chooser_for(request).choice.reason == "experiment"
    # Who is looking, what is in force, the photos, their variants.
    assert len(calls.sql) == 4
    assert not [sql for sql in calls.sql if not sql.startswith("SELECT")]
    other = make_request(shopper_in(experiment, 0, make_shopper))
    assert picture_for(photos[0], chooser_for(other)).preset is None
    assert picture_for(photos[0], chooser_for(other)).experiment == str(experiment.key)


@pytest.mark.parametrize("why", ["no consent", "personalisation only", "privacy control", "draft", "api"])
def test_who_does_not_take_part_sees_the_shop_as_it_is(why, make_experiment, oil, make_shopper, make_request):
    experiment = make_experiment(oil, running=why != "draft")
    shopper = shopper_in(experiment, 1, make_shopper)
    request = make_request(shopper)
    if why == "no consent":
        request = make_request()
    elif why == "personalisation only":
        shopper.consents.filter(purpose=Purpose.MEASUREMENT).delete()
    elif why == "privacy control":
        request = make_request(shopper, **{"Sec-GPC": "1"})
    chooser = chooser_for(request, use_cookie=why != "api")
    assert chooser.preset is None
    assert chooser.choice.reason == "original"


def test_an_anonymous_page_costs_one_query_to_choose(experiment, photos, make_request):
    with assert_styled_queries(1):
        assert chooser_for(make_request()).preset is None


def test_an_explicit_pick_outranks_the_experiment(experiment, make_shopper, make_request, ink):
    shopper = shopper_in(experiment, 1, make_shopper)
    assert chooser_for(make_request(shopper, "/?style=ink")).preset == "ink"


def test_an_experiment_on_one_category_leaves_the_rest_alone(
    make_experiment, photos, oil, make_shopper, make_request
):
    experiment = make_experiment(oil, categories=["Mugs"])
    request = make_request(shopper_in(experiment, 1, make_shopper))
    with count_calls() as calls:
        page = with_styled(Article.objects.order_by("pk"), chooser_for(request), through="cover")
        shown = [picture_for(article.cover, chooser_for(request)).preset for article in page]
    assert shown == ["oil", None]
    assert chooser_for(request).choice.reason == "original"
    assert len(calls.sql) <= 4


def test_an_experiment_on_named_products(make_experiment, photos, oil, make_shopper, make_request):
    experiment = make_experiment(oil, products=[f"testapp.article:{photos[1].article_id}"])
    request = make_request(shopper_in(experiment, 1, make_shopper))
    assert [picture_for(photo, chooser_for(request)).preset for photo in photos] == [None, "oil"]


def test_a_seen_look_stays_though_the_weights_change(experiment, make_shopper, oil):
    shopper = shopper_in(experiment, 1, make_shopper)
    exposures.note_exposures(shopper, {str(experiment.key): "oil"})
    first, second = experiment.arms.all()
    experiment.allocations.append(
        {"at": "2026-01-01T00:00:00+00:00", "weights": {str(first.key): 1.0, str(second.key): 0.0}}
    )
    experiment.share = 0.0001
    experiment.save()
    [found] = standing.in_force(shopper)
    assert (found.arm, found.is_seen) == (second, True)
    newcomer = shopper_in(experiment, 1, make_shopper)
    assert standing.in_force(newcomer) == []


def test_an_exposure_is_noted_once_and_only_for_ones_own_look(experiment, make_shopper):
    shopper = shopper_in(experiment, 1, make_shopper)
    key = str(experiment.key)
    assert exposures.note_exposures(shopper, {key: "original"}).ignored
    assert exposures.note_exposures(shopper, {key: "oil"}).new == [key]
    assert exposures.note_exposures(shopper, {key: "oil"}).known == [key]
    row = Exposure.objects.get()
    assert (row.arm.style, row.propensity) == ("oil", 0.5)
    assert (row.counted_until - row.seen_at).total_seconds() == 72 * 3600
    life.stop(experiment)
    stranger = shopper_in(experiment, 1, make_shopper)
    assert exposures.note_exposures(stranger, {key: "oil", str(uuid4()): "oil"}).new == []


@pytest.mark.parametrize(("places", "conflict"), [((1, 1), False), ((1, 0), True)])
def test_login_keeps_the_first_look_and_marks_conflicts(experiment, make_shopper, places, conflict):
    styles = ["original", "oil"]
    old, kept = (shopper_in(experiment, place, make_shopper) for place in places)
    for shopper, place in zip((old, kept), places, strict=True):
        exposures.note_exposures(shopper, {str(experiment.key): styles[place]})
    shoppers.merge(old, kept)
    row = Exposure.objects.get()
    assert (row.shopper_id, row.arm.style) == (kept.pk, "oil")
    assert (row.conflicted_at is not None) == conflict
    assert standing.in_force(kept)[0].arm.style == "oil"


def test_what_only_the_browser_has_seen_moves_to_the_account(experiment, make_shopper):
    old, kept = shopper_in(experiment, 1, make_shopper), shopper_in(experiment, 0, make_shopper)
    exposures.note_exposures(old, {str(experiment.key): "oil"})
    shoppers.merge(old, kept)
    assert standing.in_force(kept)[0].arm.style == "oil"
    assert Exposure.objects.get().conflicted_at is None


def test_the_page_asks_what_to_show_and_says_what_was_seen(experiment, photos, make_shopper, settings):
    shopper = shopper_in(experiment, 1, make_shopper)
    client = Client()
    client.cookies["styletransfer_shopper"] = cookie_of(shopper)
    address = "/styles/experiments.json"
    named = [f"testapp.photo:{photo.pk}" for photo in photos]
    answer = client.get(address, {"photo": [*named, "testapp.photo:999", "nonsense"]})
    assert "no-store" in answer.headers["Cache-Control"]
    found = answer.json()["photos"]
    assert set(found) == set(named)
    assert found[named[0]]["style"] == "oil"
    assert found[named[0]]["experiment"] == str(experiment.key)
    assert f'data-experiment="{experiment.key}"' in found[named[0]]["html"]
    assert not Exposure.objects.exists()
    seen = {"seen": {str(experiment.key): "oil"}}
    answer = client.post(f"{address}", seen, content_type="application/json")
    assert (answer.status_code, Exposure.objects.count()) == (200, 1)


def test_without_consent_the_answer_is_empty_and_nothing_is_noted(experiment, photos):
    client = Client()
    address = "/styles/experiments.json"
    assert client.get(address, {"photo": f"testapp.photo:{photos[0].pk}"}).json() == {"photos": {}}
    seen = {"seen": {str(experiment.key): "oil"}}
    assert client.post(address, seen, content_type="application/json").status_code == 403
    assert not Exposure.objects.exists()


@pytest.mark.parametrize("body", ["{", "[]", '{"seen": 3}', '{"seen": {"a": 3}}', '{"seen": {"a": "oil"}}'])
def test_a_bad_report_is_refused_in_words(experiment, make_shopper, body):
    client = Client()
    client.cookies["styletransfer_shopper"] = cookie_of(make_shopper())
    answer = client.post("/styles/experiments.json", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_another_site_cannot_report(experiment, make_shopper):
    client = Client()
    client.cookies["styletransfer_shopper"] = cookie_of(make_shopper())
    seen = {"seen": {str(experiment.key): "oil"}}
    for options in (
        {"content_type": "application/json", "headers": {"Origin": "https://elsewhere.example"}},
        {"content_type": "text/plain"},
    ):
        answer = client.post("/styles/experiments.json", seen if "headers" in options else "{}", **options)
        assert answer.status_code in (403, 415)
    assert not Exposure.objects.exists()


def test_who_takes_part_in_an_experiment_on_everything_costs_no_question_about_taste(
    experiment, make_shopper, make_request, monkeypatch
):
    asked = []
    monkeypatch.setattr(taste, "decide", lambda *given: asked.append(given))
    monkeypatch.setattr(taste, "LIVE_TASTE", "unknown")  # as if a policy were live
    assert chooser_for(make_request(shopper_in(experiment, 1, make_shopper))).preset == "oil"
    assert asked == []
