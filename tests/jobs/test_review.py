"""What staff decide is recorded with who and when."""

import pytest
from django.contrib.auth import get_user_model

from styletransfer.jobs.review import set_review
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


def test_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match="maybe"):
        set_review(StyledVariant.objects.all(), "maybe", None)
