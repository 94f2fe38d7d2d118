"""The project's Celery app."""

import os

from celery import Celery

from styletransfer.jobs.celery_settings import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.integration.project.settings")
app = Celery("project")
app.config_from_object("django.conf:settings", namespace="CELERY")
configure(app)
app.autodiscover_tasks()
