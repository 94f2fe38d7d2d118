"""The store's settings under different environments, loaded under a name that Django does not use."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SETTINGS = Path(__file__).resolve().parents[2] / "shop" / "settings.py"


@pytest.fixture
def load(monkeypatch, tmp_path):
    for name in (
        "SHOP_DEBUG",
        "SHOP_SECRET_KEY",
        "SHOP_DB_HOST",
        "SHOP_S3_BUCKET",
        "SHOP_S3_ENDPOINT",
        "SHOP_S3_DOMAIN",
        "SHOP_S3_PROTOCOL",
        "SHOP_HTTPS",
        "SHOP_SERVE_FILES",
        "CELERY_BROKER_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SHOP_VAR", str(tmp_path / "var"))

    def settings(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        spec = importlib.util.spec_from_file_location("settings_under_test", SETTINGS)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return settings


def test_nothing_configured(load, tmp_path):
    settings = load()
    assert settings.DEBUG is False
    assert settings.DATABASES["default"]["NAME"] == tmp_path / "var" / "db.sqlite3"
    assert settings.STYLETRANSFER["DISPATCHER"] == "embedded"
    assert settings.SERVE_FILES
    assert len(settings.SECRET_KEY) == 50
    assert load().SECRET_KEY == settings.SECRET_KEY


def test_services_from_the_environment(load):
    settings = load(
        SHOP_DB_HOST="database",
        SHOP_DB_PASSWORD="secret",
        SHOP_S3_BUCKET="pictures",
        SHOP_SECRET_KEY="given",
        CELERY_BROKER_URL="redis://broker:6379/0",
        SHOP_HTTPS="1",
    )
    assert settings.DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert settings.STORAGES["default"]["OPTIONS"]["bucket_name"] == "pictures"
    assert settings.SERVE_FILES  # the admin's style sheets, at least
    assert not load(SHOP_SERVE_FILES="0").SERVE_FILES
    assert settings.STYLETRANSFER["DISPATCHER"] == "celery"
    assert settings.SECRET_KEY == "given"
    assert settings.SESSION_COOKIE_SECURE
    assert settings.CSRF_COOKIE_SECURE


def storage_of(settings):
    from storages.backends.s3 import S3Storage

    return S3Storage(access_key="shop", secret_key="secret", **settings.STORAGES["default"]["OPTIONS"])


def test_pictures_from_the_domain_browsers_know(load):
    settings = load(
        SHOP_S3_BUCKET="pictures",
        SHOP_S3_ENDPOINT="http://pictures:7070",
        SHOP_S3_REGION="us-east-1",
        SHOP_S3_DOMAIN="localhost:7070/pictures",
        SHOP_S3_PROTOCOL="http",
    )
    assert storage_of(settings).url("styled/a b.jpg") == "http://localhost:7070/pictures/styled/a%20b.jpg"


def test_pictures_from_a_cdn_are_https(load):
    settings = load(SHOP_S3_BUCKET="pictures", SHOP_S3_DOMAIN="cdn.shop.example")
    assert storage_of(settings).url("styled/a.jpg") == "https://cdn.shop.example/styled/a.jpg"


def test_pictures_from_the_endpoint_itself(load):
    settings = load(SHOP_S3_BUCKET="pictures", SHOP_S3_ENDPOINT="http://s3.example:7070")
    assert storage_of(settings).url("styled/a.jpg") == "http://s3.example:7070/pictures/styled/a.jpg"
