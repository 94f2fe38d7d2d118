"""Secrets of a demo that nobody configured: made once, kept in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret(path: Path, *, length: int = 50) -> str:
    """The secret in ``path``; made at random when the file is not there yet."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(length)[:length]
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secret)
    return secret
