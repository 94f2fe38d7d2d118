"""A preview of unsaved amounts is an ordinary variant of a draft preset."""

import pytest

from styletransfer.jobs.lanes import drain
from styletransfer.jobs.planning import plan_job
from styletransfer.jobs.previews import request_preview
from styletransfer.jobs.requests import request_restyle
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.testing import FakeEngine
from tests.testapp.models import Photo

pytestmark = pytest.mark.django_db


def test_a_preview_is_painted_before_all_bulk_work(source, make_preset, make_photos):
    preset = make_preset(strength=1.0)
    (photo, *_others) = make_photos(3)
    plan_job(request_restyle(source, Photo.objects.all(), [preset]))
    row = request_preview(preset, source, photo, {"strength": 0.25}, width=40)
    assert (row.state, row.lane, row.preset.draft_of) == ("queued", "interactive", preset)
    seen = []
    FakeEngine.on_paint = seen.extend
    drain("interactive")
    row.refresh_from_db()
    assert (row.state, row.width) == ("ready", 40)
    assert {rendition["width"] for rendition in row.renditions} == {40}
    assert [request.options.strength for request in seen] == [0.25]
    assert StyledVariant.objects.filter(state="queued", lane="bulk").count() == 3


def test_the_same_amounts_are_the_same_row(source, make_preset, make_photos):
    preset = make_preset()
    (photo,) = make_photos(1)
    first = request_preview(preset, source, photo, {"calm": 0.3})
    drain("interactive")
    again = request_preview(preset, source, photo, {"calm": 0.3})
    assert (again.pk, again.state) == (first.pk, "ready")
    assert request_preview(preset, source, photo, {"calm": 0.4}).pk != first.pk
    assert StylePreset.objects.looks().count() == 1
    assert not StylePreset.objects.offered().filter(draft_of__isnull=False).exists()


def test_a_draft_is_painted_with_its_owners_code(source, make_preset, make_photos):
    preset = make_preset()
    (photo,) = make_photos(1)
    request_preview(preset, source, photo)
    codes = []
    FakeEngine.on_paint = lambda requests: codes.extend(request.code for request in requests)
    drain("interactive")
    preset.refresh_from_db()
    stored = preset.style_code_for(FakeEngine().digest())
    assert stored is not None
    assert (codes[0] == stored).all()


def test_a_preview_follows_new_references(source, make_preset, make_photos):
    preset = make_preset()
    (photo,) = make_photos(1)
    before = request_preview(preset, source, photo)
    preset.references.first().delete()
    after = request_preview(preset, source, photo)
    assert after.recipe != before.recipe


def test_a_failed_preview_is_tried_again(source, make_preset, make_photos):
    preset = make_preset()
    (photo,) = make_photos(1)
    row = request_preview(preset, source, photo)
    StyledVariant.objects.update(state="failed", error="bad day")
    again = request_preview(preset, source, photo)
    assert (again.pk, again.state, again.error) == (row.pk, "queued", "")


@pytest.mark.parametrize("amounts", [{"strength": 1.5}, {"calm": -0.1}, {"sparkle": 0.5}])
def test_impossible_amounts_are_refused(source, make_preset, make_photos, amounts):
    (photo,) = make_photos(1)
    with pytest.raises(ValueError, match=r"between|amount"):
        request_preview(make_preset(), source, photo, amounts)


def test_an_object_without_a_photo_is_refused(source, make_preset, make_photos):
    (photo,) = make_photos(1)
    photo.image = ""
    with pytest.raises(ValueError, match="no photo"):
        request_preview(make_preset(), source, photo)


def test_scope_and_engine_settings_can_be_tried_too(source, make_preset, make_photos):
    preset, (photo,) = make_preset(), make_photos()
    first = request_preview(preset, source, photo)
    tried = request_preview(preset, source, photo, {"scope": "subject", "protect_text": 0.5})
    assert tried.preset_id != first.preset_id
    assert (tried.preset.scope, tried.preset.protect_text) == ("subject", 0.5)
    with pytest.raises(ValueError, match="takes no settings"):
        request_preview(preset, source, photo, {"engine_settings": {"margin": 0.2}})
    with pytest.raises(ValueError, match="sky"):
        request_preview(preset, source, photo, {"scope": "sky"})
