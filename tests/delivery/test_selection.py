"""Which painting is shown, in every state it can be in."""

import pytest

from styletransfer.delivery import picture_for, with_styled
from styletransfer.models import StyledVariant
from styletransfer.testing import make_variant
from tests.delivery.conftest import shown_recipe
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo_and_oil(make_photo, oil):
    return make_photo(), oil


@pytest.mark.parametrize("state", ["queued", "painting", "encoding", "failed", "cancelled", "superseded"])
def test_what_is_not_ready_shows_the_original_and_says_why(make_photo, oil, state):
    photo = make_photo()
    lease = {"token": "0" * 32, "lease_until": "2030-01-01T00:00Z"} if state == "painting" else {}
    make_variant(photo, oil, state=state, **lease)
    picture = picture_for(photo, "oil")
    assert (picture.is_styled, picture.src) == (False, photo.image.url)
    assert picture.state == ("missing" if state == "superseded" else state)
    assert (picture.width, picture.height) == (1200, 900)


@pytest.mark.parametrize("newer", ["queued", "failed", "encoding", "cancelled"])
def test_the_old_one_is_shown_until_the_new_one_is_ready(make_photo, oil, newer):
    photo = make_photo()
    make_variant(photo, oil, recipe="old")
    make_variant(photo, oil, recipe="new", state=newer)
    assert shown_recipe(photo, "oil") == "old"
    assert picture_for(photo, "oil").state == newer


def test_the_newest_ready_one_is_shown(make_photo, oil, ink):
    photo = make_photo()
    make_variant(photo, oil, recipe="old")
    make_variant(photo, oil, recipe="new")
    make_variant(photo, ink, recipe="other preset")
    assert shown_recipe(photo, "oil") == "new"


def test_superseded_ones_are_not_shown_because_their_files_may_be_gone(make_photo, oil):
    photo = make_photo()
    make_variant(photo, oil, state="superseded", renditions=[{"format": "jpeg", "width": 9, "name": "x"}])
    assert not picture_for(photo, "oil").is_styled


@pytest.mark.parametrize(
    ("policy", "is_shown"),
    [
        ({}, True),
        ({"REFRESH": "nightly"}, True),
        ({"REFRESH": "never"}, False),
        ({"SHOW_REPLACED": False}, False),
    ],
)
def test_a_replaced_photo_keeps_its_painting_while_a_new_one_may_come(
    make_photo, oil, settings, policy, is_shown
):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, **policy}
    photo = make_photo()
    make_variant(photo, oil, recipe="old")
    photo.image.name = "photos/another-mug.jpg"
    photo.save()
    picture = picture_for(Photo.objects.get(), "oil")
    assert (picture.is_styled, picture.state) == (is_shown, "missing")
    make_variant(photo, oil, recipe="queued", state="queued")
    picture = picture_for(Photo.objects.get(), "oil")
    assert (picture.is_styled, picture.state) == (is_shown, "queued")
    make_variant(photo, oil, recipe="new")
    assert shown_recipe(Photo.objects.get(), "oil") == "new"


@pytest.mark.parametrize(
    ("review", "show_unapproved", "is_shown"),
    [
        ("pending", True, True),
        ("pending", False, False),
        ("approved", False, True),
        ("rejected", True, False),
        ("rejected", False, False),
    ],
)
def test_review_decides(photo_and_oil, settings, review, show_unapproved, is_shown):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "SHOW_UNAPPROVED": show_unapproved}
    photo, oil = photo_and_oil
    make_variant(photo, oil, review=review)
    assert picture_for(photo, "oil").is_styled is is_shown


def test_a_rejected_one_uncovers_the_one_before(make_photo, oil):
    photo = make_photo()
    make_variant(photo, oil, recipe="old", review="approved")
    make_variant(photo, oil, recipe="new", review="rejected")
    assert shown_recipe(photo, "oil") == "old"


def test_inactive_presets_and_drafts_show_the_original(make_photo, oil, ink):
    photo = make_photo()
    make_variant(photo, oil)
    make_variant(photo, ink)
    oil.is_active = False
    oil.save()
    ink.draft_of = oil
    ink.save()
    for slug in ("oil", "ink"):
        assert not picture_for(photo, slug).is_styled
        assert not picture_for(with_styled(Photo.objects.all(), slug).get(), slug).is_styled


def test_the_variant_of_another_model_with_the_same_key_is_not_mistaken(make_photo, oil):
    from django.contrib.auth.models import User
    from django.contrib.contenttypes.models import ContentType

    photo = make_photo()
    make_variant(photo, oil, content_type=ContentType.objects.get_for_model(User), object_id=str(photo.pk))
    make_variant(photo, oil, field="second_image")
    assert picture_for(photo, "oil").state == "missing"


def test_a_moved_photo_is_shown_painted_again_once_it_was_planned(make_photo, oil, settings):
    from styletransfer.jobs.photos import PhotoFacts
    from styletransfer.jobs.wanted import WantedPhoto, want
    from styletransfer.sources import get_source

    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "SHOW_REPLACED": False}
    photo = make_photo()
    facts = PhotoFacts(digest="d", width=1200, height=900)

    def plan(name: str) -> None:
        want(get_source(Photo), [WantedPhoto(str(photo.pk), name, facts)], {oil: "engine"})

    plan(photo.image.name)
    painted = make_variant(photo, oil, recipe="only its files are used")
    StyledVariant.objects.exclude(pk=painted.pk).update(
        state="ready", width=960, height=720, renditions=painted.renditions
    )
    painted.delete()
    assert picture_for(photo, "oil").is_styled
    photo.image.name = "archive/mug.jpg"
    photo.save()
    assert not picture_for(Photo.objects.get(), "oil").is_styled
    plan(photo.image.name)
    assert picture_for(Photo.objects.get(), "oil").is_styled
    assert StyledVariant.objects.count() == 1
