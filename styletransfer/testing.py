"""Public test kit: a fast engine without torch, photos from nothing, ready variants, and I/O counts."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from django.conf import settings
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connections
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from PIL import Image

from styletransfer.conf import get_settings
from styletransfer.engine.base import CODE_SIZE, PaintRequest, Pixels, StyleCode
from styletransfer.sources import get_source

if TYPE_CHECKING:
    from styletransfer.models import StyledVariant, StylePreset

CACHE_CALLS = ("get", "set", "add", "touch", "delete", "get_many", "set_many", "delete_many", "get_or_set",
    "has_key", "incr", "clear")  # fmt: skip
STORAGE_CALLS = ("open", "save", "delete", "exists", "listdir", "size", "get_accessed_time",
    "get_created_time", "get_modified_time")  # fmt: skip
# One brownish 4 x 3 px picture.
TINY_WEBP = "data:image/webp;base64,UklGRi4AAABXRUJQVlA4ICIAAABwAQCdASoEAAMAA4BaJYgCdAFAAAD+u7b3LRSKwJK1ZhAA"


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


def make_variant(
    photo: Model,
    preset: StylePreset,
    *,
    state: str = "ready",
    widths: Sequence[int] = (320, 640, 960),
    size: tuple[int, int] = (960, 720),
    write_files: bool = False,
    **values: Any,
) -> StyledVariant:
    """A variant row of a registered photo, with renditions in every configured format when it is ready.

    Args:
        photo: a saved instance of a registered source.
        preset: the look.
        state: a ``VariantState`` value.
        widths: of the renditions, in pixels.
        size: (width, height) of the painting, in pixels.
        write_files: whether the renditions' files are written as well, each a real picture.
        values: further columns, such as ``review="approved"`` or ``recipe="..."``.
    """
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415  (engines load before models)

    from styletransfer.models import StyledVariant  # noqa: PLC0415

    source = get_source(type(photo))
    name = source.file(photo).name or ""
    number = StyledVariant.objects.count()
    seed = hashlib.sha256(f"{source.label}:{photo.pk}:{preset.pk}:{number}".encode()).hexdigest()
    columns: dict[str, Any] = {
        "content_type": ContentType.objects.get_for_model(source.model),
        "object_id": str(photo.pk),
        "field": source.image,
        "preset": preset,
        "recipe": seed,
        "source_name": name,
        "source_digest": hashlib.sha256(name.encode()).hexdigest(),
        "source_width": size[0],
        "source_height": size[1],
        "state": state,
    }
    if state == "ready":
        columns |= {
            "width": size[0],
            "height": size[1],
            "renditions": _renditions(seed, widths, size, write_files=write_files),
            "placeholder": TINY_WEBP,
        }
    return StyledVariant.objects.create(**(columns | values))


def _renditions(
    seed: str, widths: Sequence[int], size: tuple[int, int], *, write_files: bool
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for width in widths:
        height = max(1, round(width * size[1] / size[0]))
        for image_format in get_settings().formats:
            name = f"{get_settings().upload_prefix}/{seed[:32]}-{width}.{image_format}"
            data = photo_bytes(width, height, image_format=image_format.upper()) if write_files else b""
            if write_files:
                storages[get_settings().storage].save(name, ContentFile(data))
            made.append(
                {"width": width, "height": height, "format": image_format, "name": name, "bytes": len(data)}
            )
    return made


@dataclass
class CallCounts:
    """Round trips made inside ``count_calls``.

    Attributes:
        sql: the statements, in order.
        cache: names of the cache methods called, calls of calls left out.
        storage: names of the storage methods called; ``url`` makes no round trip and is not counted.
    """

    sql: list[str] = field(default_factory=list)
    cache: list[str] = field(default_factory=list)
    storage: list[str] = field(default_factory=list)


@contextmanager
def count_calls(using: str = "default") -> Iterator[CallCounts]:
    """Count SQL, and the calls of every cache and storage of the configured classes."""
    counts = CallCounts()
    with ExitStack() as stack:
        for cache_class in {type(caches[alias]) for alias in settings.CACHES}:
            stack.enter_context(watch_calls(cache_class, CACHE_CALLS, counts.cache))
        for storage_class in {type(storages[alias]) for alias in settings.STORAGES}:
            stack.enter_context(watch_calls(storage_class, STORAGE_CALLS, counts.storage))
        captured = stack.enter_context(CaptureQueriesContext(connections[using]))
        try:
            yield counts
        finally:
            counts.sql[:] = [query["sql"] for query in captured.captured_queries]


@contextmanager
def assert_styled_queries(number: int, using: str = "default") -> Iterator[CallCounts]:
    """Assert that a page reads its pictures with exactly so many queries and touches no cache or storage."""
    with count_calls(using) as counts:
        yield counts
    if len(counts.sql) != number:
        listing = "\n".join(counts.sql)
        raise AssertionError(f"{len(counts.sql)} queries instead of {number}:\n{listing}")
    if counts.cache or counts.storage:
        raise AssertionError(f"cache calls: {counts.cache}; storage calls: {counts.storage}")


@contextmanager
def watch_calls(target: type, names: Sequence[str], calls: list[str]) -> Iterator[None]:
    """Note the names of a class's methods in ``calls`` as they are called, but not calls within calls."""
    depth = 0

    def counted(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            if not depth:
                calls.append(name)
            depth += 1
            try:
                return method(*args, **kwargs)
            finally:
                depth -= 1

        return call

    with ExitStack() as stack:
        for name in names:
            if hasattr(target, name):
                stack.enter_context(mock.patch.object(target, name, counted(name, getattr(target, name))))
        yield
