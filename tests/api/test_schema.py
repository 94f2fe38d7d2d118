"""The OpenAPI document is complete and free of warnings."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

# All other addresses can only be read.
WRITTEN_TO = {
    "/api/events/": {"post"},
    "/api/me/consent/": {"get", "put"},
    "/api/me/data/": {"get", "delete"},
    "/api/me/style/": {"get", "put"},
    "/api/me/style/personal/": {"get", "post", "delete"},
}


@pytest.fixture
def document(tmp_path):
    file = tmp_path / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    return yaml.safe_load(file.read_text())


def test_every_endpoint_is_described(document):
    paths = document["paths"]
    assert {path for path in paths if not path.startswith("/api/schema")} >= {
        "/api/presets/", "/api/presets/{slug}/", "/api/photos/{source}/", "/api/photos/{source}/{id}/",
        "/api/variants/", "/api/variants/{id}/", "/api/recommendations/",
        "/api/recommendations/beside/{id}/", *WRITTEN_TO,
    }  # fmt: skip
    for path, operations in paths.items():
        assert set(operations) == WRITTEN_TO.get(path, {"get"}), path


@pytest.mark.parametrize("path", ["/api/photos/{source}/", "/api/photos/{source}/{id}/"])
def test_style_is_a_parameter(document, path):
    names = [parameter["name"] for parameter in document["paths"][path]["get"]["parameters"]]
    assert names.count("style") == 1
    assert "source" in names


def test_the_picture_is_a_typed_object(document):
    schemas = document["components"]["schemas"]
    assert schemas["Picture"]["properties"]["sources"]["items"]["$ref"].endswith("/PictureSource")
    assert "Picture" in str(schemas["Photo"]["properties"]["picture"])


PROGRAM = """
import importlib.abc, os, sys

BLOCKED = ("rest_framework", "django_filters", "drf_spectacular", "celery", "torch")

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Blocker())
from django.conf import settings
settings.configure(
    SECRET_KEY="x",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "styletransfer"],
    ROOT_URLCONF="styletransfer.urls",
)
import django
django.setup()
import styletransfer.delivery, styletransfer.delivery.views, styletransfer.templatetags.styletransfer
from django.urls import reverse
assert reverse("pick_style") == "/pick/"
assert not any(name.partition(".")[0] in BLOCKED for name in sys.modules)
"""


def test_delivery_needs_no_api_package_no_celery_and_no_torch():
    outcome = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
