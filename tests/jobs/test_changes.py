"""A changed photo, preset or engine: the old painting stays on show, the new one comes by policy."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from styletransfer.delivery import picture_for
from styletransfer.jobs import changes, claims, engines
from styletransfer.jobs.lanes import drain, has_work
from styletransfer.jobs.outdated import outdated_keys, refresh_outdated
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import (
    EngineSeen,
    NotedChange,
    RestyleJob,
    StyledVariant,
    StylePresetPart,
    StyleReference,
)
from styletransfer.sources import register, unregister
from styletransfer.testing import FakeEngine, count_calls, photo_bytes, photo_file
from tests.jobs.conftest import configure
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo, UuidPhoto

pytestmark = pytest.mark.django_db


@pytest.fixture
def painted(source, make_preset, make_photos):
    """Three photos, painted and ready; the preset."""
    preset = make_preset()
    make_photos(3)
    request_restyle(source, Photo.objects.all(), [preset])
    drain_all()
    assert ready() == 3
    return preset


def ready():
    return StyledVariant.objects.filter(state="ready").count()


def replace(photo, seed=50, name="other.jpg"):
    photo.image.save(name, photo_file(name, seed=seed))


def shown_source(photo):
    """The name of the file that the shown painting was made from."""
    src = picture_for(Photo.objects.get(pk=photo.pk), "oil").src
    for variant in StyledVariant.objects.exclude(renditions=[]):
        if any(default_storage.url(rendition["name"]) == src for rendition in variant.renditions):
            return variant.source_name
    return None


def test_a_replaced_photo_is_painted_anew_and_the_old_painting_is_shown_until_then(painted):
    photo = Photo.objects.first()
    before = photo.image.name
    replace(photo)
    assert (NotedChange.objects.count(), RestyleJob.objects.count()) == (1, 1)
    assert shown_source(photo) == before
    drain("encode")
    job = RestyleJob.objects.first()
    assert (job.lane, job.requested_by, job.items.get().object_id) == ("bulk", None, str(photo.pk))
    assert not NotedChange.objects.exists()
    assert shown_source(photo) == before
    drain("bulk")
    assert shown_source(photo) == before
    drain("encode")
    assert shown_source(photo) == photo.image.name
    states = (
        StyledVariant.objects.filter(object_id=str(photo.pk)).order_by("pk").values_list("state", flat=True)
    )
    assert list(states) == ["superseded", "ready"]


def test_new_bytes_under_the_old_name_are_noticed(painted, settings):
    photo = Photo.objects.first()
    name = photo.image.name
    default_storage.delete(name)
    photo.image = ContentFile(photo_bytes(seed=51), name=name.rpartition("/")[2])
    photo.save()
    assert photo.image.name == name
    assert NotedChange.objects.count() == 1
    drain_all()
    assert StyledVariant.objects.filter(object_id=str(photo.pk), state="ready").count() == 1
    assert StyledVariant.objects.filter(object_id=str(photo.pk)).count() == 2


def test_a_save_that_changes_no_photo_notes_nothing_and_reads_no_storage(painted):
    photo = Photo.objects.first()
    photo.alt = "Another text"
    with count_calls() as counts:
        photo.save()
    assert not NotedChange.objects.exists()
    assert counts.storage == []
    assert len(counts.sql) == 2
    with count_calls() as counts:
        photo.save(update_fields=["alt"])
    assert len(counts.sql) == 1


def test_replacing_a_photo_costs_the_request_no_reading(painted):
    photo = Photo.objects.first()
    photo.image.name = "photos/elsewhere.jpg"
    with count_calls() as counts:
        Photo.save(photo, update_fields=["image"])
    assert NotedChange.objects.count() == 1
    assert "open" not in counts.storage
    assert len(counts.sql) <= 5


def test_a_photo_that_was_never_painted_is_not_noted(make_photos):
    (photo,) = make_photos(1)
    replace(photo)
    assert not NotedChange.objects.exists()


def test_many_replaced_photos_make_one_job(painted):
    for photo in Photo.objects.all():
        replace(photo, seed=60 + photo.pk)
        replace(photo, seed=70 + photo.pk)
    assert NotedChange.objects.count() >= 3
    jobs = changes.take_changes()
    assert [job.items.count() for job in jobs] == [3]
    drain_all()
    assert ready() == 3


def test_photos_painted_in_different_presets_keep_to_theirs(painted, source, make_preset):
    first, second, _third = Photo.objects.order_by("pk")
    request_restyle(source, [first.pk], [make_preset("ink", seed=9)])
    drain_all()
    replace(first)
    replace(second, seed=52)
    jobs = changes.take_changes()
    wanted = {tuple(sorted(job.presets.values_list("slug", flat=True))): job.items.count() for job in jobs}
    assert wanted == {("ink", "oil"): 1, ("oil",): 1}


@pytest.mark.parametrize("policy", ["nightly", "never"])
def test_other_policies_leave_work_for_later_or_for_nobody(painted, settings, policy):
    configure(settings, REFRESH=policy)
    replace(Photo.objects.first())
    assert NotedChange.objects.count() == (policy == "nightly")
    assert not has_work("encode")
    drain_all()
    assert RestyleJob.objects.count() == 1
    call_command("restyle_outdated")
    drain_all()
    assert RestyleJob.objects.count() == 2
    assert not NotedChange.objects.exists()
    assert ready() == 3


def test_the_nightly_task_obeys_never(painted, settings):
    from styletransfer.jobs.tasks import refresh_outdated as task

    configure(settings, REFRESH="never")
    replace(Photo.objects.first())
    task()
    assert RestyleJob.objects.count() == 1
    configure(settings, REFRESH="nightly")
    task()
    assert RestyleJob.objects.count() == 2


def test_a_deleted_photo_takes_its_rows_along_and_leaves_the_files(painted):
    photo = Photo.objects.first()
    variant = StyledVariant.objects.get(object_id=str(photo.pk))
    other = StyledVariant.objects.exclude(pk=variant.pk)
    photo.delete()
    assert list(StyledVariant.objects.all()) == list(other)
    assert other.count() == 2
    assert all(default_storage.exists(rendition["name"]) for rendition in variant.renditions)


def test_a_photo_deleted_while_it_is_painted_ends_in_a_refused_write(source, make_preset, make_photos):
    make_photos(2)
    request_restyle(source, Photo.objects.all(), [make_preset()])
    drain("encode")
    FakeEngine.on_paint = lambda requests: Photo.objects.first().delete()
    drain("bulk")
    FakeEngine.on_paint = None
    drain_all()
    assert StyledVariant.objects.get().state == "ready"
    assert default_storage.listdir("styled/masters")[1] == []


@pytest.mark.parametrize("change", ["amount", "reference added", "reference removed"])
def test_a_changed_preset_is_painted_anew(painted, change):
    if change == "amount":
        painted.strength = 0.4
        painted.save()
    elif change == "reference added":
        image = ContentFile(photo_bytes(48, 48, seed=8, image_format="PNG"), name="two.png")
        StyleReference(preset=painted, image=image).save()
    else:
        StyleReference(
            preset=painted, image=ContentFile(photo_bytes(40, 40, seed=4, image_format="PNG"), name="b.png")
        ).save()
        drain_all()
        painted.references.first().delete()
    old = set(StyledVariant.objects.filter(state="ready").values_list("pk", flat=True))
    assert NotedChange.objects.filter(preset=painted).exists()
    drain_all()
    now = set(StyledVariant.objects.filter(state="ready").values_list("pk", flat=True))
    assert len(now) == 3
    assert not now & old
    assert StyledVariant.objects.filter(pk__in=old, state="superseded").count() == 3


def test_a_renamed_preset_is_not_painted_anew(painted):
    painted.name = "Oil on canvas"
    painted.save()
    assert not NotedChange.objects.exists()


def test_a_mix_follows_its_components(painted, source, make_preset):
    mix = make_preset("mix", seed=3)
    mix.references.all().delete()
    StylePresetPart(preset=mix, component=painted, weight=1).save()
    request_restyle(source, Photo.objects.all()[:1], [mix])
    drain_all()
    before = StyledVariant.objects.get(preset=mix, state="ready").pk
    image = ContentFile(photo_bytes(48, 48, seed=8, image_format="PNG"), name="two.png")
    StyleReference(preset=painted, image=image).save()
    drain_all()
    assert StyledVariant.objects.get(preset=mix, state="ready").pk != before


def test_a_preset_nobody_uses_and_an_inactive_one_cost_nothing(painted, make_preset):
    unused = make_preset("ink", seed=9)
    unused.strength = 0.2
    unused.save()
    assert not NotedChange.objects.exists()
    painted.is_active = False
    painted.strength = 0.2
    painted.save()
    assert changes.take_changes() == []
    assert not NotedChange.objects.exists()


def test_new_weights_are_noticed_once_and_painted(painted, settings):
    assert EngineSeen.objects.get().engine == "fake"
    assert changes.note_engines() == []
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "ENGINE_OPTIONS": {"fake": {"version": "2"}}}
    engines.get_engine.cache_clear()
    assert changes.note_engines() == ["fake"]
    assert changes.note_engines() == []
    old = set(StyledVariant.objects.values_list("pk", flat=True))
    drain_all()
    assert StyledVariant.objects.filter(state="ready").exclude(pk__in=old).count() == 3


def test_what_no_signal_saw_is_found_by_the_scan(painted, source):
    photo = Photo.objects.first()
    replacement = default_storage.save("photos/quiet.jpg", photo_file("quiet.jpg", seed=80))
    Photo.objects.filter(pk=photo.pk).update(image=replacement)
    assert not NotedChange.objects.exists()
    assert list(outdated_keys(source, painted, engines.engine_digest("fake"))) == [str(photo.pk)]
    assert refresh_outdated(is_dry=True).photos == 1
    report = refresh_outdated()
    assert (report.photos, len(report.jobs)) == (1, 1)
    drain_all()
    assert refresh_outdated().photos == 0


def test_the_scan_leaves_alone_what_staff_cancelled_and_what_is_on_its_way(painted, source):
    replace(Photo.objects.first())
    drain("encode")
    assert refresh_outdated().photos == 0
    claims.cancel(StyledVariant.objects.filter(state="queued"))
    assert refresh_outdated().photos == 0


def test_the_scan_reads_in_chunks_and_asks_a_bounded_number_of_questions(painted, source, monkeypatch):
    monkeypatch.setattr("styletransfer.jobs.outdated.CHUNK", 2)
    painted.strength = 0.1
    painted.save()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert len(list(outdated_keys(source, painted, engines.engine_digest("fake")))) == 3
    # Jobs with folded selections, the rows, and three a chunk.
    assert len(captured) == 2 + 2 * 3


def test_formats_of_the_settings_count(painted, settings):
    configure(settings, FORMATS=["webp", "jpeg"])
    assert refresh_outdated().photos == 3
    drain_all()
    formats = {
        rendition["format"]
        for variant in StyledVariant.objects.filter(state="ready")
        for rendition in variant.renditions
    }
    assert formats == {"webp", "jpeg"}


def test_a_second_night_without_workers_requests_nothing_twice(painted):
    painted.strength = 0.3
    painted.save()
    assert refresh_outdated().photos == 3
    assert refresh_outdated().photos == 0


def test_the_command_counts_and_refuses_unknown_presets(painted, capsys):
    from django.core.management.base import CommandError

    painted.strength = 0.3
    painted.save()
    call_command("restyle_outdated", "--dry-run")
    assert "3 photos are outdated" in capsys.readouterr().out
    call_command("restyle_outdated", "--preset", "oil")
    assert "3 photos requested anew in 1 jobs" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no preset ink"):
        call_command("restyle_outdated", "--preset", "ink")


def test_sources_registered_later_are_watched_and_uuid_keys_work(make_preset):
    unregister(UuidPhoto)
    source = register(UuidPhoto, image="picture")
    photo = UuidPhoto.objects.create(picture=photo_file("a.jpg", seed=1))
    request_restyle(source, UuidPhoto.objects.all(), [make_preset()])
    drain_all()
    photo.picture.save("b.jpg", photo_file("b.jpg", seed=2))
    drain_all()
    assert StyledVariant.objects.filter(state="ready").get().source_name == photo.picture.name
    photo.delete()
    assert not StyledVariant.objects.exists()


def test_two_workers_take_a_note_once(painted, monkeypatch):
    replace(Photo.objects.first())
    original = NotedChange.objects.order_by

    def taken_by_another_in_between(*fields):
        notes = list(original(*fields))
        NotedChange.objects.all().delete()

        class Read(list):
            def __getitem__(self, item):
                return notes[item]

        return Read()

    monkeypatch.setattr(NotedChange.objects, "order_by", taken_by_another_in_between)
    assert changes.take_changes() == []
