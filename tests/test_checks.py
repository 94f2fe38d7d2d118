"""Each wrong setting is found, under its own id, with a hint that says what to do."""

import pytest
from django.core.checks import run_checks
from PIL import features

from styletransfer import sources
from styletransfer.checks import check_presets, check_settings
from styletransfer.models import StylePreset
from tests.testapp.models import Photo

GOOD = {"ENGINES": {"fake": "styletransfer.testing:FakeEngine"}}


def ids(messages):
    assert all(message.hint for message in messages)
    return {message.id for message in messages}


def test_the_test_project_is_clean():
    assert run_checks(tags=["styletransfer"]) == []


@pytest.mark.parametrize(
    ("given", "expected", "text"),
    [
        ({"STORAGES": "default"}, "styletransfer.E001", "STORAGES"),
        ({"LEASE_SECONDS": 0}, "styletransfer.E001", "LEASE_SECONDS"),
        ({"LEASE_SECONDS": True}, "styletransfer.E001", "LEASE_SECONDS"),
        ({"DISPATCHER": "rabbit"}, "styletransfer.E001", "DISPATCHER"),
        ({"FORMATS": ["avif"]}, "styletransfer.E001", "FORMATS"),
        ({"FORMATS": ["jpeg", "gif"]}, "styletransfer.E001", "FORMATS"),
        ({"QUEUES": {"gpu": "q"}}, "styletransfer.E001", "QUEUES"),
        ({"QUALITIES": {"avif": 101}}, "styletransfer.E001", "QUALITIES"),
        ({"STORAGE": "nowhere"}, "styletransfer.E003", "nowhere"),
        ({"ENGINES": {"mine": "no.such:Engine"}}, "styletransfer.E004", "mine"),
        ({"ENGINE_OPTIONS": {"pianter": {}}}, "styletransfer.E005", "pianter"),
    ],
)
def test_wrong_settings_are_named(settings, given, expected, text):
    settings.STYLETRANSFER = {**GOOD, **given}
    messages = check_settings()
    assert ids(messages) == {expected}
    assert text in messages[0].msg


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"image": "picture"}, "picture"),
        ({"image": "alt"}, "alt"),
        ({"product": "shoe"}, "shoe"),
        ({"alt": "x"}, "x"),
    ],
)
def test_wrong_fields_of_a_source_are_named(options, text):
    before = sources.get_source(Photo)
    try:
        sources.register(Photo, **options)
        messages = check_settings()
    finally:
        sources.register(Photo, image=before.image, product=before.product, alt=before.alt)
    assert ids(messages) == {"styletransfer.E002"}
    assert text in messages[0].msg


def test_no_source_at_all_is_a_warning(monkeypatch):
    monkeypatch.setattr(sources, "_registry", {})
    assert ids(check_settings()) == {"styletransfer.W001"}


def test_pillow_without_avif_is_a_warning(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name: name != "avif")
    assert ids(check_settings()) == {"styletransfer.W002"}


def test_celery_queues_without_a_route_are_a_warning(settings, monkeypatch):
    celery = pytest.importorskip("celery")
    from kombu import Queue

    settings.STYLETRANSFER = {**GOOD, "DISPATCHER": "celery"}
    app = celery.Celery("checks", set_as_current=False)
    monkeypatch.setattr(celery, "current_app", app)
    app.conf.task_queues = [Queue("styletransfer.bulk"), Queue("styletransfer.encode")]
    messages = check_settings()
    assert ids(messages) == {"styletransfer.W003"}
    assert "styletransfer.interactive" in messages[0].msg
    app.conf.task_queues = [*app.conf.task_queues, Queue("styletransfer.interactive")]
    assert check_settings() == []


@pytest.mark.django_db
def test_unknown_presets_and_engines_are_errors(settings):
    settings.STYLETRANSFER = {**GOOD, "DEFAULT_PRESET": "oil"}
    assert ids(check_presets(databases=["default"])) == {"styletransfer.E007"}
    StylePreset.objects.create(name="Oil", slug="oil", engine="lost")
    assert ids(check_presets(databases=["default"])) == {"styletransfer.E006"}
    StylePreset.objects.update(engine="fake")
    assert check_presets(databases=["default"]) == []
    assert check_presets(databases=None) == []


@pytest.mark.django_db
def test_presets_that_need_masks_need_opencv(settings, monkeypatch):
    settings.STYLETRANSFER = GOOD
    StylePreset.objects.create(name="Oil", slug="oil", engine="fake")
    StylePreset.objects.create(name="Ink", slug="ink", engine="fake", scope="subject", is_active=False)
    monkeypatch.setattr("styletransfer.checks.find_spec", lambda name: None)
    assert check_presets(databases=["default"]) == []
    StylePreset.objects.create(name="Label", slug="label", engine="fake", protect_text=1.0)
    (warning,) = check_presets(databases=["default"])
    assert ids([warning]) == {"styletransfer.W005"}
    assert "label" in warning.msg
    assert "oil" not in warning.msg
    assert "[masks]" in warning.hint
    monkeypatch.undo()
    settings.STYLETRANSFER = GOOD
    assert check_presets(databases=["default"]) == []


def test_shoppers_need_their_middleware(settings):
    settings.STYLETRANSFER = {**GOOD, "PRODUCTS": [{"model": "testapp.Article"}]}
    assert ids(check_settings()) == {"styletransfer.W004"}
    settings.MIDDLEWARE = ["styletransfer.personalization.middleware.ShopperMiddleware"]
    assert check_settings() == []


@pytest.mark.parametrize(
    "given",
    [
        {"CONSENT_VERSION": ""},
        {"CONSENT_VERSION": "2.1"},
        {"CONSENT_VERSION": "x" * 33},
        {"BROWSER_EVENTS": ["click", "sneeze"]},
        {"EVENT_DAYS": 0},
        {"PROFILE_DAYS": "396"},
        {"WITHDRAWN_DAYS": -1},
        {"EVENT_BATCH": True},
    ],
)
def test_wrong_privacy_settings_are_named(settings, given):
    settings.STYLETRANSFER = {**GOOD, **given}
    messages = check_settings()
    assert ids(messages) == {"styletransfer.E001"}
    assert next(iter(given)) in messages[0].msg
