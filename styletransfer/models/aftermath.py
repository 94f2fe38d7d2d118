"""What stays when personal data go: daily totals without anybody in them, and proof of erasures."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.event import EventKind


class StyleTotal(models.Model):
    """How often something happened on one day (UTC); what old events are added up into."""

    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=12, choices=EventKind.choices)
    style = models.CharField(_("style"), max_length=64, blank=True)
    category = models.CharField(_("category"), max_length=64, blank=True)
    surface = models.CharField(_("where it was shown"), max_length=32, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    events = models.PositiveBigIntegerField(_("events"), default=0)
    quantity = models.PositiveBigIntegerField(_("quantity"), default=0)
    value = models.DecimalField(_("value"), max_digits=16, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("daily total")
        verbose_name_plural = _("daily totals")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "style", "category", "surface", "currency"],
                name="styletransfer_total_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}: {self.events}"


class ErasureTombstone(models.Model):
    """That somebody was erased, without saying who: SHA-256 of a key that no longer exists anywhere.

    After a backup is restored, whoever in it hashes to a tombstone is erased again. The key is 122 random
    bits, so the digest cannot be turned back.
    """

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    erased_at = models.DateTimeField(_("erased"))

    class Meta:
        verbose_name = _("erasure tombstone")
        verbose_name_plural = _("erasure tombstones")

    def __str__(self) -> str:
        return self.digest[:12]
