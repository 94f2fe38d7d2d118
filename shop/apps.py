"""The example store's app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    """Categories, products, cart and orders of an invented brand."""

    name = "shop"
    verbose_name = _("Nord & Co")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers."""
        from shop import signals  # noqa: F401, PLC0415
