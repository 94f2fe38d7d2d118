"""What the confirm page tells: where photos stand, what is refused, how long it takes, and a live sample."""

import pytest
from django.urls import reverse

from styletransfer.admin.speed import Speed, about, measured_speed
from styletransfer.models import RestyleJob, StyledVariant, StylePreset, WorkerSign
from styletransfer.testing import photo_file
from tests.admin.test_restyle_action import ARTICLES, PHOTOS, UUIDS, confirm, select
from tests.testapp.admin import PhotoAdmin
from tests.testapp.models import Article, Photo, UuidPhoto

JSON = {"Accept": "application/json"}


def standing(client, url):
    cards = client.get(url).context["cards"]
    return {card["preset"].slug: card["standing"] for card in cards}


def test_a_changed_look_is_to_be_painted_again(boss, make_preset, make_photo, restyle):
    photos, oil = [make_photo(0), make_photo(1)], make_preset()
    restyle(photos, oil)
    assert standing(boss, select(boss, PHOTOS, photos))["oil"].to_paint == 0
    oil.strength = 0.3
    oil.save()
    found = standing(boss, select(boss, PHOTOS, photos))["oil"]
    assert (found.ready, found.outdated, found.to_paint) == (0, 2, 2)


def test_a_replaced_photo_is_to_be_painted_again(boss, make_preset, make_photo, restyle):
    photo = make_photo()
    restyle([photo], make_preset())
    Photo.objects.filter(pk=photo.pk).update(image="photos/another.jpg")
    found = standing(boss, select(boss, PHOTOS, [photo]))["oil"]
    assert (found.ready, found.to_paint) == (0, 1)


def test_failed_and_waiting_photos_are_told_apart(boss, make_preset, make_photo, restyle):
    photos, oil = [make_photo(number) for number in range(4)], make_preset()
    restyle(photos[:3], oil)
    for photo, state in zip(photos, ("ready", "failed", "queued"), strict=False):
        StyledVariant.objects.filter(object_id=str(photo.pk)).update(state=state)
    found = standing(boss, select(boss, PHOTOS, photos))["oil"]
    assert (found.ready, found.stuck, found.in_work, found.to_paint) == (1, 1, 1, 1)


def test_uuid_photos_stand_like_others(boss, make_preset, drain):
    photo = UuidPhoto.objects.create(picture=photo_file("u.jpg"))
    url = select(boss, UUIDS, [photo])
    confirm(boss, url, make_preset())
    drain()
    assert standing(boss, select(boss, UUIDS, [photo]))["oil"].ready == 1


def test_photos_that_the_host_keeps_back_are_shown(boss, make_preset, make_photo, monkeypatch):
    photos = [make_photo(number) for number in range(3)]
    monkeypatch.setattr(
        PhotoAdmin,
        "get_restylable_photos",
        lambda self, request, source, found: found.exclude(pk=photos[0].pk),
    )
    url = select(boss, PHOTOS, photos)
    page = boss.get(url).content.decode()
    assert "<strong>2 photos</strong>" in page
    assert "1 selected photo is left out" in page
    assert "A mug, number 0" in page
    confirm(boss, url, make_preset())
    assert RestyleJob.objects.get().items.count() == 2


def test_photos_of_a_model_out_of_sight_are_shown_as_refused(client_with, make_preset, make_photo):
    client = client_with("styletransfer.restyle", "testapp.view_article")
    photo, preset = make_photo(), make_preset()
    url = select(client, ARTICLES, [photo.article])
    page = client.get(url)
    assert "1 selected photo is left out" in page.content.decode()
    assert 'name="presets"' not in page.content.decode()
    client.post(url, {"seen": page.context["seen"], "presets": [preset.pk]})
    assert not RestyleJob.objects.exists()


def test_the_admins_own_narrowing_is_kept(boss, make_photo, monkeypatch):
    photos = [make_photo(0), make_photo(1)]
    own = Photo.objects.exclude(pk=photos[0].pk)
    monkeypatch.setattr(PhotoAdmin, "get_queryset", lambda self, request: own)
    found = boss.get(select(boss, ARTICLES, [photo.article for photo in photos])).context["found"]
    assert [(reach.count, reach.refused) for reach in found] == [(1, 1)]


def test_hurry_is_for_small_selections(boss, make_preset, make_photo, monkeypatch):
    photo, preset = make_photo(), make_preset()
    confirm(boss, select(boss, PHOTOS, [photo]), preset, hurry="on")
    assert RestyleJob.objects.get().lane == "interactive"
    monkeypatch.setattr("styletransfer.admin.confirm_form.HURRY_LIMIT", 0)
    url = select(boss, PHOTOS, [photo])
    assert 'name="hurry"' not in boss.get(url).content.decode()
    confirm(boss, url, preset, hurry="on")
    assert RestyleJob.objects.latest("pk").lane == "bulk"


def test_a_sample_is_painted_and_followed(boss, make_preset, make_photo, drain):
    photos, oil = [make_photo(number) for number in range(5)], make_preset()
    url = select(boss, PHOTOS, photos)
    sample = f"{url}sample/"
    assert boss.post(sample, {}, headers=JSON).json() == {"error": "Choose at least one look."}
    begun = boss.post(sample, {"presets": [oil.pk]}, headers=JSON)
    assert begun.status_code == 202
    assert begun.json()["is_open"]
    drafts = StyledVariant.objects.filter(preset__draft_of=oil)
    chosen = {int(pk) for pk in drafts.values_list("object_id", flat=True)}
    assert chosen == {photos[0].pk, photos[2].pk, photos[4].pk}
    assert set(drafts.values_list("lane", flat=True)) == {"interactive"}
    drain()
    done = boss.get(sample, headers=JSON).json()
    assert not done["is_open"]
    assert done["text"] == "The sample is finished: 3 of 3 ready."
    assert done["html"].count("<img") == 6
    # Nothing but previews came of it.
    assert not RestyleJob.objects.exists()
    assert "The sample is finished" in boss.get(url).content.decode()


def test_a_sample_without_a_script_keeps_the_ticks(boss, make_preset, make_photo):
    oil = make_preset()
    url = select(boss, PHOTOS, [make_photo()])
    answer = boss.post(f"{url}sample/", {"presets": [oil.pk], "force": "on", "seen": "x"})
    assert answer["Location"] == f"{url}?presets={oil.pk}&force=on#st-sample"
    page = boss.get(answer["Location"]).context
    assert page["cards"][0]["is_picked"]
    assert page["sample"]["is_open"]


def test_a_sample_of_a_missing_file_says_so(boss, make_preset, make_photo, drain):
    photo, oil = make_photo(), make_preset()
    photo.image.storage.delete(photo.image.name)
    url = select(boss, PHOTOS, [photo])
    boss.post(f"{url}sample/", {"presets": [oil.pk]}, headers=JSON)
    drain()
    state = boss.get(f"{url}sample/", headers=JSON).json()
    assert "is missing from its storage" in state["html"]


def test_samples_need_the_right_to_restyle(client_with, boss, make_photo, make_preset):
    url = select(boss, PHOTOS, [make_photo()])
    client = client_with("testapp.view_photo", "styletransfer.review")
    assert client.post(f"{url}sample/", {"presets": [make_preset().pk]}).status_code == 403
    assert client.get(f"{url}sample/", headers=JSON).status_code == 403


@pytest.fixture
def blind_photo(db):
    """A photo without width, height and file: Django would open it when its row is loaded."""
    article = Article.objects.create(name="Lost mug")
    Photo.objects.bulk_create([Photo(article=article, image="photos/lost.jpg", width=8, height=8)])
    Photo.objects.update(width=None, height=None)
    return Photo.objects.values_list("pk", flat=True).get()


def test_rows_without_size_or_file_open_every_page(boss, make_preset, blind_photo, drain):
    with pytest.raises(FileNotFoundError):
        Photo.objects.get()
    oil = make_preset()
    article = Article.objects.get()
    url = select(boss, ARTICLES, [article])
    assert "photos/lost.jpg" in boss.get(url).content.decode()
    assert boss.post(f"{url}sample/", {"presets": [oil.pk]}).status_code == 302
    assert boss.get(url).status_code == 200
    confirm(boss, url, oil)
    drain()
    job, variant = RestyleJob.objects.get(), StyledVariant.objects.get(preset=oil)
    StyledVariant.objects.filter(pk=variant.pk).update(state="ready", width=8, height=8)
    for name, pk in (
        ("stylepreset_change", oil.pk),
        ("styledvariant_changelist", None),
        ("styledvariant_change", variant.pk),
        ("restylejob_change", job.pk),
        ("restylejob_review", job.pk),
    ):
        page = boss.get(reverse(f"admin:styletransfer_{name}", args=[pk] if pk else None))
        assert page.status_code == 200, name
    photos = boss.get(reverse("admin:styletransfer_preview_photos"), headers=JSON).json()["photos"]
    assert photos[0]["url"] == "/media/photos/lost.jpg"


@pytest.mark.django_db
def test_speed_is_measured_or_not():
    assert measured_speed() == Speed()
    assert "not measured" in Speed().words()
    assert Speed().time_for(5) == ""


@pytest.mark.django_db
def test_speed_of_workers_at_work():
    from django.utils import timezone

    for lane, rate in (("bulk", 4.0), ("encode", 2.5)):
        WorkerSign.objects.create(worker=lane, lane=lane, seen_at=timezone.now(), rate=rate)
    speed = measured_speed()
    assert (speed.rate, speed.is_live) == (2.5, True)
    assert speed.time_for(1000) == "about 7 minutes"


def test_speed_of_past_pictures(make_preset, make_photo, restyle):
    restyle([make_photo()], make_preset())
    WorkerSign.objects.all().delete()
    StyledVariant.objects.update(timings={"paint": 0.3, "encode": 0.2})
    assert measured_speed() == Speed(2.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "about 1 second"), (59, "about 59 seconds"), (600, "about 10 minutes"), (9000, "about 2 hours")],
)
def test_durations(seconds, words):
    assert about(seconds) == words


def test_presets_of_missing_engines_say_so(boss, make_preset, make_photo):
    make_preset()
    StylePreset.objects.update(engine="gone")
    page = boss.get(select(boss, PHOTOS, [make_photo()])).content.decode()
    assert "st-reason" in page
