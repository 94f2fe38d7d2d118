"""Reports in the admin: asked for, followed, read, exported, and led on to the confirm page."""

import csv
import io

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image

from styletransfer.jobs.reports import request_report
from styletransfer.models import CatalogueReport, StylePreset
from styletransfer.sources import get_source
from styletransfer.testing import photo_pixels
from tests.testapp.models import Article, Photo


def address(name, *args):
    return reverse(f"admin:styletransfer_{name}", args=args)


@pytest.fixture
def photos(make_photo):
    """Six photos that are alike, and one that is far darker."""
    made = [make_photo() for _number in range(6)]
    buffer = io.BytesIO()
    Image.fromarray(photo_pixels() // 6).save(buffer, "JPEG")
    image = ContentFile(buffer.getvalue(), name="dark.jpg")
    made.append(
        Photo.objects.create(article=Article.objects.create(name="Dark"), image=image, alt="Dark one")
    )
    return made


@pytest.fixture
def report(photos, drain):
    report = request_report(get_source(Photo))
    drain()
    report.refresh_from_db()
    return report


def test_a_report_is_asked_for_and_followed(boss, photos, drain):
    page = boss.get(address("cataloguereport_changelist")).content.decode()
    assert "Measure" in page
    answer = boss.post(address("report_start"), {"source": "testapp.photo", "preset": ""})
    report = CatalogueReport.objects.get()
    assert answer.headers["Location"] == address("cataloguereport_change", report.pk)
    live = boss.get(address("report_progress", report.pk)).json()
    assert (live["is_open"], live["share"]) == (True, 0.0)
    assert "restyle_worker" in live["hint"]
    drain()
    assert not boss.get(address("report_progress", report.pk)).json()["is_open"]


def test_what_stands_out_comes_first_with_its_reason(boss, report):
    page = boss.get(address("cataloguereport_change", report.pk))
    cards = page.context["cards"]
    assert cards[0]["name"] == "Dark one"
    assert "much darker" in cards[0]["reasons"]
    assert "Exposure" in page.content.decode()


def test_one_click_leads_to_the_confirm_page_with_the_look_ticked(boss, report, photos, make_preset):
    studio = StylePreset.objects.create(slug="studio", name="Studio", engine="unify", widths=[64])
    key = str(photos[-1].pk)
    answer = boss.post(address("report_restyle", report.pk), {"photo": [key]})
    page = boss.get(answer.headers["Location"])
    assert page.context["count"] == 1
    assert [card["preset"] for card in page.context["cards"] if card["is_picked"]] == [studio]
    assert "stand out" in page.context["words"]
    none = boss.post(address("report_restyle", report.pk), {"photo": ["999"]}, follow=True)
    assert "Tick at least one photo" in none.content.decode()


def test_a_preset_is_aimed_at_the_catalogues_median(boss, report):
    studio = StylePreset.objects.create(slug="studio", name="Studio", engine="unify", widths=[64])
    before = studio.digest
    boss.post(address("report_aim", report.pk), {"preset": studio.pk})
    studio.refresh_from_db()
    assert studio.engine_settings["target"] == report.summary["target"]
    assert studio.engine_settings["aim"] == "catalogue"
    assert studio.digest != before


def test_exports_hold_every_photo_and_no_formula(boss, photos, drain):
    Photo.objects.filter(pk=photos[0].pk).update(image="=cmd.jpg")
    report = request_report(get_source(Photo))
    drain()
    answer = boss.get(address("report_export", report.pk, "csv"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == len(photos)
    assert "'=cmd.jpg" in {row["photo"] for row in rows}
    assert len(boss.get(address("report_export", report.pk, "json")).json()["pictures"]) == len(photos)
    assert boss.get(address("report_export", report.pk, "exe")).status_code == 404


def test_the_whole_set_is_shown_before_and_after(boss, photos, make_preset, restyle, drain):
    preset = make_preset()
    restyle(photos, preset)
    report = request_report(get_source(Photo), preset)
    drain()
    pairs = boss.get(address("report_set", report.pk)).context["pairs"]
    assert len(pairs) == len(photos)
    assert all(pair["before"] and pair["after"] for pair in pairs)
    page = boss.get(address("cataloguereport_change", report.pk)).content.decode()
    assert "Spread after" in page


def test_rights(client_with, report):
    stranger = client_with("styletransfer.restyle")
    assert stranger.get(address("report_progress", report.pk)).status_code == 403
    viewer = client_with("styletransfer.view_cataloguereport", "testapp.view_photo")
    assert viewer.get(address("cataloguereport_change", report.pk)).status_code == 200
    assert viewer.post(address("report_start"), {"source": "testapp.photo"}).status_code == 403
    assert viewer.post(address("report_restyle", report.pk), {"all": "1"}).status_code == 403
