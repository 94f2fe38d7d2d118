"""``manage.py load_catalogue``: fill the example store."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from shop.catalogue_loader import load_catalogue


class Command(BaseCommand):
    help = "Load the example store's categories, products and photos; a second run changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        report = load_catalogue()
        self.stdout.write(
            f"Catalogue: {report.products} products in {report.categories} categories with "
            f"{report.photos} photos ({report.new_products} products and {report.new_photos} photos new)."
        )
