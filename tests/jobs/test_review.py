"""What staff decide is recorded with who and when."""

import pytest
from django.contrib.auth import get_user_model

from styletransfer.jobs.review import set_review
from styletransfer.jobs.rows import supersede_ready_before
from styletransfer.models import StyledVariant
from styletransfer.testing import make_variant

pytestmark = pytest.mark.django_db


def test_review(make_preset, make_photos):
    preset = make_preset()
    rows = [make_variant(photo, preset) for photo in make_photos(3)]
    user = get_user_model().objects.create_user("ada")
    assert set_review(StyledVariant.objects.filter(pk__in=[rows[0].pk, rows[1].pk]), "approved", user) == 2
    assert set_review(StyledVariant.objects.all(), "approved", user) == 1
    rows[0].refresh_from_db()
    assert (rows[0].review, rows[0].reviewed_by) == ("approved", user)
    assert rows[0].reviewed_at is not None
    assert set_review(StyledVariant.objects.all(), "pending", user) == 3
    rows[0].refresh_from_db()
    assert (rows[0].review, rows[0].reviewed_by, rows[0].reviewed_at) == ("pending", None, None)


def test_an_approved_painting_stays_until_its_successor_is_approved(make_preset, make_photos, settings):
    settings.STYLETRANSFER = {**settings.STYLETRANSFER, "SHOW_UNAPPROVED": False}
    [photo], preset = make_photos(1), make_preset()
    old = make_variant(photo, preset, review="approved")
    new = make_variant(photo, preset, recipe="f" * 64)
    supersede_ready_before([new.pk])
    old.refresh_from_db()
    assert old.state == "ready"
    set_review(StyledVariant.objects.all(), "approved", None)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == ("superseded", "ready")


def test_an_unreviewed_painting_gives_way_where_review_is_not_asked_for(make_preset, make_photos):
    [photo], preset = make_photos(1), make_preset()
    old = make_variant(photo, preset, review="approved")
    new = make_variant(photo, preset, recipe="f" * 64)
    supersede_ready_before([new.pk])
    old.refresh_from_db()
    assert old.state == "superseded"


def test_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match="maybe"):
        set_review(StyledVariant.objects.all(), "maybe", None)
