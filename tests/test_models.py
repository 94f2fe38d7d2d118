"""Digests follow everything that changes pixels; constraints hold in the database."""

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from styletransfer.models import StylePreset, StylePresetPart, StyleReference
from styletransfer.testing import photo_bytes

pytestmark = pytest.mark.django_db


def make_preset(slug: str = "oil", **values: object) -> StylePreset:
    return StylePreset.objects.create(name=slug.title(), slug=slug, engine="fake", **values)


@pytest.mark.parametrize(
    ("name", "value"),
    [("strength", 0.5), ("keep_colours", 0.3), ("calm", 0.9), ("detail", 0.2), ("widths", [64])],
)
def test_digest_follows_what_changes_pixels(name, value):
    preset = make_preset()
    before = preset.digest
    setattr(preset, name, value)
    preset.save()
    assert preset.digest != before


def test_digest_ignores_what_changes_no_pixel():
    preset = make_preset()
    before = preset.digest
    preset.name, preset.description, preset.is_public = "Other", "words", False
    preset.save()
    assert preset.digest == before


def test_digest_follows_references_and_reaches_the_mixes():
    oil, mixed = make_preset("oil"), make_preset("mixed")
    StylePresetPart.objects.create(preset=mixed, component=oil, weight=2)
    before = (oil.digest, StylePreset.objects.get(slug="mixed").digest)
    reference = StyleReference(preset=oil, image=ContentFile(photo_bytes(), name="a.jpg"))
    reference.save()
    after = (StylePreset.objects.get(slug="oil").digest, StylePreset.objects.get(slug="mixed").digest)
    assert after[0] != before[0]
    assert after[1] != before[1]
    reference.delete()
    assert StylePreset.objects.get(slug="oil").digest == before[0]


def test_style_code_is_kept_per_engine_and_reference():
    preset = make_preset()
    code = np.linspace(-1, 1, 128).astype(np.float32)
    preset.store_style_code(code, "engine-1")
    fresh = StylePreset.objects.get()
    np.testing.assert_array_equal(fresh.style_code_for("engine-1"), code)
    assert fresh.style_code_for("engine-2") is None
    StyleReference(preset=fresh, image=ContentFile(photo_bytes(), name="a.jpg")).save()
    assert StylePreset.objects.get().style_code_for("engine-1") is None


@pytest.mark.parametrize("amount", [-0.1, 1.1])
def test_amounts_outside_the_unit_range_are_refused_by_the_database(amount):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_preset(strength=amount)


def test_the_word_for_no_style_is_no_slug():
    with pytest.raises(ValidationError, match="original"):
        make_preset("original").full_clean()
