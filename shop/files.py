"""Static files and pictures for a demo without a web server before it."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath

from django.conf import settings
from django.contrib.staticfiles.views import serve as serve_static
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.static import serve

from styletransfer.conf import get_settings

# Python 3.11 does not know them on every system, and browsers believe the header.
mimetypes.add_type("image/avif", ".avif")
mimetypes.add_type("image/webp", ".webp")

YEAR = 365 * 24 * 3600


def static_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of ``static/``, straight from the apps' folders."""
    return serve_static(request, path, insecure=True)


def media_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """An uploaded or painted picture; painted ones are named by content, so they may be kept for good."""
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    if PurePosixPath(path).parts[:1] == (get_settings().upload_prefix,):
        response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response["Cache-Control"] = "public, max-age=3600"
    return response
