"""From start to applied and back: what is counted, what is decided, and what stands in the way."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from styletransfer.delivery import chooser_for, picture_for
from styletransfer.experiments import life
from styletransfer.experiments.coverage import coverage_of
from styletransfer.experiments.life import ExperimentProblem
from styletransfer.experiments.results import results_of
from styletransfer.experiments.statistics.analysis import Verdict
from styletransfer.experiments.traffic import measured_traffic
from styletransfer.models import Arm, Experiment, Exposure, Shopper, StyledVariant, StyleEvent
from tests.experiments.conftest import people


def populate(experiment, numbers, *, days=10, **values):
    """``numbers`` of (visitors, buyers) a day by arm, over so many past days."""
    Experiment.objects.filter(pk=experiment.pk).update(started_at=timezone.now() - timedelta(days=days + 4))
    experiment.refresh_from_db()
    for day in range(days):
        for arm, (visitors, buyers) in zip(experiment.arms.all(), numbers, strict=True):
            people(experiment, arm, visitors, buyers=buyers, days_ago=4 + day, **values)


def test_sums_are_counted_by_day_and_arm_once_the_time_is_over(experiment):
    control, oil = experiment.arms.all()
    people(experiment, control, 6, buyers=2, days_ago=8, value="10.00", before="4.00")
    people(experiment, oil, 5, buyers=3, days_ago=5, value="30.00")
    people(experiment, oil, 4, buyers=4, days_ago=1)
    late = people(experiment, control, 1, days_ago=8)[0]
    StyleEvent.objects.filter(shopper__in=people(experiment, control, 1, buyers=1, days_ago=8)).update(
        occurred_at=timezone.now() - timedelta(days=4)
    )
    Exposure.objects.filter(shopper=late).update(conflicted_at=timezone.now())
    found = results_of(experiment)
    assert found.counted.visitors == [7, 9]
    assert found.counted.expected == pytest.approx([8, 8])
    assert found.counted.conflicts == [1, 0]
    assert found.counted.waiting == 4
    # A purchase after the window does not count; one of a shopper in conflict neither.
    assert [(one.count, one.total) for one in found.goal.samples] == [(7, 2), (5, 3)]
    money = found.money.samples
    assert (money[0].total, money[0].squares, money[0].before, money[0].products) == (20, 200, 8, 80)
    assert (money[1].total, money[1].squares, money[1].before) == (90, 2700, 0)


def test_only_the_experiments_products_count_unless_all_are_asked_for(make_experiment, oil):
    lamps = make_experiment(oil, categories=["Lamps"])
    people(lamps, lamps.arms.first(), 4, buyers=3)
    assert results_of(lamps).goal.samples[0].total == 0
    lamps.counts_everything = True
    assert results_of(lamps).goal.samples[0].total == 3


def test_events_without_consent_to_measuring_do_not_count(experiment):
    people(experiment, experiment.arms.first(), 4, buyers=3)
    StyleEvent.objects.update(consent_basis="personalisation")
    assert results_of(experiment).goal.samples[0].total == 0


def test_results_are_hidden_while_the_arms_have_the_wrong_numbers(experiment):
    populate(experiment, [(120, 6), (60, 9)])
    found = results_of(experiment)
    assert found.ratio.is_broken
    assert (found.goal, found.money, found.verdict, found.best) == (None, None, Verdict.OPEN, None)
    assert life.tend(experiment) == ""
    assert Experiment.objects.get().state == "running"


def test_a_decided_experiment_stops_itself_and_keeps_its_results_without_anybody_in_them(experiment):
    populate(experiment, [(60, 3), (60, 21)])
    assert "answer" in life.tend(experiment)
    experiment.refresh_from_db()
    assert (experiment.state, experiment.stop_reason) == ("stopped", "decided")
    before = results_of(experiment)
    assert (before.verdict, before.best.style) == (Verdict.WINNER, "oil")
    Shopper.objects.all().delete()
    after = results_of(experiment)
    assert after.goal == before.goal
    assert after.counted == before.counted


def test_an_open_experiment_goes_on_until_its_longest_duration(experiment):
    populate(experiment, [(60, 3), (60, 4)])
    assert life.tend(experiment) == ""
    Experiment.objects.update(longest_days=5)
    experiment.refresh_from_db()
    assert life.tend(experiment)
    experiment.refresh_from_db()
    assert experiment.stop_reason == "deadline"


def test_days_left_follow_from_the_traffic_so_far(experiment):
    populate(experiment, [(60, 3), (60, 3)])
    found = results_of(experiment)
    assert found.visitors_a_day == pytest.approx(1200 / 14, rel=0.01)
    assert found.days_left == pytest.approx((found.needed - 1200) / found.visitors_a_day)


def test_weights_follow_the_evidence_once_a_day(make_experiment, oil, ink):
    experiment = make_experiment(oil, ink, allocation="top_two", stops_itself=False)
    populate(experiment, [(60, 3), (60, 18), (60, 3)])
    assert life.tend(experiment) == ""  # its first weights are not a day old
    experiment.refresh_from_db()
    experiment.allocations[0]["at"] = (timezone.now() - timedelta(days=20)).isoformat()
    experiment.save()
    assert life.tend(experiment)
    assert life.tend(experiment) == ""
    experiment.refresh_from_db()
    weights = [experiment.allocations[-1]["weights"][str(arm.key)] for arm in experiment.arms.all()]
    assert weights[1] == max(weights)
    assert min(weights) >= 0.05
    assert sum(weights) == pytest.approx(1)
    assert not results_of(experiment).ratio.is_broken


def test_applied_the_winner_is_everybodys_default_and_reverted_it_is_gone(experiment, photos, make_request):
    arm = experiment.arms.last()
    applied = life.apply_winner(experiment, arm)
    assert applied.state == "applied"
    chooser = chooser_for(make_request())
    assert (chooser.choice.preset, chooser.choice.reason) == ("oil", "default")
    assert chooser_for(make_request(), use_cookie=False).preset == "oil"
    assert chooser_for(make_request(address="/?style=original")).preset is None
    life.revert(applied)
    assert chooser_for(make_request()).choice.reason == "original"
    with pytest.raises(ExperimentProblem, match="Stopped"):
        life.revert(applied)


def test_the_look_applied_last_holds_where_two_meet(make_experiment, photos, oil, ink, make_request):
    mugs = make_experiment(oil, categories=["Mugs"])
    life.apply_winner(mugs, mugs.arms.last())
    both = make_experiment(ink)
    life.apply_winner(both, both.arms.last())

    def shown():
        chooser = chooser_for(make_request())
        return [picture_for(photo, chooser).preset for photo in photos]

    assert shown() == ["ink", "ink"]
    life.revert(mugs)
    life.apply_winner(mugs, mugs.arms.last())
    assert shown() == ["oil", "ink"]


def test_what_stands_in_the_way_of_a_start_is_said_in_words(make_experiment, experiment, oil, ink):
    other = make_experiment(ink, running=False)
    with pytest.raises(ExperimentProblem, match="“Oil or photo” is running"):
        life.start(other)
    life.stop(experiment)
    other.arms.update(is_control=False)
    StyledVariant.objects.filter(preset=ink).delete()
    with pytest.raises(ExperimentProblem) as caught:
        life.start(other)
    assert len(caught.value.reasons) == 2
    assert "compared with" in caught.value.reasons[0]
    assert "“Ink”" in caught.value.reasons[1]
    other.arms.all().delete()
    with pytest.raises(ExperimentProblem, match="at least two"):
        life.start(other)
    with pytest.raises(ExperimentProblem, match="by now"):
        life.start(experiment)


def test_experiments_on_different_products_run_side_by_side(make_experiment, photos, oil, ink):
    make_experiment(oil, categories=["Mugs"])
    make_experiment(ink, categories=["Lamps"])
    named = make_experiment(ink, products=[f"testapp.article:{photos[0].article_id}"], running=False)
    with pytest.raises(ExperimentProblem, match="is running"):
        life.start(named)


def test_coverage_counts_the_photos_of_the_experiments_products(make_experiment, photos, oil):
    experiment = make_experiment(oil)
    StyledVariant.objects.filter(preset=oil, object_id=str(photos[1].pk)).update(review="rejected")
    original, painted = coverage_of(experiment)
    assert (original.photos, original.painted, painted.painted, painted.missing) == (2, 2, 1, 1)


def test_traffic_is_measured_from_the_shops_own_events(experiment):
    people(experiment, experiment.arms.first(), 20, buyers=5, days_ago=10, value="30.00")
    kinds = list(StyleEvent.objects.values_list("pk", flat=True))
    for shopper in Shopper.objects.all():
        common = (
            StyleEvent.objects.filter(pk=kinds[0]).values("content_type_id", "object_id", "category").get()
        )
        for days in (10, 2):
            StyleEvent.objects.create(
                shopper=shopper, kind="view", consent_basis="both",
                occurred_at=timezone.now() - timedelta(days=days), **common,
            )  # fmt: skip
    found = measured_traffic(experiment)
    assert (found.visitors, found.rate, found.currency) == (20, 0.25, "EUR")
    assert found.visitors_a_day == pytest.approx(2.5)
    assert found.mean == pytest.approx(7.5)
    assert found.spread == pytest.approx((30**2 / 4 - 7.5**2) ** 0.5)


def test_the_database_itself_refuses_what_cannot_be(experiment, make_shopper, oil):
    arm = experiment.arms.last()
    shopper, now = make_shopper(), timezone.now()
    times = {"seen_at": now, "counted_until": now + timedelta(1)}

    def refused(act):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()

    def expose(**values):
        common = {"experiment": experiment, "shopper": shopper, "arm": arm, "propensity": 0.5, **times}
        Exposure.objects.create(**{**common, **values})

    refused(lambda: expose(propensity=0))
    refused(lambda: expose(counted_until=now))
    expose()
    refused(expose)
    refused(lambda: Arm.objects.create(experiment=experiment, preset=None))
    refused(lambda: Arm.objects.create(experiment=experiment, preset=oil))
    refused(lambda: Arm.objects.filter(pk=arm.pk).update(is_control=True))
    refused(lambda: Experiment.objects.update(state="applied"))
    refused(lambda: Experiment.objects.update(state="draft"))
    refused(lambda: Experiment.objects.update(state="perhaps"))
    refused(lambda: Experiment.objects.update(share=0))
