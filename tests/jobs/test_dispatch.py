"""Hints are sent after the commit, to the lane's queue, and never raise or hang."""

import socket
import time

import pytest
from django.db import transaction

from styletransfer.jobs import dispatch, tasks
from styletransfer.jobs.requests import request_restyle
from tests.jobs.conftest import configure

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def celery(settings):
    configure(settings, DISPATCHER="celery", QUEUES={"bulk": "gpu"})
    dispatch._silence.until = 0.0
    yield
    dispatch._silence.until = 0.0


@pytest.fixture
def sent(monkeypatch):
    calls = []
    monkeypatch.setattr(tasks.drain, "apply_async", lambda **options: calls.append(options))
    return calls


@pytest.fixture
def broker(monkeypatch):
    """Point the app at another broker for one test."""
    app = tasks.drain.app

    def use(url):
        original = app.connection_for_write
        monkeypatch.setattr(app, "connection_for_write", lambda **options: original(url, **options))

    return use


def test_a_hint_waits_for_the_commit(sent):
    with transaction.atomic():
        dispatch.hint("bulk")
        assert sent == []
    assert [(call["args"], call["queue"]) for call in sent] == [(("bulk",), "gpu")]
    assert sent[0] | {"expires": 60, "ignore_result": True, "retry": False} == sent[0]


def test_a_rolled_back_request_sends_nothing(sent):
    with transaction.atomic():
        dispatch.hint("bulk")
        transaction.set_rollback(True)
    assert sent == []


def test_the_embedded_dispatcher_sends_nothing(sent, settings):
    configure(settings, DISPATCHER="embedded")
    dispatch.hint("bulk")
    assert sent == []


def quickest_request(source, preset):
    """Seconds of the best of three requests: a busy machine may delay one, a hanging broker delays all."""
    seconds = []
    for _try in range(3):
        dispatch._silence.until = 0.0
        begun = time.perf_counter()
        request_restyle(source, [], [preset])
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def test_a_broker_that_refuses_is_logged_and_left_alone_for_a_while(source, make_preset, broker, caplog):
    preset = make_preset()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        broker(f"redis://127.0.0.1:{closed.getsockname()[1]}/0")
        assert quickest_request(source, preset) < 0.3
        assert "rows wait for a worker" in caplog.text
        caplog.clear()
        request_restyle(source, [], [preset])
        assert caplog.text == ""


def test_a_broker_that_never_answers_does_not_hold_the_request_up(source, make_preset, broker, caplog):
    preset = make_preset()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert quickest_request(source, preset) < 0.3
        assert "did not take the hint" in caplog.text
        time.sleep(1.3)  # the senders give up too, before their socket is closed under them


def test_a_broker_that_answers_late_is_asked_again(monkeypatch, caplog):
    calls = []

    def slow(**options):
        calls.append(options)
        time.sleep(0.3 if len(calls) == 1 else 0)

    monkeypatch.setattr(tasks.drain, "apply_async", slow)
    dispatch.hint("bulk")
    dispatch.hint("bulk")
    assert len(calls) == 1
    time.sleep(0.5)
    dispatch.hint("bulk")
    assert len(calls) == 2


def test_tasks_drain_and_ask_for_more(sent, source, make_preset, make_photos):
    photos = make_photos(2)
    request_restyle(source, [photo.pk for photo in photos], [make_preset()])
    assert [call["args"] for call in sent] == [("encode",), ("bulk",)]
    sent.clear()
    tasks.drain("encode")
    assert ("bulk",) in [call["args"] for call in sent]
    tasks.drain("bulk")
    assert ("encode",) in [call["args"] for call in sent]
    sent.clear()
    tasks.sweep()
    assert [call["args"] for call in sent] == [("encode",)]
    tasks.drain("encode")
    sent.clear()
    tasks.sweep()
    assert sent == []
