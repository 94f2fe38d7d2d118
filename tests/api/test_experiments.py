"""Experiments in the API: a visitor's own assignment, and results for staff alone."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from styletransfer.models import Experiment
from tests.experiments.conftest import (  # noqa: F401  (fixtures)
    cookie_of,
    experiment,
    host,
    ink,
    make_experiment,
    make_shopper,
    oil,
    people,
    photos,
)

pytestmark = pytest.mark.django_db


def test_results_are_for_staff(client, experiment):  # noqa: F811
    address = f"/api/experiments/{experiment.key}/results/"
    assert client.get(address).status_code == 403
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get(address).status_code == 403
    client.force_login(User.objects.create_superuser("boss"))
    Experiment.objects.update(started_at=timezone.now() - timedelta(days=14))
    for day in range(10):
        for arm, buyers in zip(experiment.arms.all(), (3, 21), strict=True):
            people(experiment, arm, 60, buyers=buyers, days_ago=4 + day)
    found = client.get(address).json()
    assert (found["verdict"], found["is_ratio_broken"]) == ("winner", False)
    assert found["best"] == str(experiment.arms.last().key)
    control, arm = found["arms"]
    assert (control["difference"], control["outcome"]) == (None, 0.05)
    assert 0 < arm["difference"]["lower"] < arm["difference"]["value"] < arm["difference"]["upper"]
    [listed] = client.get("/api/experiments/").json()["results"]
    assert "salt" not in listed
    assert [one["style"] for one in listed["arms"]] == ["original", "oil"]


def test_the_assignment_is_the_visitors_own(experiment, photos, make_shopper):  # noqa: F811
    client, name = Client(), f"testapp.photo:{photos[0].pk}"
    assert client.get("/api/experiments/assignment/", {"photo": name}).json() == {"photos": {}}
    client.cookies["styletransfer_shopper"] = cookie_of(make_shopper())
    answer = client.get("/api/experiments/assignment/", {"photo": name})
    assert answer.json()["photos"][name]["style"] in ("original", "oil")
    assert "no-store" in answer.headers["Cache-Control"]
