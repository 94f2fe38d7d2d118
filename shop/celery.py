"""The store's Celery app: ``celery -A shop worker -Q styletransfer.interactive,styletransfer.bulk -c 1``."""

from __future__ import annotations

import os

from celery import Celery

from styletransfer.jobs.celery_settings import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
configure(app)
app.autodiscover_tasks()
