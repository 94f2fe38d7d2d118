"""Catalogue reports: measured in slices by workers, once per photo, resumed, and summed up."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from styletransfer.imaging.masks.base import SubjectMask
from styletransfer.jobs import masks, reports
from styletransfer.jobs.reports import has_reports, measure_some, request_report
from styletransfer.jobs.requests import request_restyle
from styletransfer.jobs.worker import Worker, has_open_work
from styletransfer.models import CatalogueReport, PhotoMask, PictureMeasure
from styletransfer.testing import photo_file
from tests.jobs.conftest import configure
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db


class Middle:
    """A method that is sure of the middle of every picture."""

    name = "middle"
    calls = 0

    def mask(self, pixels):
        type(self).calls += 1
        height, width = pixels.shape[:2]
        alpha = np.zeros((height, width), np.float32)
        alpha[height // 4 : -height // 4, width // 4 : -width // 4] = 1
        return SubjectMask(alpha, 0.9, self.name)


@pytest.fixture(autouse=True)
def middle(settings):
    configure(settings, MASKER=f"{__name__}:Middle")
    Middle.calls = 0
    masks._masker.cache_clear()


def work():
    Worker(encode_threads=0, poll_seconds=0.01).run(until=lambda: True)


def test_a_worker_measures_a_report_and_sums_it_up(make_photos, source):
    make_photos(5)
    report = request_report(source)
    assert has_reports()
    assert has_open_work()
    work()
    report.refresh_from_db()
    assert (report.stage, report.done, report.total) == ("finished", 5, 5)
    assert report.finished_at is not None
    summary = report.summary
    assert summary["photos"] == 5
    assert summary["spreads"]["exposure"]["pictures"] == 5
    assert summary["palette_spread"] > 0
    assert set(summary["target"]) == {"white", "exposure", "contrast", "lightness", "colour"}
    assert not has_reports()
    # Its masks are kept for the presets that need them.
    assert PhotoMask.objects.count() == 5


def test_photos_are_measured_once_and_equal_bytes_share_their_measures(make_photos, source):
    (first,) = make_photos(1)
    Photo.objects.create(article=first.article, image=photo_file("copy.jpg", seed=0))
    request_report(source)
    work()
    assert Middle.calls == 1
    assert PictureMeasure.objects.count() == 2
    request_report(source)
    work()
    assert Middle.calls == 1


def test_a_photo_in_anothers_place_is_measured_anew(make_photos, source):
    (photo,) = make_photos(1)
    request_report(source)
    work()
    photo.image = photo_file("other.jpg", seed=5)
    photo.save()
    assert not PictureMeasure.objects.exists()
    request_report(source)
    work()
    assert Middle.calls == 2


def test_a_run_that_is_cut_off_goes_on_where_it_stood(monkeypatch, make_photos, source):
    make_photos(5)
    monkeypatch.setattr(reports, "CHUNK", 2)
    report = request_report(source)
    assert measure_some(0.0) == 0
    seen = []

    def stop(at):
        seen.append(at.done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_some(10.0, stop)
    report.refresh_from_db()
    assert (report.done, report.lease_until) == (2, None)
    assert measure_some(10.0) == 3
    report.refresh_from_db()
    assert (report.stage, report.done) == ("finished", 5)


def test_a_report_that_another_worker_holds_is_left_alone(make_photos, source):
    make_photos(1)
    report = request_report(source)
    assert reports._take(report)
    assert measure_some(5.0) == 0


def test_unreadable_photos_are_named_and_do_not_stop_the_rest(make_photos, source):
    photos = make_photos(3)
    photos[1].image.storage.delete(photos[1].image.name)
    report = request_report(source)
    work()
    report.refresh_from_db()
    assert report.summary["photos"] == 2
    (problem,) = report.summary["problems"]
    assert "Upload the photo again" in problem["reason"]


def test_paintings_are_set_beside_the_photos_they_were_made_from(make_preset, make_photos, source):
    photos, preset = make_photos(6), make_preset()
    request_restyle(source, photos[:4], [preset])
    work()
    report = request_report(source, preset)
    assert report.total == 10
    work()
    report.refresh_from_db()
    after = report.summary["after"]
    assert (report.summary["photos"], after["paintings"]) == (6, 4)
    # The fake engine blends every photo with one colour, which halves what tells their palettes apart.
    assert after["palette_spread"] < 0.75 * after["palette_spread_before"]
    assert "exposure" in after["reductions"]


def test_the_command_measures_prints_and_exports(tmp_path, capsys, make_photos, source):
    make_photos(3)
    table, whole = tmp_path / "report.csv", tmp_path / "report.json"
    call_command("catalogue_report", "testapp.photo", "--csv", str(table), "--json", str(whole))
    shown = capsys.readouterr()
    assert "3 photos measured" in shown.out
    assert "warmth" in shown.out
    assert "3 of 3" in shown.err
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert float(rows[0]["mask_confidence"]) == 0.9
    assert len(json.loads(whole.read_text())["pictures"]) == 3
    call_command("catalogue_report", "testapp.photo", "--no-wait")
    assert "waiting for a worker" in capsys.readouterr().out
    assert CatalogueReport.objects.count() == 2


def test_the_command_says_what_is_wrong(make_photos):
    with pytest.raises(CommandError, match="no photos to measure"):
        call_command("catalogue_report", "testapp.photo")
    make_photos(1)
    with pytest.raises(CommandError, match="registered are"):
        call_command("catalogue_report")
    with pytest.raises(CommandError, match="no preset mauve"):
        call_command("catalogue_report", "testapp.photo", "--preset", "mauve")
