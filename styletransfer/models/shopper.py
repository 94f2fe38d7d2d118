"""Whoever consented to be recognised: an opaque key, perhaps an account, and nothing else about them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from styletransfer.conf import get_settings
from styletransfer.models.consent import ConsentRecord, Purpose

GRANTED_PREFIX = "granted_"


class ShopperQuerySet(models.QuerySet["Shopper"]):
    """Shoppers together with what they allow."""

    def with_consent(self) -> ShopperQuerySet:
        """Annotate ``granted_<purpose>`` from the ledger, within the same query.

        None stands for "not asked yet", also when the texts have a new version since.
        """
        version = get_settings().consent_version
        latest = {
            f"{GRANTED_PREFIX}{purpose.value}": models.Subquery(
                ConsentRecord.objects.filter(shopper=models.OuterRef("pk"), purpose=purpose, version=version)
                .order_by("-decided_at", "-pk")
                .values("granted")[:1]
            )
            for purpose in Purpose
        }
        return self.annotate(**latest)


class Shopper(models.Model):
    """One person, as far as the shop may know: an account, or a browser that has consented.

    A row is made when somebody consents, never by a page view. At login the browser's row is merged into
    the account's: its events, consent and pick move, and ``merged_into`` leads old cookies to the account.
    ``picked_style`` is the explicit choice of a style: a slug, "original", or "" for none.
    """

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="merged"
    )
    picked_style = models.CharField(_("picked style"), max_length=64, blank=True)
    picked_at = models.DateTimeField(_("picked"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now, db_index=True)

    objects = ShopperQuerySet.as_manager()

    class Meta:
        verbose_name = _("shopper")
        verbose_name_plural = _("shoppers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | models.Q(user__isnull=True),
                name="styletransfer_merged_has_no_user",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
