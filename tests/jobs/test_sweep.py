"""The sweep takes what nothing needs, and nothing else, also beside a worker."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from styletransfer.jobs import leftovers, sweep
from styletransfer.jobs.files import write_once
from styletransfer.jobs.leftovers import KnownNames, find_leftovers, walk
from styletransfer.jobs.previews import request_preview
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.sweep import Sweep
from styletransfer.models import NotedChange, StyledVariant, StylePreset, WorkerSign
from styletransfer.testing import make_variant, photo_bytes
from tests.jobs.conftest import configure
from tests.jobs.test_drain import drain_all
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db

DAY = timedelta(hours=24)


@pytest.fixture
def painted(source, make_preset, make_photos):
    """Three photos, painted and ready; the preset."""
    preset = make_preset()
    make_photos(3)
    request_restyle(source, Photo.objects.all(), [preset])
    drain_all()
    return preset


def age(hours=48, *names):
    """Make files look old; all of them by default."""
    then = time.time() - hours * 3600
    for name in names or walk(default_storage, "styled"):
        os.utime(default_storage.path(name), (then, then))


def files():
    return set(walk(default_storage, "styled"))


def store(name):
    return default_storage.save(name, ContentFile(b"left over"))


def test_a_shop_in_order_loses_nothing(painted):
    before = files()
    age()
    report = Sweep(timedelta(0)).run()
    assert files() == before
    assert len(before) == 3 * 2 + 1
    assert (report.files, report.superseded_rows, report.orphan_rows) == (0, 0, 0)


def test_orphan_files_go_once_they_are_old(painted):
    before = files()
    old = [store("styled/ab/cafe-320.webp"), store("styled/masters/9-dead.png"), store("styled/ab/.x.1.part")]
    age(48, *old)
    young = store("styled/ab/beef-320.webp")
    elsewhere = store("photos/not-ours.jpg")
    age(48, elsewhere)
    report = Sweep(DAY).run()
    assert (report.files, report.bytes) == (3, 27)
    assert files() == before | {young}
    assert default_storage.exists(elsewhere)


def test_a_dry_run_changes_nothing_and_names_what_would_go(painted, capsys):
    age(48, store("styled/ab/cafe-320.webp"))
    make_variant(Photo.objects.first(), painted, state="superseded", created_at=None)
    StyledVariant.objects.update(created_at=timezone.now() - 2 * DAY, finished_at=timezone.now() - 2 * DAY)
    before, rows = files(), StyledVariant.objects.count()
    call_command("styletransfer_sweep", "--dry-run")
    printed = capsys.readouterr().out
    assert "would remove file styled/ab/cafe-320.webp" in printed
    assert "would remove superseded row" in printed
    assert (files(), StyledVariant.objects.count()) == (before, rows)
    call_command("styletransfer_sweep")
    printed = capsys.readouterr().out
    assert "would" not in printed
    assert (len(before) - len(files()), rows - StyledVariant.objects.count()) == (1, 1)


def test_a_superseded_variant_stays_for_the_grace_after_its_successor_and_then_goes_with_its_files(painted):
    photo = Photo.objects.first()
    photo.image.save("new.jpg", ContentFile(photo_bytes(seed=77)))
    drain_all()
    old = StyledVariant.objects.get(state="superseded")
    names = {rendition["name"] for rendition in old.renditions}
    # Finished long ago, but on show until a moment ago: cached pages still name its files.
    StyledVariant.objects.filter(pk=old.pk).update(
        created_at="2020-01-01T00:00Z", finished_at="2020-01-01T00:00Z"
    )
    age()
    assert Sweep(DAY).run().superseded_rows == 0
    assert names <= files()
    StyledVariant.objects.update(finished_at=timezone.now() - 2 * DAY, created_at=timezone.now() - 2 * DAY)
    report = Sweep(DAY).run()
    assert (report.superseded_rows, report.files) == (1, 2)
    assert not names & files()
    assert StyledVariant.objects.filter(state="ready").count() == 3


def test_rows_of_photos_deleted_behind_the_signals_go(painted):
    photo = Photo.objects.first()
    Photo.objects.filter(pk=photo.pk)._raw_delete("default")
    make_variant(Photo.objects.last(), painted, object_id="no number", source_name="x")
    age()
    report = Sweep(DAY).run()
    assert report.orphan_rows == 2
    assert report.files == 2
    assert StyledVariant.objects.count() == 2


def test_rows_of_an_app_that_is_not_installed_now_stay(painted):
    absent = ContentType.objects.create(app_label="gone", model="picture")
    StyledVariant.objects.update(content_type=absent)
    assert Sweep(DAY).run().orphan_rows == 0


def test_files_that_equal_pictures_share_stay_while_one_row_needs_them(painted):
    first, second = StyledVariant.objects.order_by("pk")[:2]
    StyledVariant.objects.filter(pk=second.pk).update(renditions=first.renditions)
    shared = {rendition["name"] for rendition in first.renditions}
    StyledVariant.objects.filter(pk=first.pk).delete()
    age()
    Sweep(DAY).run()
    assert shared <= files()


def test_old_drafts_go_with_their_variants_and_young_ones_stay(painted, source):
    photo = Photo.objects.first()
    request_preview(painted, source, photo, {"strength": 0.3})
    request_preview(painted, source, photo, {"strength": 0.4})
    drain_all()
    old, young = StylePreset.objects.filter(draft_of__isnull=False).order_by("pk")
    StylePreset.objects.filter(pk=old.pk).update(created_at=timezone.now() - 2 * DAY)
    assert Sweep(DAY).run().drafts == 0, "somebody looked at it today"
    StyledVariant.objects.filter(preset=old).update(
        created_at=timezone.now() - 2 * DAY, finished_at=timezone.now() - 2 * DAY
    )
    assert Sweep(DAY).run().drafts == 1
    assert list(StylePreset.objects.filter(draft_of__isnull=False)) == [young]
    assert StyledVariant.objects.filter(preset=young).exists()
    assert not StyledVariant.objects.filter(preset=old.pk).exists()


def test_masters_of_ended_variants_go(painted):
    name = store("styled/masters/1-abc.png")
    variant = StyledVariant.objects.first()
    StyledVariant.objects.filter(pk=variant.pk).update(state="failed", master_name=name)
    age()
    assert Sweep(DAY).run().masters == 0
    assert default_storage.exists(name)
    StyledVariant.objects.filter(pk=variant.pk).update(finished_at=timezone.now() - 2 * DAY)
    report = Sweep(DAY).run()
    assert (report.masters, report.files) == (1, 1)
    assert not default_storage.exists(name)


def test_the_master_of_a_variant_at_work_stays(painted):
    name = store("styled/masters/1-abc.png")
    StyledVariant.objects.filter(pk=StyledVariant.objects.first().pk).update(
        state="encoding", master_name=name
    )
    age()
    Sweep(timedelta(0)).run()
    assert default_storage.exists(name)


def test_expired_leases_old_signs_and_unused_notes(painted, settings):
    variant = StyledVariant.objects.first()
    StyledVariant.objects.filter(pk=variant.pk).update(
        state="painting", token="0" * 32, lease_until=timezone.now() - DAY
    )
    WorkerSign.objects.update(seen_at=timezone.now() - 2 * DAY)
    signs = WorkerSign.objects.count()
    NotedChange.objects.create(preset=painted)
    NotedChange.objects.update(noted_at=timezone.now() - 2 * DAY)
    report = Sweep(DAY).run()
    assert (report.leases, report.signs) == (1, signs)
    assert StyledVariant.objects.get(pk=variant.pk).state == "queued"
    assert NotedChange.objects.exists()
    configure(settings, REFRESH="never")
    assert Sweep(DAY).run().signs == 1


def test_a_row_that_is_shown_again_in_between_is_not_deleted(painted, monkeypatch):
    StyledVariant.objects.update(
        state="superseded", created_at=timezone.now() - 2 * DAY, finished_at=timezone.now() - 2 * DAY
    )
    run = Sweep(DAY)
    original = run._delete

    def revive_first(rows, kind):
        if kind == "superseded row":
            StyledVariant.objects.filter(pk=StyledVariant.objects.first().pk).update(state="ready")
        return original(rows, kind)

    monkeypatch.setattr(run, "_delete", revive_first)
    assert run.run().superseded_rows == 2
    assert StyledVariant.objects.get().state == "ready"


def test_a_file_that_gets_its_row_while_the_sweep_runs_stays(painted, monkeypatch):
    names = {rendition["name"] for rendition in StyledVariant.objects.first().renditions}
    kept = StyledVariant.objects.first()
    StyledVariant.objects.filter(pk=kept.pk).update(renditions=[])
    age()
    original = KnownNames.unknown

    def finish_in_between(self, asked):
        found = original(self, asked)
        StyledVariant.objects.filter(pk=kept.pk).update(
            renditions=kept.renditions, finished_at=timezone.now()
        )
        return found

    monkeypatch.setattr(KnownNames, "unknown", finish_in_between)
    assert list(find_leftovers(timezone.now() - DAY)) == []
    assert names <= files()


def test_storing_the_same_bytes_again_keeps_the_sweep_from_the_file(painted, monkeypatch):
    name = store("styled/ab/cafe-320.webp")
    age(48, name)
    original = KnownNames.still_unknown

    def a_worker_stores_it_again(self, names):
        found = original(self, names)
        write_once(default_storage, name, b"left over")
        return found

    monkeypatch.setattr(KnownNames, "still_unknown", a_worker_stores_it_again)
    assert Sweep(DAY).run().files == 0
    assert default_storage.exists(name)


def test_many_files_and_rows_are_handled_in_chunks(painted, monkeypatch):
    for module in (leftovers, sweep):
        monkeypatch.setattr(module, "CHUNK", 2)
    for number in range(7):
        age(48, store(f"styled/ab/cafe-{number}.webp"))
        make_variant(Photo.objects.first(), painted, state="superseded")
    StyledVariant.objects.filter(state="superseded").update(created_at=timezone.now() - 2 * DAY)
    StyledVariant.objects.update(finished_at=timezone.now() - 2 * DAY)
    report = Sweep(DAY).run()
    assert (report.files, report.superseded_rows) == (7, 7)
    assert len(files()) == 7


def test_a_storage_that_cannot_list_is_said_so(painted, monkeypatch):
    def refuse(self, path):
        raise NotImplementedError

    monkeypatch.setattr(FileSystemStorage, "listdir", refuse)
    with pytest.raises(CommandError, match="cannot list"):
        call_command("styletransfer_sweep")


def test_a_storage_that_is_empty_is_no_error(make_preset):
    assert Sweep(DAY).run().files == 0
    with pytest.raises(CommandError, match="negative"):
        call_command("styletransfer_sweep", "--grace", "-1")


@pytest.mark.parametrize("prefix", ["", "/", "../media", "styled/", "/styled", "a/./b"])
def test_a_prefix_that_would_let_the_sweep_out_of_its_folder_is_refused(settings, prefix):
    from django.core.exceptions import ImproperlyConfigured

    from styletransfer.conf import get_settings

    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "UPLOAD_PREFIX": prefix}
    with pytest.raises(ImproperlyConfigured, match="UPLOAD_PREFIX"):
        get_settings()


def test_the_task_sweeps_with_the_grace_of_the_settings(painted, settings):
    from styletransfer.jobs.tasks import tidy

    name = store("styled/ab/cafe-320.webp")
    age(3, name)
    tidy()
    assert default_storage.exists(name)
    configure(settings, SWEEP_GRACE_HOURS=2)
    tidy()
    assert not Path(default_storage.path(name)).exists()
