"""The variants endpoint: for staff, filtered, without names of files."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from styletransfer.testing import make_variant
from tests.testapp.models import UuidPhoto

pytestmark = pytest.mark.django_db
URL = "/api/variants/"


@pytest.fixture
def staff(client_of):
    return client_of("view_styledvariant")


@pytest.fixture
def variants(make_photo, oil, ink):
    photo, other = make_photo(1), UuidPhoto(picture="photos/u.jpg")
    other.save()
    return {
        "ready": make_variant(photo, oil, measures={"ssim": 0.7}, timings={"paint": 1.5}, review="approved"),
        "failed": make_variant(photo, ink, state="failed", error="The picture is too large.", attempts=3),
        "uuid": make_variant(other, oil, state="queued"),
    }


def ids(response):
    assert response.status_code == 200, response.content
    return [variant["id"] for variant in response.json()["results"]]


def test_what_staff_are_told(staff, variants):
    ready = staff.get(f"{URL}{variants['ready'].pk}/").json()
    assert set(ready) == {
        "id", "photo", "preset", "state", "review", "attempts", "error", "width", "height", "renditions",
        "measures", "timings", "created_at", "finished_at",
    }  # fmt: skip
    assert ready["photo"] == {"source": "testapp.photo", "id": variants["ready"].object_id}
    assert (ready["preset"], ready["state"], ready["review"]) == ("oil", "ready", "approved")
    assert (ready["measures"], ready["timings"]) == ({"ssim": 0.7}, {"paint": 1.5})
    assert set(ready["renditions"][0]) == {"url", "format", "width", "height", "bytes"}
    assert ready["renditions"][0]["url"].startswith("http://testserver/media/styled/")
    assert staff.get(f"{URL}{variants['failed'].pk}/").json()["error"] == "The picture is too large."


def test_nothing_internal_leaks(staff, variants):
    type(variants["ready"]).objects.update(master_name="styled/masters/secret.png")
    text = json.dumps(staff.get(URL).json())
    for secret in ("secret.png", "source_name", "recipe", "token", "lease", "content_type"):
        assert secret not in text


def test_who_may_see_variants(api, client_of, variants):
    assert api.get(URL).status_code in (401, 403)
    assert client_of("view_styledvariant", is_staff=False).get(URL).status_code == 403


def test_staff_without_the_permission_may_not(client_of, variants):
    assert client_of("view_stylepreset").get(URL).status_code == 403


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["uuid", "failed", "ready"]),
        ("?state=failed", ["failed"]),
        ("?review=approved", ["ready"]),
        ("?preset=oil", ["uuid", "ready"]),
        ("?source=testapp.uuidphoto", ["uuid"]),
        ("?preset=oil&source=testapp.photo", ["ready"]),
        ("?created_after=2100-01-01T00:00Z", []),
        ("?created_before=2100-01-01T00:00Z", ["uuid", "failed", "ready"]),
    ],
)
def test_filters(staff, variants, query, expected):
    assert ids(staff.get(URL + query)) == [variants[name].pk for name in expected]


def test_by_photo_and_time(staff, variants):
    key = variants["uuid"].object_id
    assert ids(staff.get(URL, {"photo": key})) == [variants["uuid"].pk]
    type(variants["uuid"]).objects.filter(pk=variants["uuid"].pk).update(
        created_at=timezone.now() - timedelta(days=2)
    )
    since = (timezone.now() - timedelta(days=1)).isoformat()
    assert ids(staff.get(URL, {"created_after": since})) == [variants["failed"].pk, variants["ready"].pk]


@pytest.mark.parametrize(
    ("query", "name", "text"),
    [
        ("?preset=cubism", "preset", "“cubism” is unknown. Choose one of: oil, ink."),
        ("?source=auth.user", "source", "Choose one of: testapp.photo, testapp.uuidphoto"),
        ("?state=melting", "state", "melting is not one of the available choices"),
        ("?created_after=yesterday", "created_after", "Enter a valid date/time"),
    ],
)
def test_unknown_filter_values_are_refused(staff, variants, query, name, text):
    response = staff.get(URL + query)
    assert response.status_code == 400
    assert text in response.json()[name][0]


def test_drafts_are_left_out(staff, variants, oil, ink):
    ink.draft_of = oil
    ink.save()
    assert ids(staff.get(URL)) == [variants["uuid"].pk, variants["ready"].pk]


def test_pages_by_cursor_at_a_constant_number_of_queries(
    staff, variants, make_photo, oil, django_assert_num_queries
):
    for number in range(5, 25):
        make_variant(make_photo(number), oil)
    staff.get(URL)
    with django_assert_num_queries(1):
        first = staff.get(f"{URL}?page_size=20").json()
    assert len(first["results"]) == 20
    assert len(staff.get(first["next"]).json()["results"]) == 3
