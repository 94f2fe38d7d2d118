"""Style codes are computed once, follow their references, and can be mixed."""

import numpy as np
import pytest

from styletransfer.engine.base import EngineError
from styletransfer.jobs import codes
from styletransfer.jobs.codes import ensure_style_code, first_reference
from styletransfer.models import StylePreset, StylePresetPart
from styletransfer.testing import FakeEngine

pytestmark = pytest.mark.django_db


@pytest.fixture
def computed(monkeypatch):
    calls = []
    original = FakeEngine.style_code
    monkeypatch.setattr(FakeEngine, "style_code", lambda self, pics: calls.append(1) or original(self, pics))
    return calls


def test_a_code_is_computed_once_and_kept_in_the_row(make_preset, computed):
    preset = make_preset()
    code = ensure_style_code(preset)
    assert code.shape == (128,)
    codes._codes.clear()
    np.testing.assert_array_equal(ensure_style_code(StylePreset.objects.get()), code)
    assert len(computed) == 1


def test_a_code_follows_its_references(make_preset, computed):
    preset = make_preset(seed=1)
    before = ensure_style_code(preset)
    preset.references.first().delete()
    other = make_preset("other", seed=40).references.first()
    other.preset = preset
    other.save()
    after = ensure_style_code(StylePreset.objects.get(slug="oil"))
    assert not np.allclose(before, after)


def test_storing_a_code_overwrites_no_edit(make_preset):
    stale = make_preset(strength=1.0)
    edited = StylePreset.objects.get()
    edited.strength = 0.5
    edited.save()
    ensure_style_code(stale)
    fresh = StylePreset.objects.get()
    assert (fresh.strength, fresh.digest) == (0.5, edited.digest)
    assert fresh.style_code is not None


def test_a_mix_is_the_weighted_mean(make_preset):
    oil, ink = make_preset("oil", seed=1), make_preset("ink", seed=40)
    mix = StylePreset.objects.create(name="Mix", slug="mix", engine="fake")
    StylePresetPart.objects.create(preset=mix, component=oil, weight=3)
    StylePresetPart.objects.create(preset=mix, component=ink, weight=1)
    expected = 0.75 * ensure_style_code(oil) + 0.25 * ensure_style_code(ink)
    np.testing.assert_allclose(ensure_style_code(mix), expected, atol=1e-6)
    np.testing.assert_array_equal(first_reference(mix), first_reference(oil))


def test_an_engine_without_codes_gets_none(make_preset, monkeypatch):
    monkeypatch.setattr(FakeEngine, "uses_style_code", False)
    assert ensure_style_code(make_preset()) is None


def test_a_preset_without_reference_is_told_so():
    preset = StylePreset.objects.create(name="Bare", slug="bare", engine="fake")
    with pytest.raises(EngineError, match="Bare has no reference picture"):
        ensure_style_code(preset)
    assert first_reference(preset) is None


def test_a_broken_reference_is_named(make_preset):
    preset = make_preset()
    reference = preset.references.first()
    reference.image.storage.delete(reference.image.name)
    with pytest.raises(EngineError, match=r"Oil cannot be used: .*missing"):
        ensure_style_code(preset)
