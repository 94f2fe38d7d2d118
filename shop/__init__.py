"""The example store of an invented brand."""

from importlib.util import find_spec

# Celery is an extra: without it the store runs with the embedded worker.
if find_spec("celery") is not None:
    from shop.celery import app as celery_app

    __all__ = ["celery_app"]
