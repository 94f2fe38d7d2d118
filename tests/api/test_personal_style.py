"""``me/style/personal/``: asked for, painted, shown to its shopper alone, dropped, exported, erased."""

from __future__ import annotations

import pytest

from styletransfer import products
from styletransfer.delivery import chooser_for, picture_for, with_styled
from styletransfer.delivery.picture import resolve_photo
from styletransfer.models import PersonalStyle, Purpose, RestyleJob, Shopper, StyledVariant, StylePreset
from styletransfer.personalization import shoppers
from styletransfer.personalization.consent import decide
from styletransfer.personalization.erasure import erase
from styletransfer.personalization.export import export
from styletransfer.testing import count_calls, photo_file
from tests.api.test_events import HOME, browser
from tests.jobs.conftest import fresh_process, make_preset
from tests.jobs.test_drain import drain_all
from tests.personalization.conftest import cookie_of, make_request, make_shopper, shopper
from tests.testapp.models import Article, Photo

__all__ = ["fresh_process", "make_preset", "make_request", "make_shopper", "shopper"]

pytestmark = pytest.mark.django_db

ADDRESS = "/api/me/style/personal/"
MIX = {"oil": 3, "ink": 1}


@pytest.fixture(autouse=True)
def articles(db):
    products.register(Article, photo="cover", available=lambda rows: rows.exclude(name="Old"))
    yield
    products.unregister(Article)


@pytest.fixture(autouse=True)
def looks(make_preset):
    return [make_preset("oil"), make_preset("ink", seed=9)]


@pytest.fixture(autouse=True)
def photos(db):
    """Two products for sale and one that is not, which nobody needs a painting of."""
    made = []
    for number, name in enumerate(["Mug", "Jug", "Old"]):
        article = Article.objects.create(name=name)
        made.append(Photo.objects.create(article=article, image=photo_file(f"{number}.jpg", seed=number)))
        Article.objects.filter(pk=article.pk).update(cover=made[-1])
    return made


def client_of(shopper=None):
    client = browser()
    if shopper is not None:
        client.cookies[shoppers.COOKIE] = cookie_of(shopper)
    return client


def ask(shopper, body=None, status=202):
    body = {"mix": MIX} if body is None else body
    answer = client_of(shopper).post(ADDRESS, body, format="json", headers=HOME)
    assert answer.status_code == status, answer.content
    return answer


def drop(shopper, query="", status=204):
    answer = client_of(shopper).delete(ADDRESS + query, headers=HOME)
    assert answer.status_code == status, answer.content


def test_asking_and_deleting_by_turns_is_limited_by_shopper(shopper, make_shopper, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLE_ASKS": 2}
    for _ in range(2):
        ask(shopper)
        drop(shopper)
    jobs = RestyleJob.objects.count()
    assert "Come back tomorrow" in ask(shopper, status=429).json()["detail"]
    assert RestyleJob.objects.count() == jobs
    assert not StylePreset.objects.filter(slug__startswith=PersonalStyle.PREFIX).exists()
    ask(make_shopper(*Purpose))


def test_a_shopper_who_may_not_ask_again_may_still_delete(shopper, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLE_ASKS": 1}
    ask(shopper)
    ask(shopper, status=429)
    drop(shopper)
    assert not PersonalStyle.objects.exists()


def test_what_could_not_be_mixed_is_no_turn(shopper, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLE_ASKS": 1}
    ask(shopper, {"mix": {"cubism": 1}}, status=400)
    ask(shopper)


def test_a_cache_that_keeps_nothing_limits_nothing(shopper, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLE_ASKS": 1}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    ask(shopper)
    ask(shopper)


def test_it_is_painted_for_those_who_ask_and_shown_once_it_is(shopper, photos, make_request):
    body = ask(shopper).json()
    (style,) = body["styles"]
    assert (body["is_allowed"], body["quota"], body["left"]) == (True, 3, 2)
    assert style["mix"] == {"oil": 0.75, "ink": 0.25}
    assert (style["state"], style["painted"], style["wanted"], style["is_picked"]) == ("painting", 0, 2, True)
    assert chooser_for(make_request(shopper)).presets == ()
    drain_all()
    answer = client_of(shopper).get(ADDRESS)
    assert answer["Cache-Control"] == "private, no-store"
    (style,) = answer.json()["styles"]
    assert (style["state"], style["painted"], style["wanted"]) == ("ready", 2, 2)
    chooser = chooser_for(make_request(shopper))
    shown = [picture_for(photo, chooser) for photo in with_styled(Photo.objects.order_by("pk"), chooser)]
    assert [(one.preset, one.is_styled) for one in shown] == [(style["style"], True)] * 2 + [(None, False)]
    assert chooser.choice_for(*resolve_photo(photos[0])).reason == "personal"


def test_nobody_else_sees_it(shopper, make_shopper, make_request):
    slug = ask(shopper).json()["styles"][0]["style"]
    drain_all()
    other = make_shopper(*Purpose)
    # Not even somebody whose pick names it.
    Shopper.objects.filter(pk=other.pk).update(picked_style=slug, picked_at=other.created_at)
    for request in (make_request(other), make_request(), make_request(shopper, **{"Sec-GPC": "1"})):
        assert chooser_for(request).presets == ()
    assert chooser_for(make_request(shopper), use_cookie=False).presets == ()
    assert client_of(other).get(ADDRESS).json()["styles"] == []
    assert client_of(other).get("/api/me/style/").json()["shown"] == "original"
    drop(other, f"?style={slug}", status=404)
    assert PersonalStyle.objects.count() == 1


def test_it_costs_one_query_and_those_without_it_none(shopper, make_request):
    def queries():
        with count_calls() as calls:
            assert chooser_for(make_request(shopper)).rules
        return len(calls.sql)

    before = queries()
    ask(shopper)
    drain_all()
    # Whether the pick is an offered one, and what is painted.
    assert queries() == before + 2


def test_another_pick_outranks_it_and_asking_again_paints_nothing_twice(shopper, make_request):
    slug = ask(shopper).json()["styles"][0]["style"]
    drain_all()
    client_of(shopper).put("/api/me/style/", {"style": "ink"}, format="json", headers=HOME)
    assert chooser_for(make_request(shopper)).presets == ("ink",)
    painted = set(StyledVariant.objects.values_list("pk", flat=True))
    (style,) = ask(shopper).json()["styles"]
    drain_all()
    assert (style["style"], style["is_picked"]) == (slug, True)
    assert set(StyledVariant.objects.values_list("pk", flat=True)) == painted
    assert chooser_for(make_request(shopper)).presets == (slug,)


def test_it_needs_consent_but_deleting_does_not(shopper, make_shopper, make_request):
    ask(None, status=403)
    ask(make_shopper(Purpose.MEASUREMENT), status=403)
    assert not StylePreset.objects.filter(slug__startswith="my-").exists()
    ask(shopper)
    drain_all()
    decide(make_request(shopper), {Purpose.PERSONALISATION: False}, "page")
    assert chooser_for(make_request(shopper)).presets == ()
    body = client_of(shopper).get(ADDRESS).json()
    assert (body["is_allowed"], len(body["styles"])) == (False, 1)
    ask(shopper, status=403)
    drop(shopper)
    assert not PersonalStyle.objects.exists()


def test_another_site_cannot_ask(shopper):
    answer = client_of(shopper).post(ADDRESS, {}, format="json", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert not RestyleJob.objects.exists()


@pytest.mark.parametrize(
    "body", [{"mix": {}}, {"mix": {"nothing": 1}}, {"mix": {"oil": -1}}, {"mix": {"oil": 0}}, {}], ids=str
)
def test_what_cannot_be_mixed_is_refused_in_words_and_leaves_nothing(shopper, body):
    assert ask(shopper, body, status=400).json()["mix"]
    assert not PersonalStyle.objects.exists()
    assert not RestyleJob.objects.exists()


def test_the_quota_holds_per_shopper(shopper, make_shopper, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "PERSONAL_STYLES": 1}
    assert ask(shopper).json()["left"] == 0
    refused = ask(shopper, {"mix": {"ink": 1}}, status=400)
    assert "Delete one first" in refused.json()["mix"][0]
    ask(make_shopper(*Purpose))
    drop(shopper)
    ask(shopper, {"mix": {"ink": 1}})
    assert PersonalStyle.objects.count() == 2


def test_without_photos_nothing_is_kept(shopper):
    Article.objects.update(name="Old")
    assert "no photos" in ask(shopper, status=400).json()["mix"][0]
    assert not PersonalStyle.objects.exists()


def test_dropping_deletes_paintings_and_pick_and_what_waits(shopper, make_request):
    ask(shopper)
    drain_all()
    slug = ask(shopper, {"mix": {"ink": 1}}).json()["styles"][1]["style"]
    drop(shopper, f"?style={slug}")
    drain_all()
    assert not StyledVariant.objects.filter(preset__slug=slug).exists()
    assert Shopper.objects.get(pk=shopper.pk).picked_style == ""
    assert PersonalStyle.objects.count() == 1
    drop(shopper)
    drop(shopper)
    assert not StyledVariant.objects.exists()
    assert set(StylePreset.objects.values_list("slug", flat=True)) == {"oil", "ink"}
    assert chooser_for(make_request(shopper)).presets == ()


def test_export_names_it_and_erasure_leaves_nothing(shopper):
    slug = ask(shopper).json()["styles"][0]["style"]
    drain_all()
    preset = StylePreset.objects.get(slug=slug)
    exported = export(shopper)
    rows = next(
        table["rows"] for name, table in exported["tables"].items() if name == "styletransfer.personalstyle"
    )
    assert [row["preset"] for row in rows] == [preset.pk]
    erase(shopper)
    assert not PersonalStyle.objects.exists()
    assert not StylePreset.objects.filter(pk=preset.pk).exists()
    assert not StyledVariant.objects.filter(preset_id=preset.pk).exists()
