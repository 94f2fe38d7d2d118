"""What goes together, as the last fit found it, and what the shop's staff want shown or left out."""

from __future__ import annotations

from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Expression, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RecommendationSnapshot(models.Model):
    """One fit of all product models. Its lists are written once and never changed.

    The newest complete one is current. Those before it are kept for a while, so that whoever turns to the
    next page sees the list that the first page came from. ``shoppers``, ``events`` and ``products`` count
    what it was fitted on; nothing in it leads to a person.
    """

    recommender = models.CharField(_("recommender"), max_length=200)
    shoppers = models.PositiveIntegerField(_("shoppers"), default=0)
    events = models.PositiveIntegerField(_("events"), default=0)
    products = models.PositiveIntegerField(_("products with neighbours"), default=0)
    seconds = models.FloatField(_("seconds"), default=0.0)
    is_current = models.BooleanField(_("current"), default=False)
    created_at = models.DateTimeField(_("fitted"), default=timezone.now, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("recommendation snapshot")
        verbose_name_plural = _("recommendation snapshots")
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="styletransfer_one_current_snapshot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class ListKind(models.TextChoices):
    """What a stored list holds."""

    NEIGHBOURS = "neighbours", _("products that go with one")
    CATEGORY = "category", _("popular products of a category")
    POPULAR = "popular", _("popular products")


class RecommendationList(models.Model):
    """One list of a snapshot: the best neighbours of a product, or the popular ones of a category or of all.

    ``key`` is the product's primary key as text, the category, or "". ``entries`` is the JSON that
    ``Entries.load`` reads.
    """

    snapshot = models.ForeignKey(
        RecommendationSnapshot, on_delete=models.CASCADE, related_name="lists", db_index=False
    )
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=ListKind.choices)
    key = models.CharField(_("of"), max_length=64, blank=True)
    entries = models.JSONField(_("entries"))

    class Meta:
        verbose_name = _("recommendation list")
        verbose_name_plural = _("recommendation lists")
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "content_type", "kind", "key"], name="styletransfer_list_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}".rstrip()


class RuleKind(models.TextChoices):
    """What a rule does."""

    PIN = "pin", _("Show first")
    EXCLUDE = "exclude", _("Never recommend")


class RecommendationRuleQuerySet(models.QuerySet["RecommendationRule"]):
    """Rules, and which of them hold."""

    def active(self, at: datetime | Expression | None = None) -> RecommendationRuleQuerySet:
        """Those whose time it is, now or at another moment."""
        now = at or timezone.now()
        return self.filter(
            Q(starts_at__isnull=True) | Q(starts_at__lte=now), Q(ends_at__isnull=True) | Q(ends_at__gt=now)
        )


class RecommendationRule(models.Model):
    """A product that staff want shown first, or not at all, for everybody or beside one other product.

    ``beside`` is the key of a product whose "goes well with" the rule is about; "" means all lists.
    """

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(_("product"), max_length=64)
    kind = models.CharField(_("rule"), max_length=8, choices=RuleKind.choices, default=RuleKind.PIN)
    beside = models.CharField(
        _("only beside"),
        max_length=64,
        blank=True,
        help_text=_("A product on whose page the rule holds. Empty: the rule holds everywhere."),
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("Among several that are shown first, the lowest leads.")
    )
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = RecommendationRuleQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("recommendation rule")
        verbose_name_plural = _("recommendation rules")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "beside"], name="styletransfer_rule_once"
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(starts_at__lt=models.F("ends_at")),
                name="styletransfer_rule_starts_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.object_id}"

    def clean(self) -> None:
        """A rule must begin before it ends."""
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValidationError({"ends_at": _("It must end after it starts.")})
