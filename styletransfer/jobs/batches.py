"""One claimed batch from bytes to masters: read and decode in threads, paint, store, hand over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from styletransfer.engine.base import (
    EngineError,
    EngineUnavailableError,
    PaintRequest,
    Pixels,
    StyleCode,
)
from styletransfer.imaging.decode import ImageRefusedError, decode
from styletransfer.imaging.encode import encode_master
from styletransfer.imaging.finishing import finish_painting
from styletransfer.jobs import claims, dispatch, masks
from styletransfer.jobs.claims import Claim
from styletransfer.jobs.codes import ensure_style_code
from styletransfer.jobs.engines import engine_digest
from styletransfer.jobs.files import StorageDownError, delete_quietly, master_name, write_once
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.masks import Masks
from styletransfer.jobs.painting import paint_all
from styletransfer.jobs.photos import (
    PhotoUnreadableError,
    decode_limits,
    digest_of,
    paint_size,
    photo_storage,
    read_bytes,
)
from styletransfer.jobs.replan import replan
from styletransfer.jobs.shared_statistics import ensure_statistics
from styletransfer.models import PhotoMask, Statistics, StyledVariant
from styletransfer.models.storage import variant_storage
from styletransfer.models.variant import recipe_of
from styletransfer.sources import get_source

logger = get_logger(__name__)


class OutdatedError(Exception):
    """The photo, the preset or the engine is no longer the one this variant was planned with."""

    def __str__(self) -> str:
        return _("The photo or the preset was changed after this picture was requested. Request it again.")


@dataclass
class Loaded:
    """A photo on its way through the batch.

    Attributes:
        variant: the claimed row.
        pixels: decoded at the paint size.
        timings: seconds by stage.
        masks: what the preset needs of them.
        measures: figures for staff, from the masks and from the engine.
    """

    variant: StyledVariant
    pixels: Pixels
    timings: dict[str, float]
    masks: Masks
    measures: dict[str, float] = field(default_factory=dict)


@dataclass
class LoadingBatch:
    """A claim whose photos are being read and decoded, and the masks that were stored then."""

    claim: Claim
    known: dict[str, PhotoMask]
    photos: list[Future[Loaded]]


@dataclass
class BatchReport:
    """What became of a batch, in variant ids.

    Attributes:
        painted: their masters wait in the encode lane.
        failed: this try failed (for good or not).
        given_back: released without using a try, or replaced by a newer variant.
    """

    painted: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    given_back: list[int] = field(default_factory=list)


def start_loading(claim: Claim, readers: ThreadPoolExecutor) -> LoadingBatch:
    """Read and decode a claim's photos in threads while something else is painted."""
    claim.load_presets()
    known = masks.known_masks([variant.source_digest for variant in claim.variants])
    return LoadingBatch(
        claim,
        known,
        [readers.submit(_load, variant, known.get(variant.source_digest)) for variant in claim.variants],
    )


def paint_batch(
    batch: LoadingBatch, writers: ThreadPoolExecutor, *, between: Callable[[], None] | None = None
) -> BatchReport:
    """Paint what was loaded, store the masters and hand them to the encode lane.

    Every picture ends up painted, failed with a reason, or back in the queue; whatever is raised from
    here leaves the claim to be released by the caller. ``between`` is called between two calls of the engine.

    Raises:
        EngineUnavailableError: the engine cannot run in this process; nothing has changed.
    """
    report = BatchReport()
    loaded = _collect(batch, report)
    masks.keep((photo.variant, photo.masks) for photo in loaded)
    ready, requests = _requests(batch.claim, loaded, report)
    if not ready:
        return report
    first = ready[0].variant
    begun = time.perf_counter()
    outcomes = paint_all(first.preset.engine, first.bucket, requests, between=between)
    seconds = (time.perf_counter() - begun) / len(ready)
    storing: list[tuple[Loaded, Future[dict[str, Any]]]] = []
    for photo, outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, Exception):
            _blame(photo.variant, batch.claim, outcome, report)
        else:
            photo.timings["paint"] = round(seconds, 4)
            storing.append((photo, writers.submit(_store, photo, outcome, batch.claim)))
    _hand_over(batch.claim, storing, report)
    return report


def _load(variant: StyledVariant, row: PhotoMask | None = None) -> Loaded:
    """Read, check and decode one photo and find its masks; touches no database."""
    model = variant.content_type.model_class()
    if model is None:
        raise EngineError(f"The model of {variant.content_type} is no longer installed.")
    begun = time.perf_counter()
    data = read_bytes(photo_storage(model, variant.field), variant.source_name)
    read = time.perf_counter()
    if digest_of(data) != variant.source_digest:
        raise OutdatedError
    if not variant.source_width or not variant.source_height:
        pixels = decode(data, decode_limits()).pixels
        size = paint_size(pixels.shape[1], pixels.shape[0], variant.preset.paint_widths)
    else:
        size = paint_size(variant.source_width, variant.source_height, variant.preset.paint_widths)
    photo = decode(data, decode_limits(), max_size=size)
    decoded = time.perf_counter()
    timings = {"read": round(read - begun, 4), "decode": round(decoded - read, 4)}
    found = masks.prepare(data, photo.pixels, variant.preset, row)
    measures = {}
    if found.confidence is not None:
        timings["mask"] = round(time.perf_counter() - decoded, 4)
        measures["mask_confidence"] = round(found.confidence, 4)
    return Loaded(variant, photo.pixels, timings, found, measures)


def _collect(batch: LoadingBatch, report: BatchReport) -> list[Loaded]:
    loaded = []
    for variant, future in zip(batch.claim.variants, batch.photos, strict=True):
        try:
            _check_recipe(variant, batch.known.get(variant.source_digest))
            loaded.append(future.result())
        except EngineUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  (one photo's trouble is not its mates')
            _blame(variant, batch.claim, error, report)
    return loaded


def _check_recipe(variant: StyledVariant, row: PhotoMask | None) -> None:
    preset = variant.preset
    drawn = preset.mask_digest(row.drawn_name, row.areas_name) if row else ""
    recipe = recipe_of(variant.source_digest, preset.digest, engine_digest(preset.engine), drawn)
    if recipe != variant.recipe:
        raise OutdatedError


def _requests(
    claim: Claim, loaded: Sequence[Loaded], report: BatchReport
) -> tuple[list[Loaded], list[PaintRequest]]:
    """Paint requests of the photos whose presets have a style code."""
    codes: dict[int, StyleCode | EngineError | StorageDownError | None] = {}
    ready, requests = [], []
    for photo in loaded:
        preset = photo.variant.preset
        if preset.pk not in codes:
            try:
                codes[preset.pk] = ensure_style_code(preset)
            except (EngineError, StorageDownError) as error:
                codes[preset.pk] = error
        code = codes[preset.pk]
        if isinstance(code, EngineError | StorageDownError):
            _blame(photo.variant, claim, code, report)
            continue
        try:
            if _has_collected(photo.variant, code):
                _blame(photo.variant, claim, OutdatedError(), report)
                continue
        except EngineError as error:
            _blame(photo.variant, claim, error, report)
            continue
        ready.append(photo)
        requests.append(
            PaintRequest(
                photo.pixels,
                code,
                preset.paint_options,
                mask=photo.masks.subject,
                protect=photo.masks.protect,
                settings=preset.engine_settings,
                norms=preset.shared_statistics,
                measures=photo.measures,
            )
        )
    return ready, requests


def _has_collected(variant: StyledVariant, code: StyleCode | None) -> bool:
    """Whether the preset got the statistics of its collection just now, so that its digest has changed."""
    if variant.preset.statistics != Statistics.COLLECTION:
        return False
    model = variant.content_type.model_class()
    if model is None:
        return False
    before = variant.preset.digest
    ensure_statistics(variant.preset, get_source(model), code)
    return variant.preset.digest != before


def _store(photo: Loaded, painted: Pixels, claim: Claim) -> dict[str, Any]:
    """Finish the painting and write the master; the row's new values. Touches no database."""
    begun = time.perf_counter()
    if photo.variant.preset.abilities.keeps_size:
        finish, masks = photo.variant.preset.finish, photo.masks
        finished = finish_painting(
            photo.pixels, painted, finish, masks.subject, protect=masks.protect, lettering=masks.lettering
        )
        if finished is not painted:
            photo.timings["finish"] = round(time.perf_counter() - begun, 4)
        painted = finished
    begun = time.perf_counter()
    name = master_name(photo.variant.pk, claim.token)
    write_once(variant_storage(), name, encode_master(painted))
    timings = {**photo.timings, "store": round(time.perf_counter() - begun, 4)}
    height, width = painted.shape[:2]
    return {
        "master_name": name,
        "width": width,
        "height": height,
        "timings": timings,
        "measures": photo.measures,
    }


def _hand_over(
    claim: Claim, storing: Sequence[tuple[Loaded, Future[dict[str, Any]]]], report: BatchReport
) -> None:
    stored: dict[int, dict[str, Any]] = {}
    for photo, future in storing:
        try:
            stored[photo.variant.pk] = future.result()
        except Exception as error:  # noqa: BLE001  (see _collect)
            _blame(photo.variant, claim, error, report)
    taken = claims.to_encoding(claim.token, stored)
    for variant_id, values in stored.items():
        if variant_id not in taken:
            logger.info("Variant %d was taken away while it was painted; its master is dropped.", variant_id)
            delete_quietly(variant_storage(), values["master_name"])
    report.painted += sorted(taken)
    if taken:
        dispatch.hint("encode")


def _blame(variant: StyledVariant, claim: Claim, error: Exception, report: BatchReport) -> None:
    """Decide what one picture's exception means for its row."""
    is_missing = isinstance(error, PhotoUnreadableError) and error.is_missing
    if (is_missing or isinstance(error, OutdatedError)) and replan(variant):
        report.given_back.append(variant.pk)
        return
    if isinstance(error, StorageDownError):
        claims.wait_for_storage(variant, claim.token, error)
        report.given_back.append(variant.pk)
        return
    permanent = is_missing or isinstance(error, EngineError | ImageRefusedError)
    text = str(error) or type(error).__name__
    logger.log(
        logging.INFO if permanent else logging.WARNING,
        "Variant %d (%s) could not be painted: %s",
        variant.pk,
        variant.source_name,
        text,
        exc_info=None if permanent else error,
    )
    claims.fail(variant, claim.token, text, permanent=permanent)
    report.failed.append(variant.pk)
