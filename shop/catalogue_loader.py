"""Loads ``shop/catalogue``: the example store's products and their photos."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image

from shop.models import Category, Product, ProductImage

CATALOGUE = Path(__file__).parent / "catalogue"
CROP_QUALITY = 92


@dataclass
class LoadReport:
    """How much a load found and how much of it was new."""

    categories: int = 0
    products: int = 0
    photos: int = 0
    new_products: int = 0
    new_photos: int = 0


def load_catalogue(folder: Path = CATALOGUE) -> LoadReport:
    """Create what is missing; products and photos that are there already keep what staff changed.

    Args:
        folder: where ``catalogue.json`` and its pictures are.

    Returns:
        What the catalogue holds and what was new.
    """
    catalogue = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
    report = LoadReport()
    with transaction.atomic():
        categories = {}
        for position, entry in enumerate(catalogue["categories"]):
            categories[entry["slug"]], _ = Category.objects.get_or_create(
                slug=entry["slug"], defaults={"name": entry["name"], "position": position}
            )
            report.categories += 1
        for entry in catalogue["products"]:
            _load_product(entry, categories[entry["category"]], folder, report)
    return report


def _load_product(entry: dict[str, Any], category: Category, folder: Path, report: LoadReport) -> None:
    product, created = Product.objects.get_or_create(
        slug=entry["slug"],
        defaults={
            "category": category,
            "name": entry["name"],
            "description": entry["description"],
            "price": Decimal(entry["price"]),
            "stock": entry["stock"],
        },
    )
    report.products += 1
    report.new_products += created
    main_file = folder / entry["photos"][0]["file"]
    taken = set(product.photos.values_list("position", flat=True))
    for position, photo in enumerate(entry["photos"]):
        report.photos += 1
        if position in taken:
            continue
        file = _photo_file(main_file, photo.get("crop"), f"{product.slug}-{position + 1}.jpg")
        ProductImage.objects.create(product=product, image=file, alt=photo["alt"], position=position)
        report.new_photos += 1


def _photo_file(main_file: Path, crop: list[int] | None, name: str) -> ContentFile[bytes]:
    """The main photo's own bytes, or the close-up ``crop`` (left, top, right, bottom in pixels) of it."""
    if crop is None:
        return ContentFile(main_file.read_bytes(), name=name)
    left, top, right, bottom = crop
    buffer = io.BytesIO()
    with Image.open(main_file) as picture:
        if not (0 <= left < right <= picture.width and 0 <= top < bottom <= picture.height):
            raise ValueError(f"The crop {crop} for {name} does not lie inside {main_file.name}.")
        picture.crop((left, top, right, bottom)).save(buffer, "JPEG", quality=CROP_QUALITY)
    return ContentFile(buffer.getvalue(), name=name)
