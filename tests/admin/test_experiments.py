"""Experiments in the admin: planned by a form, run by buttons, read in words, and only by those who may."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from styletransfer.admin.experiment_plots import plan_bars, sequence_plot
from styletransfer.admin.experiment_words import days, difference, signed
from styletransfer.experiments import life
from styletransfer.experiments.creatives import has_waiting, work_once
from styletransfer.experiments.results import results_of
from styletransfer.experiments.slots import Options, landing_url
from styletransfer.experiments.statistics.sequences import NOTHING_KNOWN, Estimate
from styletransfer.models import CreativeExport, Experiment
from tests.experiments.conftest import (  # noqa: F401  (fixtures)
    experiment,
    host,
    ink,
    make_experiment,
    oil,
    people,
    photos,
)

BASE = "/admin/styletransfer/experiment/"
ALL = [
    f"styletransfer.{name}"
    for name in (
        "add_experiment",
        "change_experiment",
        "view_experiment",
        "delete_experiment",
        "add_arm",
        "change_arm",
        "delete_arm",
        "run_experiment",
        "apply_experiment",
    )
]


@pytest.fixture
def marketer(client_with):
    return client_with(*ALL)


def form_of(*arms, **values):
    """What the form sends: arms as (preset key or "", is control)."""
    data = {
        "name": "Oil or photo", "hypothesis": "", "products": "", "share": "1", "goal": "buyers",
        "lift": "0.2", "longest_days": "60", "allocation": "fixed", "floor": "0.05", "window_hours": "72",
        "alpha": "0.05", "stops_itself": "on", "arms-TOTAL_FORMS": len(arms), "arms-INITIAL_FORMS": 0,
    }  # fmt: skip
    for place, (preset, is_control) in enumerate(arms):
        data |= {
            f"arms-{place}-preset": preset,
            f"arms-{place}-weight": 1,
            f"arms-{place}-position": place,
        }
        if is_control:
            data[f"arms-{place}-is_control"] = "on"
    return {**data, **values}


def test_a_draft_is_planned_started_and_stopped(marketer, photos, oil):  # noqa: F811
    page = marketer.get(f"{BASE}add/").text
    assert "Photo as it was taken" in page
    assert 'value="Mugs"' in page
    answer = marketer.post(f"{BASE}add/", form_of(("", True), (oil.pk, False), categories=["Mugs"]))
    assert answer.status_code == 302, answer.context["errors"]
    experiment = Experiment.objects.get()  # noqa: F811
    assert experiment.created_by is not None
    assert [arm.style for arm in experiment.arms.all()] == ["original", "oil"]
    address = f"{BASE}{experiment.pk}/"
    assert "Start the experiment" in marketer.get(f"{address}change/").text
    page = marketer.post(f"{address}act/", {"act": "start"}, follow=True).text
    assert "Waiting for the first visitors" in page
    # What runs cannot be changed any more.
    assert 'name="lift"' not in page
    page = marketer.post(f"{address}act/", {"act": "start"}, follow=True).text
    assert "is “Running” by now" in page
    page = marketer.post(f"{address}act/", {"act": "stop"}, follow=True).text
    assert "No clear answer" in page
    assert LogEntry.objects.filter(object_id=experiment.pk).count() == 3


@pytest.mark.parametrize(
    ("arms", "values", "words"),
    [
        ([("", True)], {}, "from two to 8 looks"),
        ([("", True), ("oil", True)], {}, "exactly one look"),
        ([("", True), ("oil", False), ("oil", False)], {}, "Each look can take part once"),
        ([("", True), ("oil", False)], {"products": "4711 shop.nothing:1"}, "There is no product 4711"),
        ([("", True), ("oil", False)], {"alpha": "0.9"}, "less than or equal to 0.2"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_in_words(marketer, photos, oil, arms, *, values, words):  # noqa: F811
    keyed = [(oil.pk if preset else "", is_control) for preset, is_control in arms]
    page = marketer.post(f"{BASE}add/", form_of(*keyed, **values)).text
    assert words in page
    assert not Experiment.objects.exists()


def test_products_are_named_by_their_keys(marketer, photos, oil):  # noqa: F811
    mug = photos[0].article_id
    marketer.post(f"{BASE}add/", form_of(("", True), (oil.pk, False), products=f"testapp.article:{mug}"))
    assert Experiment.objects.get().products == [f"testapp.article:{mug}"]


def populate(experiment, numbers, days_=10):  # noqa: F811
    Experiment.objects.filter(pk=experiment.pk).update(started_at=timezone.now() - timedelta(days=days_ + 4))
    for day in range(days_):
        for arm, (visitors, buyers) in zip(experiment.arms.all(), numbers, strict=True):
            people(experiment, arm, visitors, buyers=buyers, days_ago=4 + day)


def test_the_winner_is_named_drawn_applied_and_taken_back(marketer, experiment):  # noqa: F811
    populate(experiment, [(60, 3), (60, 21)])
    page = marketer.get(f"{BASE}{experiment.pk}/change/").text
    assert "“Oil” does better than “Original photo”" in page
    assert '<svg class="st-plot st-plot--better"' in page
    assert "p-value" not in page
    arm = experiment.arms.last()
    page = marketer.post(f"{BASE}{experiment.pk}/act/", {"act": f"apply:{arm.key}"}, follow=True).text
    assert "“Oil” is applied" in page
    page = marketer.post(f"{BASE}{experiment.pk}/act/", {"act": "revert"}, follow=True).text
    assert "“Oil” is applied" not in page
    experiment.refresh_from_db()
    assert experiment.state == "stopped"


def test_wrong_numbers_hide_the_results_and_say_where_to_look(marketer, experiment):  # noqa: F811
    populate(experiment, [(120, 6), (60, 9)])
    page = marketer.get(f"{BASE}{experiment.pk}/change/").text
    assert "the results are hidden" in page
    assert "Where to look" in page
    assert "instead of 900" in page
    assert "st-plot" not in page
    assert "apply:" not in page


def test_an_open_experiment_says_how_long_it_will_take(marketer, experiment):  # noqa: F811
    populate(experiment, [(60, 3), (60, 3)], days_=4)
    page = marketer.get(f"{BASE}{experiment.pk}/change/").text
    assert "Not enough data yet: about" in page


@pytest.mark.parametrize(
    ("rights", "act", "status"),
    [
        (["view_experiment"], "stop", 403),
        (["view_experiment", "run_experiment"], "stop", 302),
        (["view_experiment", "run_experiment"], "apply", 403),
        (["view_experiment", "apply_experiment"], "apply", 302),
        ([], "stop", 403),
    ],
)
def test_each_act_has_a_right_of_its_own(client_with, experiment, rights, act, status):  # noqa: F811
    client = client_with(*(f"styletransfer.{name}" for name in rights))
    wanted = f"apply:{experiment.arms.last().key}" if act == "apply" else act
    assert client.post(f"{BASE}{experiment.pk}/act/", {"act": wanted}).status_code == status
    assert Experiment.objects.get().state == {302: {"stop": "stopped", "apply": "applied"}[act]}.get(
        status, "running"
    )


def test_the_planning_page_answers_from_measured_or_given_figures(marketer, db):
    page = marketer.get(f"{BASE}plan/").text
    assert "no measured visitors yet" in page
    given = {"goal": "buyers", "rate": "3", "lift": "20", "looks": "2", "visitors": "1000", "alpha": "5"}
    page = marketer.get(f"{BASE}plan/", given).text
    assert 26 <= int(re.search(r"<h2>About (\d+) days", page)[1]) <= 56
    assert "st-plan-row--chosen" in page
    page = marketer.get(f"{BASE}plan/", {**given, "goal": "revenue"}).text
    assert "Revenue is planned from this figure" in page
    page = marketer.get(f"{BASE}plan/", {**given, "rate": "80", "lift": "50"}).text
    assert "cannot grow by so much" in page


def test_numbers_are_said_as_people_say_them(db):
    assert [signed(value) for value in (0.123, -0.04, 0.001)] == ["+12 %", "\N{MINUS SIGN}4 %", "±0 %"]
    assert [days(number) for number in (0.4, 1, 8.2, 1000)] == [
        "less than a day",
        "1 day",
        "9 days",
        "more than two years",
    ]
    assert difference("buyers", NOTHING_KNOWN) == "Nothing can be said yet."
    assert difference("revenue", Estimate(0.1, 0.02, 0.2, 5.0)).startswith("+10 % revenue per visitor")
    assert plan_bars([]).startswith("<table")


def test_plots_stay_inside_their_frame(experiment):  # noqa: F811
    populate(experiment, [(60, 3), (60, 21)])
    [comparison] = results_of(experiment).goal.comparisons
    svg = str(sequence_plot(comparison, "<Oil>", 0.2))
    assert "&lt;Oil&gt;" in svg
    numbers = svg.split('points="')[1].split('"', maxsplit=1)[0].replace(",", " ").split()
    assert all(0 <= float(one) <= 420 for one in numbers)


EXPORT = {
    "slots": ["300x250", "1080x1080"],
    "most_products": "5",
    "site": "https://shop.example/",
    "source": "google",
    "medium": "display",
    "campaign": "spring",
}


@pytest.fixture
def real_pictures(photos):  # noqa: F811
    """The variants' files exist."""
    from styletransfer.models import StyledVariant
    from styletransfer.testing import make_variant

    for variant in list(StyledVariant.objects.all()):
        photo, preset = photos[0] if variant.object_id == str(photos[0].pk) else photos[1], variant.preset
        variant.delete()
        make_variant(photo, preset, write_files=True, widths=(320,), size=(320, 240))


def test_ad_pictures_come_as_one_archive_with_its_list(marketer, experiment, real_pictures):  # noqa: F811
    address = f"{BASE}{experiment.pk}/export/"
    assert "1080x1920" in marketer.get(address).text
    page = marketer.post(address, EXPORT, follow=True).text
    assert "The archive is ready" in page
    export = CreativeExport.objects.get()
    answer = marketer.get(f"{address}{export.pk}/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    entries = json.loads(archive.read("manifest.json"))
    # Two products, two looks, two sizes.
    assert len(entries) == 8 == len(archive.namelist()) - 2
    assert {entry["look"] for entry in entries} == {"original", "oil"}
    one = next(entry for entry in entries if entry["look"] == "oil" and entry["slot"] == "300x250")
    assert (
        "utm_source=google&utm_medium=display&utm_campaign=spring&utm_content=oil-300x250"
        in one["landing_url"]
    )
    assert one["variant"]
    assert one["bytes"] <= 150_000
    assert not any(entry["is_enlarged"] for entry in entries)
    assert archive.read("manifest.csv").decode().count("\n") == 9


def test_many_ad_pictures_are_left_to_a_worker_that_may_die(marketer, experiment, real_pictures, monkeypatch):  # noqa: F811
    monkeypatch.setattr("styletransfer.experiments.creatives.AT_ONCE", 1)
    address = f"{BASE}{experiment.pk}/export/"
    assert "a worker makes the archive" in marketer.post(address, EXPORT, follow=True).text
    assert has_waiting()
    CreativeExport.objects.update(
        state="working", lease_until=timezone.now() - timedelta(seconds=1), attempts=1
    )
    assert work_once()
    assert not has_waiting()
    assert not work_once()
    assert CreativeExport.objects.get().state == "ready"


def test_an_export_that_cannot_be_made_says_why(marketer, experiment, photos):  # noqa: F811
    address = f"{BASE}{experiment.pk}/export/"
    assert "Choose at least one size" in marketer.post(address, {**EXPORT, "slots": []}).text
    # The variants' files are missing here, the photos' are not: what can be made is made.
    page = marketer.post(address, EXPORT, follow=True).text
    assert "pictures left out" in page
    assert marketer.get(f"{address}999/").status_code == 404


def test_a_landing_address_keeps_what_it_has():
    options = Options(slots=(), site="https://shop.example/de/", source="ig", campaign="a b")
    found = landing_url("/p/mug/?size=2&utm_source=x#top", options, campaign="c", content="oil")
    assert found == (
        "https://shop.example/p/mug/?size=2&utm_source=ig&utm_medium=display&utm_campaign=a+b"
        "&utm_content=oil#top"
    )


def test_life_and_admin_agree_on_what_may_be_deleted(marketer, experiment):  # noqa: F811
    assert marketer.get(f"{BASE}{experiment.pk}/delete/").status_code == 403
    life.stop(experiment)
    assert marketer.get(f"{BASE}{experiment.pk}/delete/").status_code == 200
