"""``restyle`` and ``restyle_worker`` as a shopkeeper meets them."""

import io

import pytest
from django.core.management import call_command

from styletransfer.testing import FakeEngine

pytestmark = pytest.mark.django_db


def run(*args):
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_restyle_paints_once_and_says_so(make_preset, make_photos):
    make_preset("oil")
    make_photos(3)
    painted = []
    FakeEngine.on_paint = painted.extend
    first = run("restyle", "testapp.photo", "--preset", "oil", "--all", "--wait")
    assert "painted and ready │        3" in first
    assert len(painted) == 3
    again = run("restyle", "testapp.photo", "--preset", "oil", "--wait")
    assert "Nothing to do: 3 pictures are ready already." in again
    assert len(painted) == 3
