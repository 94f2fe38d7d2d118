"""The archive of ad pictures: every product in every look and slot, and the list that goes with them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

from django.db.models import Model
from django.utils.text import slugify
from django.utils.translation import gettext as _

from styletransfer.delivery.prefetch import selection_for, with_styled
from styletransfer.experiments.slots import SLOTS, Options, Slot, landing_url
from styletransfer.experiments.targets import Target, product_key
from styletransfer.imaging.adverts import Advert, compose, encode_advert
from styletransfer.imaging.decode import ImageRefusedError, decode
from styletransfer.jobs.photos import PhotoUnreadableError, decode_limits, photo_storage, read_bytes
from styletransfer.models import Arm, Experiment
from styletransfer.models.storage import variant_storage
from styletransfer.sources import Source


@dataclass(frozen=True)
class Entry:
    """One line of the archive's list."""

    file: str
    product: str
    photo: str
    look: str
    arm: str
    variant: str
    slot: str
    width: int
    height: int
    bytes: int
    landing_url: str
    scale: float
    cropped: float
    filled: float
    is_enlarged: bool


@dataclass(frozen=True)
class _Made:
    source: Source
    photo: Model
    arm: Arm
    variant: str


def write_archive(file: IO[bytes], experiment: Experiment, options: Options) -> tuple[list[Entry], list[str]]:
    """Write the ZIP archive: pictures, ``manifest.csv`` and ``manifest.json``; entries and problems.

    One picture is in memory at a time.
    """
    arms = list(experiment.arms.select_related("preset"))
    slots = [slot for slot in SLOTS if slot.key in options.slots]
    entries: list[Entry] = []
    problems: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for source, photo in _photos(experiment, arms, options.most_products):
            for arm in arms:
                try:
                    pixels, variant = _pixels(source, photo, arm)
                except (PhotoUnreadableError, ImageRefusedError, OSError) as error:
                    problems.append(f"{photo}: {error}")
                    continue
                if pixels is None:
                    text = _("%(photo)s is not painted in “%(look)s”.")
                    problems.append(text % {"photo": photo, "look": arm.name})
                    continue
                for slot in slots:
                    advert = compose(pixels, slot.width, slot.height, enlarge=options.enlarge)
                    data = encode_advert(advert.pixels, slot.most_bytes)
                    entry = _entry(
                        _Made(source, photo, arm, variant), experiment, options, slot, advert, size=len(data)
                    )
                    archive.writestr(entry.file, data)
                    entries.append(entry)
        archive.writestr("manifest.csv", _as_csv(entries))
        archive.writestr("manifest.json", json.dumps([asdict(one) for one in entries], indent=1))
    return entries, problems


def _photos(experiment: Experiment, arms: list[Arm], most: int) -> Iterator[tuple[Source, Model]]:
    """The first photo of each product."""
    seen: set[str] = set()
    for source, rows in Target.of(experiment).photos():
        wanted = [arm.preset for arm in arms if arm.preset is not None]
        styled = with_styled(rows.exclude(**{source.image: ""}).order_by("pk"), wanted)
        for photo in styled.iterator(chunk_size=100):
            key = product_key(source, photo)
            if key in seen:
                continue
            if len(seen) >= most:
                return
            seen.add(key)
            yield source, photo


def _pixels(source: Source, photo: Model, arm: Arm) -> tuple[Any, str]:
    """The arm's picture (height, width, 3) and the id of its variant, "" for the original."""
    if arm.preset is None:
        storage, name, variant = photo_storage(source.model, source.image), source.file(photo).name, ""
    else:
        shown = selection_for(photo, source, arm.preset.slug).shown
        if shown is None:
            return None, ""
        best = max(
            (one for one in shown.renditions if one["format"] == "jpeg"), key=lambda one: int(one["width"])
        )
        storage, name, variant = variant_storage(), best["name"], str(shown.pk)
    decoded = decode(read_bytes(storage, str(name)), decode_limits())
    return decoded.pixels[..., :3], variant


def _entry(
    made: _Made, experiment: Experiment, options: Options, slot: Slot, advert: Advert, *, size: int
) -> Entry:
    source, photo, arm = made.source, made.photo, made.arm
    product = source.product_of(photo)
    page = product.get_absolute_url() if hasattr(product, "get_absolute_url") else "/"
    name = slugify(str(product))[:60] or "product"
    look = arm.style
    return Entry(
        file=f"{slot.key}/{name}-{photo.pk}-{look}-{slot.key}.jpg",
        product=str(product),
        photo=f"{source.label}:{photo.pk}",
        look=look,
        arm=str(arm.key),
        variant=made.variant,
        slot=slot.key,
        width=slot.width,
        height=slot.height,
        bytes=size,
        landing_url=landing_url(
            page,
            options,
            campaign=slugify(experiment.name) or str(experiment.key),
            content=f"{look}-{slot.key}-{str(arm.key)[:8]}",
        ),
        scale=round(advert.scale, 4),
        cropped=round(advert.cropped, 4),
        filled=round(advert.filled, 4),
        is_enlarged=advert.is_enlarged,
    )


def _as_csv(entries: list[Entry]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(Entry.__dataclass_fields__))
    writer.writeheader()
    for entry in entries:
        writer.writerow({key: _safe(value) for key, value in asdict(entry).items()})
    return buffer.getvalue()


def _safe(value: Any) -> Any:
    # A spreadsheet takes a cell that begins with one of these for a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
