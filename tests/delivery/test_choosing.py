"""Whose style: pick, hooks, default, original; decided once."""

import pytest

from styletransfer.delivery import choosing
from styletransfer.delivery.choosing import (
    COOKIE,
    Choice,
    Chooser,
    chooser_for,
    register_hook,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_with(rf, oil, ink):
    def make(query: str = "", cookie: str | None = None):
        request = rf.get(f"/{query}")
        if cookie is not None:
            request.COOKIES[COOKIE] = cookie
        return request

    return make


@pytest.fixture
def hook(monkeypatch):
    """Registers hooks where there are no others; the app's own are back afterwards."""
    monkeypatch.setattr(choosing, "_hooks", {})
    return register_hook


@pytest.fixture
def default_ink(settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "DEFAULT_PRESET": "ink"}


@pytest.mark.parametrize(
    ("query", "cookie", "choice"),
    [
        ("", None, Choice("ink", "default")),
        ("?style=oil", None, Choice("oil", "url")),
        ("?style=original", None, Choice(None, "url")),
        ("?style=oil", "ink", Choice("oil", "url")),
        ("", "oil", Choice("oil", "cookie")),
        ("", "original", Choice(None, "cookie")),
        ("?style=unknown", "oil", Choice("oil", "cookie")),
        ("?style=unknown", "<script>", Choice("ink", "default")),
        ("?style=", "", Choice("ink", "default")),
    ],
)
def test_the_chain(request_with, default_ink, query, cookie, choice):
    assert chooser_for(request_with(query, cookie)).choice == choice


def test_without_default_the_original_is_shown(request_with):
    assert chooser_for(request_with()).choice == Choice(None, "original")
    assert Chooser().choice == Choice(None, "original")


@pytest.mark.parametrize("change", [{"is_public": False}, {"is_active": False}])
def test_presets_that_are_not_offered_cannot_be_picked(request_with, oil, change):
    type(oil).objects.update(**change)
    assert chooser_for(request_with("?style=oil")).preset is None


def test_hooks_come_after_a_pick_and_before_the_default(request_with, default_ink, hook):
    hook("taste", lambda chooser: "oil", order=20)
    assert chooser_for(request_with()).choice == Choice("oil", "taste")
    hook("experiment", lambda chooser: "original", order=10)
    assert chooser_for(request_with()).choice == Choice(None, "experiment")
    hook("experiment", lambda chooser: None, order=10)
    assert chooser_for(request_with()).choice == Choice("oil", "taste")
    assert chooser_for(request_with("?style=ink")).choice == Choice("ink", "url")


def test_hooks_are_given_the_user(request_with, hook):
    hook("taste", lambda chooser: chooser.user and "oil")
    request = request_with()
    assert chooser_for(request).preset is None

    class Somebody:
        pk = 7

    assert chooser_for(request, user=Somebody()).preset == "oil"
    assert chooser_for(request).preset is None


def test_it_is_decided_once_per_request(request_with, hook, django_assert_num_queries):
    asked = []
    hook("counting", lambda chooser: asked.append(chooser) or "oil")
    request = request_with()
    assert [chooser_for(request).preset for _ in range(3)] == ["oil"] * 3
    assert len(asked) == 1
    request = request_with("?style=oil", "ink")
    with django_assert_num_queries(1):
        assert chooser_for(request).preset == "oil"
        assert [preset.slug for preset in chooser_for(request).offered] == ["oil", "ink"]
        assert chooser_for(request, use_cookie=False).preset == "oil"


def test_no_pick_asks_only_for_experiments(request_with, default_ink, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert chooser_for(request_with()).preset == "ink"


def test_the_cookie_can_be_left_out(request_with):
    assert chooser_for(request_with("", "oil"), use_cookie=False).preset is None
