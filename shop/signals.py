"""Keeps ``Product.main_photo`` on the first photo by position."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from shop.models import Product, ProductImage


@receiver([post_save, post_delete], sender=ProductImage, dispatch_uid="shop.main_photo")
def choose_main_photo(instance: ProductImage, **_: Any) -> None:
    """Point the product at its first photo, or at none."""
    first = ProductImage.objects.filter(product_id=instance.product_id).values_list("pk", flat=True).first()
    Product.objects.filter(pk=instance.product_id).update(main_photo=first)
