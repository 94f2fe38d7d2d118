"""The example store's app."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Categories, products, cart and orders of an invented brand."""

    name = "shop"
    default_auto_field = "django.db.models.BigAutoField"
