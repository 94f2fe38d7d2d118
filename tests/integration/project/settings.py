"""A host project whose database, broker and engine come from the environment, for runs in subprocesses.

``PROJECT_VAR`` is its folder. ``PROJECT_DB`` is "sqlite" or "postgresql" (``PROJECT_DB_PORT``,
``PROJECT_DB_NAME``). ``PROJECT_BROKER`` is a broker's URL, or empty for the embedded worker.
"""

import json
import os
from pathlib import Path

VAR = Path(os.environ["PROJECT_VAR"])
SECRET_KEY = "only-for-tests"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.integration.project.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "styletransfer",
    "tests.testapp",
    "tests.integration.project",
]
if os.environ.get("PROJECT_DB") == "postgresql":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": os.environ["PROJECT_DB_PORT"],
            "USER": "styles",
            "NAME": os.environ.get("PROJECT_DB_NAME", "postgres"),
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR / "db.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_BROKER_URL = os.environ.get("PROJECT_BROKER", "")
CELERY_BEAT_SCHEDULE = {
    "styletransfer-sweep": {
        "task": "styletransfer.sweep",
        "schedule": 2.0,
        "options": {"expires": 2.0, "queue": "styletransfer.encode"},
    }
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
STYLETRANSFER = {
    "SOURCES": [{"model": "testapp.Photo", "image": "image", "product": "article", "alt": "alt"}],
    "ENGINES": {"logged": "tests.integration.project.engine:LoggedEngine"},
    "ENGINE_OPTIONS": {
        "logged": {
            "log": str(VAR / "painted.log"),
            "seconds": float(os.environ.get("PROJECT_PAINT_SECONDS", "0")),
            "fits": int(os.environ.get("PROJECT_FITS", "0")),
        }
    },
    "DISPATCHER": "celery" if CELERY_BROKER_URL else "embedded",
    "FORMATS": ["jpeg"],
    "LEASE_SECONDS": 3,
    "BATCH_SIZE": 8,
    "MAX_ATTEMPTS": 5,
    **json.loads(os.environ.get("PROJECT_STYLETRANSFER", "{}")),
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
