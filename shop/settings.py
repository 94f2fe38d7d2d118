"""Settings of the example store: SQLite and local files by default, everything else from the environment.

Environment, all optional:

- ``SHOP_DEBUG=1``: Django's debug pages. ``SHOP_SECRET_KEY``, ``SHOP_ALLOWED_HOSTS`` (comma separated).
- ``SHOP_HTTPS=1``: behind a proxy that speaks HTTPS and sets ``X-Forwarded-Proto``; cookies need it then.
- ``SHOP_VAR``: folder for the database, media and keys; ``var`` next to ``manage.py`` otherwise.
- ``SHOP_DB_HOST``, ``SHOP_DB_PORT``, ``SHOP_DB_NAME``, ``SHOP_DB_USER``, ``SHOP_DB_PASSWORD``: PostgreSQL.
- ``SHOP_S3_BUCKET``, ``SHOP_S3_ENDPOINT``, ``SHOP_S3_REGION``: pictures in an S3 bucket (django-storages,
  which takes the keys from ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``).
- ``SHOP_S3_DOMAIN``: host, and path if any, where browsers find the bucket: a CDN, or the endpoint's
  public name. ``SHOP_S3_PROTOCOL=http`` where that is not HTTPS.
- ``CELERY_BROKER_URL``: send hints to Celery workers instead of leaving rows to ``restyle_worker``.
- ``SHOP_LOG_LEVEL``: INFO otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from shop.secret import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("SHOP_VAR", BASE_DIR / "var"))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = os.environ.get("SHOP_DEBUG") == "1"
SECRET_KEY = os.environ.get("SHOP_SECRET_KEY") or kept_secret(VAR_DIR / "secret_key")
ALLOWED_HOSTS = os.environ.get("SHOP_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "styletransfer",
    "shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "styletransfer.personalization.middleware.ShopperMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

if os.environ.get("SHOP_DB_HOST"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["SHOP_DB_HOST"],
            "PORT": os.environ.get("SHOP_DB_PORT", "5432"),
            "NAME": os.environ.get("SHOP_DB_NAME", "shop"),
            "USER": os.environ.get("SHOP_DB_USER", "shop"),
            "PASSWORD": os.environ.get("SHOP_DB_PASSWORD", ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "db.sqlite3",
            # Readers go on while a worker writes, and a writer waits for its turn instead of failing.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }

MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if os.environ.get("SHOP_S3_BUCKET"):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": os.environ["SHOP_S3_BUCKET"],
            "endpoint_url": os.environ.get("SHOP_S3_ENDPOINT"),
            "region_name": os.environ.get("SHOP_S3_REGION"),
            "custom_domain": os.environ.get("SHOP_S3_DOMAIN"),
            "url_protocol": os.environ.get("SHOP_S3_PROTOCOL", "https") + ":",
            # An endpoint of one's own rarely has a host name for every bucket.
            "addressing_style": "path" if os.environ.get("SHOP_S3_ENDPOINT") else None,
            "querystring_auth": False,
            "file_overwrite": False,
        },
    }
# Neither the demo nor compose.yaml has a web server before it, so Django hands out static files itself, and
# pictures unless they lie in a bucket. With a web server that does: SHOP_SERVE_FILES=0.
SERVE_FILES = os.environ.get("SHOP_SERVE_FILES", "1") == "1"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "shop" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
if os.environ.get("SHOP_HTTPS") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 3600

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "")
STYLETRANSFER = {
    "SOURCES": [{"model": "shop.ProductImage", "image": "image", "product": "product", "alt": "alt"}],
    "PRODUCTS": [
        {
            "model": "shop.Product",
            "category": "category__slug",
            "photo": "main_photo",
            "available": "is_active=True, stock__gt=0",
        }
    ],
    # The cart and the orders are recorded by the server.
    "BROWSER_EVENTS": ["impression", "view", "click", "like", "dislike", "pick"],
    "DISPATCHER": "celery" if CELERY_BROKER_URL else "embedded",
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_THROTTLE_RATES": {"styletransfer_anon": "300/min", "styletransfer_user": "1000/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Nord & Co",
    "DESCRIPTION": "Products, looks and styled photos of the example store.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("SHOP_LOG_LEVEL", "INFO")},
}
