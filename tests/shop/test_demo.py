from __future__ import annotations

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from shop.management.commands import demo
from shop.models import Product, ProductImage
from shop.secret import kept_secret
from styletransfer.models import StyledVariant, StylePreset
from tests.shop.painted import make_presets, paint

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(settings, tmp_path, monkeypatch):
    """Presets and painting are the app's own commands with tests of their own; here they are recorded."""
    settings.VAR_DIR = tmp_path
    made = []

    def record(name, *args, **options):
        made.append((name, *args))
        if name == "load_catalogue":
            call_command(name, **options)
        if name == "load_presets" and not StylePreset.objects.exists():
            make_presets()
        if name == "restyle" and not StyledVariant.objects.exists():
            for photo in ProductImage.objects.all()[: record.painted]:
                for preset in StylePreset.objects.filter(slug__in=["charcoal", "pop-art"]):
                    paint(photo, preset)

    record.painted = None
    monkeypatch.setattr(demo, "call_command", record)
    made.append(record)
    return made


def run(*args):
    output = io.StringIO()
    call_command("demo", *args, stdout=output)
    return output.getvalue()


def test_demo_loads_paints_and_tells(calls):
    text = run("--presets", "charcoal", "pop-art", "--address", "http://127.0.0.1:9000/")
    assert calls[1:] == [
        ("load_catalogue",),
        ("load_presets",),
        ("restyle", "shop.productimage", "--preset=charcoal", "--preset=pop-art", "--all", "--wait"),
    ]
    assert Product.objects.count() == 24
    assert "Charcoal          37 photos painted" in text
    assert "http://127.0.0.1:9000/admin/" in text
    password = text.split("admin / ")[1].split()[0]
    assert get_user_model().objects.get(username="admin").check_password(password)
    assert len(password) == 16

    again = run("--presets", "charcoal", "pop-art")
    assert f"admin / {password}" in again
    assert get_user_model().objects.count() == 1


def test_a_password_that_was_changed_is_not_shown(calls):
    run("--no-restyle")
    admin = get_user_model().objects.get()
    admin.set_password("their own")
    admin.save()
    text = run("--no-restyle")
    assert "with the password you gave it" in text
    admin.refresh_from_db()
    assert admin.check_password("their own")


def test_password_from_the_environment(calls, monkeypatch):
    monkeypatch.setenv("SHOP_ADMIN_PASSWORD", "from outside")
    run("--no-restyle")
    assert get_user_model().objects.get().check_password("from outside")


def test_no_restyle_paints_nothing(calls):
    run("--no-restyle")
    assert [call[0] for call in calls[1:]] == ["load_catalogue", "load_presets"]


def test_missing_variants_are_a_failure(calls):
    calls[0].painted = 5
    with pytest.raises(CommandError, match="Not every photo is painted in charcoal, pop-art"):
        run("--presets", "charcoal", "pop-art")


def test_unknown_presets_are_named(calls):
    with pytest.raises(CommandError, match="no preset crayon; there are charcoal, pop-art, watercolour"):
        run("--presets", "crayon")


def test_kept_secret_is_kept_and_private(tmp_path):
    first = kept_secret(tmp_path / "key")
    assert kept_secret(tmp_path / "key") == first
    assert len(first) == 50
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
