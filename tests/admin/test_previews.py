"""“Try it on a product”: unsaved amounts, painted by a worker, followed by polling or by reloading."""

import pytest
from django.urls import reverse

from styletransfer.engine.base import EngineError
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.testing import FakeEngine, photo_file
from tests.testapp.models import UuidPhoto

CHANGE = "admin:styletransfer_stylepreset_change"
START = "admin:styletransfer_preview_start"
STATUS = "admin:styletransfer_preview"
PHOTOS = "admin:styletransfer_preview_photos"
JSON = {"Accept": "application/json"}


def key_of(photo):
    return f"{photo._meta.label_lower}:{photo.pk}"


def start(client, preset, photo, **amounts):
    data = {"preview_photo": key_of(photo), "strength": "0.3", **amounts}
    return client.post(reverse(START, args=[preset.pk]), data, headers=JSON)


def test_unsaved_amounts_are_painted_and_polled(boss, make_preset, make_photo, drain):
    preset, photo = make_preset(strength=1.0), make_photo()
    answer = start(boss, preset, photo)
    assert answer.status_code == 202
    queued = answer.json()
    assert (queued["state"], queued["is_open"], queued["after"]) == ("queued", True, "")
    assert "restyle_worker" in queued["hint"]
    drain()
    ready = boss.get(queued["url"], headers=JSON).json()
    assert ready["is_ready"]
    assert not ready["is_open"]
    variant = StyledVariant.objects.get()
    assert ready["before"] == photo.image.url
    assert any(item["name"] in ready["after"] for item in variant.renditions)
    assert (variant.lane, variant.preset.draft_of, variant.preset.strength) == ("interactive", preset, 0.3)
    assert StylePreset.objects.looks().get().strength == 1.0


def test_uuid_photos_work_too(boss, make_preset, drain):
    photo = UuidPhoto.objects.create(picture=photo_file("u.jpg"))
    queued = start(boss, make_preset(), photo).json()
    drain()
    assert boss.get(queued["url"], headers=JSON).json()["is_ready"]


def test_without_a_script_the_button_leads_to_a_page_that_reloads(boss, make_preset, make_photo, drain):
    preset, photo = make_preset(), make_photo()
    data = {"preview_photo": key_of(photo), "strength": "0.3", "name": "unsaved"}
    page = boss.post(reverse(START, args=[preset.pk]), data, follow=True)
    assert 'http-equiv="refresh"' in page.content.decode()
    assert "restyle_worker" in page.content.decode()
    drain()
    page = boss.get(page.redirect_chain[-1][0]).content.decode()
    assert 'http-equiv="refresh"' not in page
    assert "st-compare" in page


def test_failures_say_why(boss, make_preset, make_photo, drain, monkeypatch):
    def refuse(requests):
        raise EngineError("the paint is dry")

    monkeypatch.setattr(FakeEngine, "on_paint", staticmethod(refuse))
    queued = start(boss, make_preset(), make_photo()).json()
    drain()
    failed = boss.get(queued["url"], headers=JSON).json()
    assert (failed["is_open"], failed["is_ready"]) == (False, False)
    assert "the paint is dry" in failed["text"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"strength": "7", "preview_photo": "x"}, "less than or equal to 1"),
        ({"strength": "nan", "preview_photo": "x"}, "Enter a number"),
        ({"strength": "0.5"}, "Pick a photo"),
    ],
)
def test_bad_requests_say_what_to_do(boss, make_preset, data, complaint):
    preset = make_preset()
    url = reverse(START, args=[preset.pk])
    answer = boss.post(url, data, headers=JSON)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]
    assert complaint in boss.post(url, data, follow=True).content.decode()


@pytest.mark.parametrize("key", ["testapp.photo:999", "testapp.photo:x", "auth.user:1", "nonsense"])
def test_only_photos_of_sources_are_found(boss, make_preset, key):
    data = {"preview_photo": key, "strength": "0.5"}
    assert boss.post(reverse(START, args=[make_preset().pk]), data).status_code == 404


def test_an_overtaken_preview_leaves_the_queue(boss, make_preset, make_photo, drain):
    oil, ink, photo = make_preset("oil"), make_preset("ink"), make_photo()
    foreign = start(boss, ink, photo).json()["id"]
    first = start(boss, oil, photo).json()["id"]
    second = start(boss, oil, photo, strength="0.4", replaces=str(first)).json()["id"]
    same = start(boss, oil, photo, strength="0.4", replaces=str(second)).json()["id"]
    start(boss, oil, photo, strength="0.5", replaces=str(foreign))
    start(boss, oil, photo, strength="0.5", replaces="x")
    assert same == second
    states = dict(StyledVariant.objects.values_list("pk", "state"))
    assert (states[first], states[second], states[foreign]) == ("cancelled", "queued", "queued")
    assert start(boss, oil, photo).json()["state"] == "queued"


def test_the_hint_tells_a_busy_worker_from_a_missing_one(boss, make_preset, make_photo):
    from styletransfer.jobs import claims

    oil = make_preset()
    start(boss, oil, make_photo(0))
    claims.claim_for_painting("interactive", limit=1)
    assert "busy with other pictures" in start(boss, oil, make_photo(1)).json()["hint"]


def test_rights(client_with, boss, make_preset, make_photo):
    preset, photo = make_preset(), make_photo()
    url = start(boss, preset, photo).json()["url"]
    nobody = client_with("testapp.view_photo")
    sees_no_photos = client_with("styletransfer.view_stylepreset", "styletransfer.restyle")
    only_looks = client_with("styletransfer.view_stylepreset", "testapp.view_photo")
    for client in (nobody, sees_no_photos, only_looks):
        assert start(client, preset, photo).status_code == 403
        assert client.get(url, headers=JSON).status_code == 403
    assert "data-start-url" not in only_looks.get(reverse(CHANGE, args=[preset.pk])).content.decode()
    restyler = client_with("styletransfer.view_stylepreset", "styletransfer.restyle", "testapp.view_photo")
    assert start(restyler, preset, photo).status_code == 202
    assert "data-start-url" in restyler.get(reverse(CHANGE, args=[preset.pk])).content.decode()


def test_a_variant_of_another_preset_is_not_shown(boss, make_preset, make_photo):
    oil, ink = make_preset("oil"), make_preset("ink")
    start(boss, oil, make_photo())
    assert boss.get(reverse(STATUS, args=[ink.pk, StyledVariant.objects.get().pk])).status_code == 404


def test_getting_the_start_address_paints_nothing(boss, make_preset):
    assert boss.get(reverse(START, args=[make_preset().pk])).status_code == 302
    assert not StyledVariant.objects.exists()


def test_photo_search_uses_names_and_the_hosts_own_search(boss, client_with, make_photo):
    photos = [make_photo(number) for number in range(3)]
    found = boss.get(f"{reverse(PHOTOS)}?q=Mug 1").json()["photos"]
    assert [item["key"] for item in found] == [key_of(photos[1])]
    assert len(boss.get(reverse(PHOTOS)).json()["photos"]) == 3
    assert boss.get(f"{reverse(PHOTOS)}?q=teapot").json() == {"photos": []}
    blind = client_with("styletransfer.view_stylepreset", "styletransfer.restyle")
    assert blind.get(reverse(PHOTOS)).json() == {"photos": []}
