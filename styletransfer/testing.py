"""Public test kit: a fast engine without torch and photos made from nothing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence

import numpy as np
from django.core.files.base import ContentFile
from PIL import Image

from styletransfer.engine.base import CODE_SIZE, PaintRequest, Pixels, StyleCode


class FakeEngine:
    """An engine for tests: blends a photo with the colour its style code stands for.

    ``on_paint`` is called with the requests before they are painted; a test may raise from it.
    """

    uses_style_code = True
    on_paint: Callable[[Sequence[PaintRequest]], None] | None = None

    def __init__(self, version: str = "1") -> None:
        self.version = version

    def digest(self) -> str:
        """Changes with ``version``, as a real engine's does with its weights."""
        return hashlib.sha256(f"fake:{self.version}".encode()).hexdigest()

    def style_code(self, references: Sequence[Pixels]) -> StyleCode:
        """The references' mean colour in [0, 1], repeated to 128 numbers."""
        colours = [reference[..., :3].reshape(-1, 3).mean(axis=0) / 255 for reference in references]
        return np.resize(np.mean(colours, axis=0), CODE_SIZE).astype(np.float32)

    def paint(self, requests: Sequence[PaintRequest]) -> list[Pixels]:
        """Blend half of each photo, times the strength, with its code's colour."""
        watcher = type(self).on_paint
        if watcher is not None:
            watcher(requests)
        return [self._tint(request) for request in requests]

    def _tint(self, request: PaintRequest) -> Pixels:
        colour = np.full(3, 0.5) if request.code is None else request.code[:3]
        amount = 0.5 * request.options.strength
        painted = request.photo.copy()
        painted[..., :3] = np.rint(painted[..., :3] * (1 - amount) + 255 * colour * amount)
        return painted


def photo_pixels(width: int = 96, height: int = 72, seed: int = 0) -> Pixels:
    """A product-like picture (height, width, 3): a dark disc with a light label on a soft gradient."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    background = generator.uniform(150, 240, 3) - 30 * (x + y)[..., None]
    centre = np.array([height, width]) / (2 * max(width, height))
    distance = np.hypot(y - centre[0], x - centre[1])
    picture = np.where((distance < 0.25)[..., None], generator.uniform(20, 120, 3), background)
    picture = np.where((distance < 0.08)[..., None], 250.0, picture)
    return np.clip(picture, 0, 255).astype(np.uint8)


def photo_bytes(width: int = 96, height: int = 72, seed: int = 0, image_format: str = "JPEG") -> bytes:
    """``photo_pixels`` as an encoded file."""
    buffer = io.BytesIO()
    Image.fromarray(photo_pixels(width, height, seed)).save(buffer, image_format)
    return buffer.getvalue()


def photo_file(
    name: str = "photo.jpg", *, width: int = 96, height: int = 72, seed: int = 0
) -> ContentFile[bytes]:
    """``photo_bytes`` as a Django file, ready to assign to an ImageField."""
    return ContentFile(photo_bytes(width, height, seed), name=name)
