"""What shoppers did: the raw material of the taste model, of recommendations and of experiments."""

from __future__ import annotations

import uuid

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from styletransfer.models.consent import Purpose
from styletransfer.models.preset import StylePreset
from styletransfer.models.shopper import Shopper


class EventKind(models.TextChoices):
    """What happened."""

    IMPRESSION = "impression", _("picture seen")
    VIEW = "view", _("product page opened")
    CLICK = "click", _("picture clicked")
    ADD_TO_CART = "add_to_cart", _("added to the cart")
    PURCHASE = "purchase", _("bought")
    LIKE = "like", _("liked")
    DISLIKE = "dislike", _("disliked")
    PICK = "pick", _("style picked")


class Device(models.TextChoices):
    """Class of device, all that is kept of the browser's name."""

    PHONE = "phone", _("phone")
    TABLET = "tablet", _("tablet")
    DESKTOP = "desktop", _("computer")
    UNKNOWN = "", _("unknown")


class ConsentBasis(models.TextChoices):
    """Which purposes the shopper allowed when the event was recorded."""

    BOTH = "both", _("both")
    PERSONALISATION = "personalisation", _("personal pictures only")
    MEASUREMENT = "measurement", _("measurement only")


class EventQuerySet(models.QuerySet["StyleEvent"]):
    """Events, and what they may be used for."""

    def usable_for(self, purpose: Purpose) -> EventQuerySet:
        """Those recorded while their shopper allowed this purpose."""
        return self.filter(consent_basis__in=(ConsentBasis.BOTH, purpose.value))


class StyleEvent(models.Model):
    """One thing one shopper did, once: the id is the sender's, so that a repeated batch adds nothing.

    ``style`` says in which look the item was shown: a slug, "original" for the photo as it is, or "" when
    the event is not about a picture. ``preset`` is the same as a relation; it is null for the photo, and
    becomes null when staff delete the look, which is why ``style`` is kept beside it.

    Impressions carry how the style was decided: ``candidates`` are the keys of the presets that could have
    been shown (null in the list stands for the photo), ``propensity`` the probability with which the shown
    one was, ``policy`` the name and version of what decided, ``seed`` its random seed. What follows from
    an impression (a click, a cart, a purchase) names it in ``impression_id``.
    """

    id = models.UUIDField(_("event id"), primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=EventKind.choices)
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="events", db_index=False)
    content_type = models.ForeignKey(
        ContentType, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    object_id = models.CharField(_("product"), max_length=64, blank=True)
    style = models.CharField(_("style"), max_length=64, blank=True)
    preset = models.ForeignKey(
        StylePreset, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    value = models.DecimalField(_("value"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    category = models.CharField(_("category"), max_length=64, blank=True)
    device = models.CharField(_("device"), max_length=8, choices=Device.choices, blank=True)
    consent_basis = models.CharField(_("consent basis"), max_length=15, choices=ConsentBasis.choices)
    occurred_at = models.DateTimeField(_("occurred"))
    received_at = models.DateTimeField(_("received"), default=timezone.now, db_index=True)

    surface = models.CharField(_("where it was shown"), max_length=32, blank=True)
    candidates = models.JSONField(_("candidates"), null=True, blank=True)
    propensity = models.FloatField(_("propensity"), null=True, blank=True)
    policy = models.CharField(_("policy"), max_length=64, blank=True)
    seed = models.BigIntegerField(_("seed"), null=True, blank=True)
    impression_id = models.UUIDField(_("impression"), null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["shopper", "occurred_at"], name="styletransfer_event_of_shopper"),
            models.Index(
                fields=["impression_id"],
                condition=models.Q(impression_id__isnull=False),
                name="styletransfer_event_follows",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(propensity__isnull=True) | models.Q(propensity__gt=0, propensity__lte=1),
                name="styletransfer_event_propensity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}".rstrip()
