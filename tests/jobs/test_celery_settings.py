"""The shipped Celery configuration: defaults that a project can override, and warm children."""

from types import SimpleNamespace

import pytest
from celery import Celery

from styletransfer.jobs import celery_settings
from styletransfer.testing import FakeEngine


@pytest.fixture
def app():
    app = Celery("host", set_as_current=False)
    app.conf.task_acks_late = False
    celery_settings.configure(app)
    return app


def test_defaults_are_given_and_the_projects_own_win(app):
    assert app.conf.worker_pool_start_method == "spawn"
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.broker_transport_options["visibility_timeout"] == 60
    assert app.conf.beat_schedule["styletransfer-sweep"]["task"] == "styletransfer.sweep"
    assert app.conf.task_acks_late is False


@pytest.mark.parametrize(("queue", "expected"), [("styletransfer.bulk", 1), ("styletransfer.encode", 0)])
@pytest.mark.django_db
def test_only_children_that_paint_load_the_model(queue, expected, make_preset, monkeypatch):
    make_preset()
    monkeypatch.setenv(celery_settings.WARM_VARIABLE, "")
    painted = []
    FakeEngine.on_paint = painted.extend
    worker = SimpleNamespace(
        app=SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=[queue])))
    )
    celery_settings._note_lanes(instance=worker)
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    celery_settings._warm_up()
    assert len(painted) == expected


@pytest.mark.django_db
def test_an_engine_that_cannot_warm_up_does_not_stop_the_worker(make_preset, monkeypatch, caplog):
    make_preset()
    monkeypatch.setenv(celery_settings.WARM_VARIABLE, "1")
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)

    def broken(requests):
        raise RuntimeError("no such device")

    FakeEngine.on_paint = broken
    celery_settings._warm_up()
    assert "could not be warmed up" in caplog.text
