"""Measuring one picture of a catalogue, once for its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.core.files.storage import Storage

from styletransfer.engine.base import EngineError, Pixels
from styletransfer.imaging.decode import ImageRefusedError, decode, read_header
from styletransfer.imaging.masking import fitted
from styletransfer.imaging.masks.base import RELIABLE_CONFIDENCE
from styletransfer.imaging.unify.light import measure_light
from styletransfer.imaging.unify.palettes import palette_of
from styletransfer.imaging.unify.report import PictureMeasures, measure_picture
from styletransfer.jobs import masks
from styletransfer.jobs.files import StorageDownError
from styletransfer.jobs.photos import PhotoUnreadableError, decode_limits, digest_of, read_bytes
from styletransfer.models import PhotoMask, PictureMeasure

# Raise when the same picture gives other measures.
MEASURE_VERSION = "2"
MEASURED_SIDE = 768
READERS = 4


@dataclass
class Picture:
    """A picture to measure: where it is, and what was found.

    Attributes:
        place: content type id, key, field and file name.
        storage: that keeps the file.
        data: its bytes, once read.
        digest: of the bytes; empty when they cannot be read.
        values: columns of ``PictureMeasure``.
        mask_of: digest of the photo whose mask fits this picture; empty for a picture of its own framing.
        mask: columns of ``PhotoMask`` that were found on the way.
    """

    place: tuple[int, str, str, str]
    storage: Storage
    mask_of: str = ""
    data: bytes = b""
    digest: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    mask: dict[str, str | float] = field(default_factory=dict)


def version() -> str:
    """What measures depend on beside the picture: their code, and how its subject is found."""
    return f"{MEASURE_VERSION}:{masks.masker_key()[:40]}"


def measure_all(pictures: Sequence[Picture], *, are_photos: bool) -> None:
    """Measure pictures and store what was found; those with known bytes are not measured again.

    Args:
        pictures: a chunk that may be kept in memory.
        are_photos: their masks are kept, for they are of use to others too.
    """
    with ThreadPoolExecutor(READERS, thread_name_prefix="measure") as readers:
        list(readers.map(_read, pictures))
        digests = {each.digest for each in pictures if each.digest}
        known = {
            row.source_digest: row
            for row in PictureMeasure.objects.filter(source_digest__in=digests, version=version(), error="")
        }
        for each in pictures if are_photos else ():
            each.mask_of = each.digest
        rows = masks.known_masks([each.mask_of for each in pictures])
        unknown = {each.digest: each for each in pictures if each.digest and _take_over(each, known) is None}
        list(readers.map(lambda each: _measure(each, rows.get(each.mask_of)), unknown.values()))
        for each in pictures:
            # Photos of one chunk with the same bytes.
            if not each.values and each.digest:
                each.values = unknown[each.digest].values
    for each in pictures:
        if are_photos and each.mask:
            masks.store_found(each.digest, each.place, each.mask)
        content_type_id, object_id, name, file = each.place
        PictureMeasure.objects.update_or_create(
            content_type_id=content_type_id,
            object_id=object_id,
            field=name,
            defaults={
                "source_name": file,
                "source_digest": each.digest,
                "version": version(),
                "measures": {},
                "palette": None,
                "error": "",
                **each.values,
            },
        )


def as_measures(key: str, row: dict[str, Any]) -> PictureMeasures:
    """A stored row as ``imaging`` compares them."""
    names = PictureMeasures.__dataclass_fields__
    plain = {name: row[name] for name in names if name in row}
    return PictureMeasures(**{**plain, "key": key, "cut": tuple(str(row.get("cut", "")).split())})


def _read(picture: Picture) -> None:
    try:
        picture.data = read_bytes(picture.storage, picture.place[3])
        picture.digest = digest_of(picture.data)
    except PhotoUnreadableError as error:
        picture.values = {"error": str(error)}


def _take_over(picture: Picture, known: dict[str, PictureMeasure]) -> PictureMeasure | None:
    row = known.get(picture.digest)
    if row is not None:
        picture.values = {"measures": row.measures, "palette": row.palette}
    return row


def _measure(picture: Picture, row: PhotoMask | None) -> None:
    try:
        header = read_header(picture.data, decode_limits())
        photo = decode(picture.data, decode_limits(), max_size=(MEASURED_SIDE, MEASURED_SIDE))
        pixels = _on_white(photo.pixels)
        grey, confidence, picture.mask = masks.subject_of(picture.data, row)
    except (ImageRefusedError, EngineError, StorageDownError) as error:
        picture.values = {"error": str(error)}
        return
    is_known = confidence >= RELIABLE_CONFIDENCE
    alpha = fitted(grey, pixels) if is_known else np.zeros(pixels.shape[:2], np.float32)
    light = measure_light(pixels, alpha)
    found = measure_picture("", pixels, alpha, light).as_row()
    found |= {
        "width": header.width,
        "height": header.height,
        "megapixels": header.width * header.height / 1e6,
        "white": [float(each) for each in light.illuminant.white],
        "mask_confidence": confidence,
    }
    plain = {name: round(value, 5) if isinstance(value, float) else value for name, value in found.items()}
    picture.values = {"measures": plain, "palette": palette_of(pixels, alpha).tobytes()}


def _on_white(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
