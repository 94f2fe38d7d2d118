"""One palette for a collection: its norm statistics, collected once over a sample and kept with the preset.

The first worker that paints such a preset collects them. The preset's digest then changes, so what was
planned before is planned anew; from then on every photo is painted with the same statistics.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from styletransfer.engine.base import EngineError, OutOfMemoryError, PaintRequest, StyleCode
from styletransfer.imaging.decode import ImageRefusedError, decode
from styletransfer.jobs import masks
from styletransfer.jobs.engines import exclusive, get_engine
from styletransfer.jobs.log import get_logger
from styletransfer.jobs.photos import (
    PhotoUnreadableError,
    decode_limits,
    digest_of,
    photo_storage,
    read_bytes,
)
from styletransfer.jobs.reports import photos_with_file
from styletransfer.models import Statistics, StylePreset
from styletransfer.sources import Source

logger = get_logger(__name__)

SAMPLE = 16
SAMPLE_SIDE = 640


def ensure_statistics(preset: StylePreset, source: Source, code: StyleCode | None) -> bool:
    """Collect a preset's shared statistics where it needs them and has none that fit.

    Returns:
        Whether they were collected just now; the preset's digest is another one then.

    Raises:
        EngineError: no photo of the source can be painted.
    """
    if preset.statistics != Statistics.COLLECTION or preset.draft_of_id is not None:
        return False
    engine_digest = get_engine(preset.engine).digest()
    if preset.norm_statistics_key == preset.statistics_key(engine_digest):
        return False
    preset.refresh_from_db()
    if preset.norm_statistics_key == preset.statistics_key(engine_digest):
        return True
    requests = list(_sample(preset, source, code))
    if not requests:
        raise EngineError(
            _("No photo of %(source)s could be read to collect statistics.") % {"source": source.label}
        )
    with exclusive(preset.engine) as engine:
        collect = getattr(engine, "collect_statistics", None)
        if collect is None:
            raise EngineError(
                _("The engine %(engine)s cannot measure a collection.") % {"engine": preset.engine}
            )
        try:
            norms = collect(requests)
        except OutOfMemoryError:
            norms = collect(requests[:1])
    words = _("%(count)d photos of %(source)s") % {"count": len(requests), "source": source.label}
    preset.store_statistics(norms, engine_digest, words)
    logger.info("Statistics of %s were collected from %s.", preset.slug, words)
    return True


def forget_statistics(preset: StylePreset) -> None:
    """Have them collected anew by the next worker that paints in the preset."""
    preset.norm_statistics, preset.norm_statistics_key, preset.norm_statistics_of = None, "", ""
    preset.save(update_fields=["norm_statistics", "norm_statistics_key", "norm_statistics_of"])


def _sample(preset: StylePreset, source: Source, code: StyleCode | None) -> Iterator[PaintRequest]:
    """Photos from all over the source, each with its subject."""
    rows = photos_with_file(source).order_by("pk")
    number = rows.count()
    storage = photo_storage(source.model, source.image)
    for place in sorted({share * number // SAMPLE for share in range(SAMPLE)}):
        name = rows.values_list(source.image, flat=True)[place : place + 1].first()
        try:
            data = read_bytes(storage, str(name))
            photo = decode(data, decode_limits(), max_size=(SAMPLE_SIDE, SAMPLE_SIDE))
        except (PhotoUnreadableError, ImageRefusedError):
            continue
        row = masks.known_masks([digest_of(data)]).get(digest_of(data))
        found = masks.prepare(data, photo.pixels, preset, row)
        yield PaintRequest(photo.pixels, code, preset.paint_options, mask=found.subject)
