"""What shoppers allowed and refused, and when: a ledger to which rows are only ever added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from styletransfer.models.shopper import Shopper


class Purpose(models.TextChoices):
    """What data may be used for; each is asked for by itself."""

    PERSONALISATION = "personalisation", _("Personal pictures")
    MEASUREMENT = "measurement", _("Measuring what works")


class ConsentSource(models.TextChoices):
    """How a decision reached the shop."""

    BANNER = "banner", _("banner")
    PAGE = "page", _("privacy page")
    API = "api", _("API")
    GPC = "gpc", _("Global Privacy Control")


class ConsentRecord(models.Model):
    """One decision on one purpose. The latest by ``decided_at`` holds; earlier ones prove what held before.

    ``version`` is that of the text the shopper was shown (``STYLETRANSFER["CONSENT_VERSION"]``).
    """

    shopper: models.ForeignKey[Shopper, Shopper] = models.ForeignKey(
        "styletransfer.Shopper", on_delete=models.CASCADE, related_name="consents", db_index=False
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    granted = models.BooleanField(_("granted"))
    version = models.CharField(_("version of the text"), max_length=32)
    source = models.CharField(_("source"), max_length=10, choices=ConsentSource.choices)
    decided_at = models.DateTimeField(_("decided"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        indexes = [
            models.Index(fields=["shopper", "purpose", "-decided_at"], name="styletransfer_consent_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {'+' if self.granted else '-'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add a row.

        Raises:
            TypeError: the row exists; a ledger is not corrected but added to.
        """
        if not self._state.adding:
            raise TypeError("A consent record cannot be changed; add another one.")
        super().save(*args, **kwargs)
