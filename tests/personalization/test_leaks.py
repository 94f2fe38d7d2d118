"""Nothing personal in log records, in addresses, or in what is sent to Celery."""

from __future__ import annotations

import logging

import pytest
from celery import current_app
from celery.signals import before_task_publish
from django.contrib.auth import get_user_model
from django.core.management import call_command

from styletransfer.jobs import celery_settings
from styletransfer.models import Purpose, RecommendationSnapshot, Shopper, StyleEvent
from styletransfer.personalization import hooks, privacy, shoppers
from styletransfer.personalization.recommendations.fitting import fit_recommendations
from tests.api.test_events import HOME, browser, event, send
from tests.personalization.conftest import cookie_of

pytestmark = pytest.mark.django_db

NAME, MAIL = "grace-hopper-1906", "grace@example.org"


@pytest.fixture
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    # SQL is logged with DEBUG on alone, and by the project's own choice.
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    return caplog


@pytest.fixture
def published(settings, monkeypatch):
    """Headers and bodies of every Celery message, as they are handed to the broker."""
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DISPATCHER": "celery"}
    monkeypatch.setattr(current_app.conf, "broker_url", "memory://")
    messages = []

    def keep(sender=None, headers=None, body=None, properties=None, **_):
        messages.append(repr((sender, headers, body, properties)))

    before_task_publish.connect(keep, weak=False)
    yield messages
    before_task_publish.disconnect(keep)


def journey(client, mug):
    """Consent, events, a cart, an order, an export and an erasure; returns the addresses used."""
    client.put(
        "/api/me/consent/", {"personalisation": True, "measurement": True}, format="json", headers=HOME
    )
    send(client, [event(mug), event(mug, kind="sneeze"), event(mug, product="testapp.article:0")])
    request = client.get("/api/me/consent/").wsgi_request
    hooks.added_to_cart(request, mug)
    hooks.purchased(request, [hooks.OrderLine(mug, 1, 3)], reference="NC-00042", currency="EUR")
    hooks.style_picked(request, "original")
    client.get("/api/me/data/")
    answers = [client.delete("/api/me/data/", headers=HOME), client.get("/api/me/data/")]
    return [answer.wsgi_request.get_full_path() for answer in answers]


def test_logs_addresses_and_messages_name_nobody(
    mug, everything_logged, published, django_capture_on_commit_callbacks
):
    user = get_user_model().objects.create_user(NAME, MAIL, "secret-word")
    fit_recommendations()  # a snapshot that the erasure has to fit anew
    client = browser()
    client.force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        client.put("/api/me/consent/", {"measurement": True}, format="json", headers=HOME)
        shopper = Shopper.objects.get()
        addresses = journey(client, mug)
    call_command("styletransfer_retention", verbosity=0)
    assert Shopper.objects.count() == StyleEvent.objects.count() == 0
    assert RecommendationSnapshot.objects.exists()
    secrets = [str(shopper.key), shopper.key.hex, NAME, MAIL, cookie_of(shopper), "NC-00042"]
    records = [
        repr(
            (record.getMessage(), record.exc_text, {k: v for k, v in vars(record).items() if k != "request"})
        )
        for record in everything_logged.records
    ]
    assert published, "the erasure asked Celery for nothing, so this test would prove nothing"
    for text in (*records, *published, *addresses):
        assert not any(secret in text for secret in secrets), text


def test_trouble_with_recording_is_logged_without_values(
    make_request, shopper, mug, everything_logged, monkeypatch
):
    from django.db import IntegrityError

    def fail(*args, **kwargs):
        raise IntegrityError(f"Key (shopper_id)=({shopper.key}) is not present")

    monkeypatch.setattr(hooks, "record", fail)
    hooks.added_to_cart(make_request(shopper), mug)
    assert "could not be recorded: IntegrityError" in everything_logged.text
    assert str(shopper.key) not in everything_logged.text


def test_an_erasure_hook_that_fails_tells_nobodys_key(shopper, everything_logged):
    privacy.register_erasure_hook("bad", lambda: 1 / 0)
    try:
        privacy.run_erasure_hooks()
    finally:
        privacy.unregister_hooks("bad")
    assert str(shopper.key) not in everything_logged.text


def test_shoppers_name_nobody_as_text(make_shopper, user):
    shopper = make_shopper(*Purpose, user=user)
    assert str(shopper.key) not in str(shopper) + repr(shopper)
    assert user.username not in str(shopper)
    assert shoppers.account_of(user) == shopper


def test_retention_is_scheduled():
    tasks = {entry["task"]: entry for entry in celery_settings.beat_schedule().values()}
    assert "args" not in tasks["styletransfer.retain"]
    assert "kwargs" not in tasks["styletransfer.retain"]
