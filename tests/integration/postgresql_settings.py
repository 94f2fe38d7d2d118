"""The settings of the unit tests with PostgreSQL as database; its port comes from the environment."""

import os

from tests.settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": os.environ["PROJECT_DB_PORT"],
        "USER": "styles",
        "NAME": "postgres",
    }
}
