"""Which pictures are never trained on, so that every judgement is made on unseen ones.

The rule looks at a file's name alone: it needs no list, and adding pictures moves none across.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath

ONE_PHOTO_IN = 20
_HELD_OUT_PAINTING = re.compile(r"painting_0*[0-9]")


def is_held_out_photo(name: str) -> bool:
    """Whether a photo is for judging only: ``sha256(stem) % 20 == 0``; folder and suffix do not matter."""
    return name_hash(name) % ONE_PHOTO_IN == 0


def is_held_out_style(name: str) -> bool:
    """Whether a style picture is for judging only: ``painting_0`` to ``painting_9``, zeros before or not."""
    return _HELD_OUT_PAINTING.fullmatch(PurePath(name).stem) is not None


def name_hash(name: str) -> int:
    """Sha256 of a file name's stem as a number; photos are put in its order to choose a few of them."""
    return int.from_bytes(hashlib.sha256(PurePath(name).stem.encode()).digest(), "big")
