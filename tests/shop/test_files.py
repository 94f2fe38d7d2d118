from __future__ import annotations

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404

from shop import files

pytestmark = pytest.mark.django_db  # closing a response looks at the connections


def body(response):
    content = b"".join(response.streaming_content)
    response.close()
    return content


@pytest.mark.parametrize(
    ("name", "media_type", "lasts"),
    [
        ("styled/aa/picture-320.avif", "image/avif", "max-age=31536000, immutable"),
        ("styled/aa/picture-320.webp", "image/webp", "max-age=31536000, immutable"),
        ("products/mug.jpg", "image/jpeg", "max-age=3600"),
    ],
)
def test_pictures_are_cached_as_long_as_their_names_allow(rf, name, media_type, lasts):
    default_storage.save(name, ContentFile(b"picture"))
    response = files.media_file(rf.get("/"), name)
    assert response["Content-Type"] == media_type
    assert response["Cache-Control"] == f"public, {lasts}"
    assert body(response) == b"picture"


@pytest.mark.parametrize("path", ["../secret", "styled/../../secret", "/etc/passwd"])
def test_no_way_out_of_the_media_folder(rf, settings, path):
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT.parent / "secret").write_text("secret")
    with pytest.raises((Http404, SuspiciousFileOperation)):
        files.media_file(rf.get("/"), path)


def test_static_files_are_served(rf):
    response = files.static_file(rf.get("/"), "shop/base.css")
    assert b"--paper" in body(response)
