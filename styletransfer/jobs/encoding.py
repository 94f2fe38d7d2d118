"""From a painted master to what browsers load: renditions, placeholder, measures, and the ready row."""

from __future__ import annotations

import io
import math
import time
from collections import OrderedDict
from typing import Any

import numpy as np
from PIL import Image

from styletransfer.conf import get_settings
from styletransfer.engine.base import EngineError, Pixels
from styletransfer.imaging.decode import ImageRefusedError, decode
from styletransfer.imaging.encode import encode_renditions, placeholder
from styletransfer.imaging.metrics import measure
from styletransfer.jobs import claims, metrics
from styletransfer.jobs.claims import Claim
from styletransfer.jobs.codes import first_reference
from styletransfer.jobs.files import StorageDownError, delete_quietly, rendition_name, write_once
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.photos import (
    PhotoUnreadableError,
    decode_limits,
    paint_size,
    photo_storage,
    read_bytes,
)
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.models.storage import variant_storage

logger = get_logger(__name__)

_REMEMBERED = 16

_references: OrderedDict[str, Pixels | None] = OrderedDict()


class MasterLostError(Exception):
    """The master is gone or damaged; the picture must be painted again."""


def encode_claim(claim: Claim) -> list[int]:
    """Encode every variant of a claim; ids that are ready now. Never raises for a single picture."""
    ready = []
    claim.load_presets()
    for variant in claim.variants:
        try:
            values = _encode(variant)
        except StorageDownError as error:
            claims.wait_for_storage(variant, claim.token, error)
        except Exception as error:
            logger.warning("Variant %d could not be encoded.", variant.pk, exc_info=True)
            metrics.encoding_failed(variant.lane)
            repaint = isinstance(error, MasterLostError)
            claims.fail(variant, claim.token, str(error) or type(error).__name__, repaint=repaint)
        else:
            if claims.finish(claim.token, {variant.pk: values}):
                ready.append(variant.pk)
                metrics.variant_ready(variant.lane, values["timings"])
                delete_quietly(variant_storage(), variant.master_name)
            else:
                logger.info("Variant %d was taken away while it was encoded.", variant.pk)
    return ready


def _encode(variant: StyledVariant) -> dict[str, Any]:
    configured = get_settings()
    timings = dict(variant.timings)
    painted = _master(variant)
    begun = time.perf_counter()
    renditions = encode_renditions(
        painted, variant.preset.widths, configured.formats, dict(configured.qualities)
    )
    tiny = placeholder(painted)
    timings["encode"] = _since(begun)
    begun = time.perf_counter()
    described = []
    for rendition in renditions:
        name = rendition_name(rendition.data, rendition.width, rendition.format)
        write_once(variant_storage(), name, rendition.data)
        described.append(
            {
                "width": rendition.width,
                "height": rendition.height,
                "format": rendition.format,
                "name": name,
                "bytes": len(rendition.data),
            }
        )
    timings["store"] = round(timings.get("store", 0.0) + _since(begun), 4)
    begun = time.perf_counter()
    measures = {**variant.measures, **_measure(variant, painted)}
    timings["measure"] = _since(begun)
    return {"renditions": described, "placeholder": tiny, "measures": measures, "timings": timings}


def _master(variant: StyledVariant) -> Pixels:
    """Our own lossless file, so the limits for strangers' files do not apply."""
    try:
        data = read_bytes(variant_storage(), variant.master_name)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return np.asarray(image)
    except (PhotoUnreadableError, OSError, SyntaxError) as error:
        raise MasterLostError(str(error)) from error


def _measure(variant: StyledVariant, painted: Pixels) -> dict[str, float]:
    """Figures of the painting against its photo and its reference; empty when the photo is gone."""
    try:
        photo = _photo(variant)
    except (PhotoUnreadableError, ImageRefusedError):
        return {}
    if photo is None or photo.shape[:2] != painted.shape[:2]:
        return {}
    reference = _reference(variant.preset)
    figures = measure(photo, painted, photo if reference is None else reference)
    if reference is None:
        figures = {name: value for name, value in figures.items() if not name.startswith("style_distance")}
    return {name: round(float(value), 5) for name, value in figures.items() if math.isfinite(value)}


def _photo(variant: StyledVariant) -> Pixels | None:
    model = variant.content_type.model_class()
    if model is None or not variant.source_width or not variant.source_height:
        return None
    data = read_bytes(photo_storage(model, variant.field), variant.source_name)
    size = paint_size(variant.source_width, variant.source_height, variant.preset.widths)
    return decode(data, decode_limits(), max_size=size).pixels


def _reference(preset: StylePreset) -> Pixels | None:
    """The first reference picture, kept for the next variants of the preset."""
    if preset.digest not in _references:
        try:
            _references[preset.digest] = first_reference(preset)
        except EngineError as error:
            logger.warning("%s", error)
            return None
        while len(_references) > _REMEMBERED:
            _references.popitem(last=False)
    return _references[preset.digest]


def _since(begun: float) -> float:
    return round(time.perf_counter() - begun, 4)
