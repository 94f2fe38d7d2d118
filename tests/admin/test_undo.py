"""Undo: the shop shows photos again at once, and the pictures come back exactly as they were."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from styletransfer.delivery.selection import of_photos, select, showable_variants
from styletransfer.models import RestyleJob, StyledVariant
from styletransfer.sources import get_source
from tests.testapp.models import Photo

ACT = "admin:styletransfer_restylejob_act"
DETAIL = "admin:styletransfer_restylejob_change"


def shown(photo, preset):
    rows = of_photos(showable_variants([preset.slug]), get_source(Photo), [photo.pk])
    return select(list(rows), preset.slug, photo.image.name).shown


@pytest.fixture
def act(boss):
    def press(job, name):
        return boss.post(reverse(ACT, args=[job.pk]), {"act": name}, follow=True).content.decode()

    return press


def test_undo_hides_and_restore_brings_back(act, make_preset, make_photo, restyle):
    photos, preset = [make_photo(0), make_photo(1)], make_preset()
    job = restyle(photos, preset)
    StyledVariant.objects.filter(object_id=str(photos[0].pk)).update(review="approved")
    before = [shown(photo, preset) for photo in photos]
    assert all(before)
    assert "2 pictures are hidden" in act(job, "undo")
    assert [shown(photo, preset) for photo in photos] == [None, None]
    assert "2 pictures are back." in act(job, "restore")
    assert [shown(photo, preset) for photo in photos] == before
    assert StyledVariant.objects.get(object_id=str(photos[0].pk)).review == "approved"


def test_undo_leaves_what_was_ready_before(act, make_preset, make_photo, restyle):
    photos, preset = [make_photo(0), make_photo(1)], make_preset()
    restyle(photos[:1], preset)
    second = restyle(photos, preset)
    act(second, "undo")
    assert shown(photos[0], preset)
    assert shown(photos[1], preset) is None


def test_undo_stops_what_waits(act, make_preset, make_photo, restyle, drain):
    photo, preset = make_photo(), make_preset()
    job = restyle([photo], preset, work=False)
    act(job, "undo")
    drain()
    assert shown(photo, preset) is None
    assert "Bring its pictures back before" in act(job, "retry")
    act(job, "restore")
    act(job, "retry")
    drain()
    assert shown(photo, preset)


def test_repeated_acts_are_logged_once(act, make_preset, make_photo, restyle):
    job = restyle([make_photo()], make_preset())
    for name in ("undo", "undo", "restore", "restore"):
        act(job, name)
    words = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert words == ["Undone: 1 pictures hidden.", "Brought back: 1 pictures."]


def test_asking_again_shows_what_was_hidden(act, make_preset, make_photo, restyle):
    photo, preset = make_photo(), make_preset()
    act(restyle([photo], preset), "undo")
    again = restyle([photo], preset)
    assert shown(photo, preset)
    assert again.counts()["ready"] == 1


def test_a_job_page_tells_that_it_was_undone(act, boss, make_preset, make_photo, restyle):
    job = restyle([make_photo()], make_preset())
    page = act(job, "undo")
    assert "Bring the pictures back" in page
    assert RestyleJob.objects.get().undone_at is not None
    assert boss.post(reverse(ACT, args=[job.pk]), {"act": "melt"}).status_code == 404
    assert boss.post(reverse(ACT, args=[999]), {"act": "undo"}).status_code == 404
    assert "Undone" in boss.get(reverse(DETAIL, args=[job.pk])).content.decode()


def test_changed_looks_do_not_bring_hidden_pictures_back(act, make_preset, make_photo, restyle, drain):
    photos, preset = [make_photo(0), make_photo(1)], make_preset()
    restyle(photos[:1], preset)
    act(restyle(photos[1:], preset), "undo")
    preset.strength = 0.2
    preset.save()
    drain()
    assert [bool(shown(photo, preset)) for photo in photos] == [True, False]
    assert StyledVariant.objects.filter(object_id=str(photos[0].pk)).count() == 2
    assert StyledVariant.objects.filter(object_id=str(photos[1].pk)).count() == 1
