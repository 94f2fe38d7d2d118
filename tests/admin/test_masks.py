"""Masks in the admin: how sure they are, and drawings that are checked, kept and taken back."""

import io

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from styletransfer.imaging.masking import from_png, to_png
from styletransfer.jobs.drawing import open_masks
from styletransfer.models import PhotoMask
from styletransfer.sources import get_source
from tests.testapp.models import Photo

JSON = {"Accept": "application/json"}


@pytest.fixture
def row(make_photo):
    return open_masks(get_source(Photo), make_photo())


def drawing(name="subject", value=255):
    grey = np.zeros((30, 40), np.uint8)
    grey[10:20, 10:30] = value
    return SimpleUploadedFile(f"{name}.png", to_png(grey), "image/png")


def address(name, row, *more):
    return reverse(f"admin:styletransfer_{name}", args=[row.pk, *more])


def test_a_photo_leads_to_its_brush(boss, make_photo):
    photo = make_photo()
    answer = boss.get(reverse("admin:styletransfer_mask_of", args=[f"testapp.photo:{photo.pk}"]))
    row = PhotoMask.objects.get()
    assert answer.headers["Location"] == address("photomask_change", row)
    page = boss.get(answer.headers["Location"]).content.decode()
    assert photo.image.url in page
    assert "not sure where the product is" in page
    # The same photo is the same row, also when it is opened again.
    boss.get(reverse("admin:styletransfer_mask_of", args=[f"testapp.photo:{photo.pk}"]))
    assert PhotoMask.objects.count() == 1


def test_a_missing_file_is_said_in_words(boss, make_photo):
    photo = make_photo()
    photo.image.storage.delete(photo.image.name)
    page = boss.get(reverse("admin:styletransfer_mask_of", args=[f"testapp.photo:{photo.pk}"]), follow=True)
    assert "Upload the photo again" in page.content.decode()


def test_drawings_are_saved_shown_and_taken_back(boss, row):
    draw = address("mask_draw", row)
    answer = boss.post(draw, {"subject": drawing(), "areas": drawing("areas", 200)}, headers=JSON)
    assert answer.status_code == 200, answer.content
    row.refresh_from_db()
    assert row.is_reliable
    assert row.drawn_by.username.startswith("staff")
    for layer, value in (("subject", 255), ("areas", 200)):
        shown = boss.get(address("mask_layer", row, layer))
        assert shown.headers["Content-Type"] == "image/png"
        assert from_png(shown.content).max() == value
    assert "Nothing was changed" in boss.post(draw, {"subject": drawing()}, headers=JSON).json()["text"]
    boss.post(draw, {"forget_subject": "1"})
    row.refresh_from_db()
    assert row.drawn_name == ""
    assert row.areas_name
    assert boss.get(address("mask_layer", row, "subject")).status_code == 404


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (SimpleUploadedFile("a.png", b"GIF89a"), "no whole PNG"),
        (SimpleUploadedFile("a.png", b"\x89PNG" + bytes(2 * 2**20)), "at most 2097152"),
        (drawing(value=0), "Mark the product before you save"),
    ],
)
def test_what_is_no_drawing_is_refused_and_changes_nothing(boss, row, upload, reason):
    upload.seek(0)
    answer = boss.post(address("mask_draw", row), {"subject": upload}, headers=JSON)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    row.refresh_from_db()
    assert row.drawn_name == ""


def test_the_list_shows_the_least_sure_first_and_filters(boss, make_photo):
    rows = [open_masks(get_source(Photo), make_photo(number)) for number in range(3)]
    for row, confidence in zip(rows, (0.9, 0.2, 0.3), strict=True):
        PhotoMask.objects.filter(pk=row.pk).update(confidence=confidence)
    PhotoMask.objects.filter(pk=rows[2].pk).update(drawn_name="x.png")
    url = reverse("admin:styletransfer_photomask_changelist")
    assert [row.pk for row in boss.get(url).context["cl"].result_list] == [
        each.pk for each in (rows[1], rows[2], rows[0])
    ]
    for group, expected in (("unsure", [rows[1]]), ("sure", [rows[0]]), ("drawn", [rows[2]])):
        found = boss.get(url, {"certainty": group}).context["cl"].result_list
        assert [row.pk for row in found] == [row.pk for row in expected]


def test_only_those_who_restyle_and_see_the_photo_may_draw(client_with, row):
    for permissions in (["styletransfer.view_photomask", "testapp.view_photo"], ["styletransfer.restyle"]):
        client = client_with(*permissions)
        assert client.post(address("mask_draw", row), {"subject": drawing()}).status_code == 403
    row.refresh_from_db()
    assert row.drawn_name == ""


def test_strokes_on_a_transparent_ground_are_what_the_brush_sends(boss, row):
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    image.paste((30, 120, 255, 255), (5, 2, 15, 8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    upload = SimpleUploadedFile("subject.png", buffer.getvalue(), "image/png")
    assert boss.post(address("mask_draw", row), {"subject": upload}, headers=JSON).status_code == 200
    grey = from_png(boss.get(address("mask_layer", row, "subject")).content)
    assert (grey[4, 6], grey[0, 0]) == (255, 0)
