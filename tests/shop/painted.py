"""Presets and ready variants made without an engine: photos tinted by Pillow, encoded for real."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from functools import cache

import numpy as np
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from PIL import Image, ImageOps

from shop.models import ProductImage
from styletransfer.imaging.encode import Rendition, encode_renditions, placeholder
from styletransfer.models import StyledVariant, StylePreset, VariantState
from styletransfer.models.storage import variant_storage

TINTS = {
    "watercolour": ("#20507a", "#f4f9ff"),
    "charcoal": ("#101010", "#f8f8f4"),
    "pop-art": ("#c3002f", "#ffe600"),
}


def make_presets(slugs: Iterable[str] = TINTS) -> list[StylePreset]:
    return [
        StylePreset.objects.create(
            slug=slug,
            name=slug.replace("-", " ").capitalize(),
            description=f"A {slug} look.",
            position=position,
            widths=[320, 640],
        )
        for position, slug in enumerate(slugs)
    ]


@cache
def _tinted(photo: bytes, slug: str, widths: tuple[int, ...]) -> tuple[list[Rendition], str]:
    """Renditions and placeholder of a photo's bytes; kept, so that every test can have a painted store."""
    grey = Image.open(io.BytesIO(photo)).convert("L")
    pixels = np.asarray(ImageOps.colorize(grey, *TINTS[slug]))
    return encode_renditions(pixels, widths, ("webp", "jpeg")), placeholder(pixels)


def paint(photo: ProductImage, preset: StylePreset) -> StyledVariant:
    """A ready variant as a worker leaves it; the tint stands for the painting."""
    with photo.image.open() as file:
        made, uri = _tinted(file.read(), preset.slug, tuple(preset.widths))
    storage = variant_storage()
    renditions = []
    for rendition in made:
        digest = hashlib.sha256(rendition.data).hexdigest()
        name = f"styled/{digest[:2]}/{digest[:32]}-{rendition.width}.{rendition.format}"
        if not storage.exists(name):
            name = storage.save(name, ContentFile(rendition.data))
        renditions.append(
            {
                "width": rendition.width,
                "height": rendition.height,
                "format": rendition.format,
                "name": name,
                "bytes": len(rendition.data),
            }
        )
    return StyledVariant.objects.create(
        content_type=ContentType.objects.get_for_model(ProductImage),
        object_id=str(photo.pk),
        field="image",
        preset=preset,
        recipe=hashlib.sha256(f"{photo.pk}:{preset.pk}".encode()).hexdigest(),
        source_name=photo.image.name,
        source_width=photo.width,
        source_height=photo.height,
        state=VariantState.READY,
        width=renditions[-1]["width"],
        height=renditions[-1]["height"],
        renditions=renditions,
        placeholder=uri,
    )
