"""One source photo in one preset: its state, its files, its measures and its review."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset


class VariantState(models.TextChoices):
    """Where a variant stands; only ``jobs/claims.py`` moves it."""

    QUEUED = "queued", _("Queued")
    PAINTING = "painting", _("Painting")
    ENCODING = "encoding", _("Encoding")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    SUPERSEDED = "superseded", _("Superseded")


class ReviewState(models.TextChoices):
    """What staff think of a finished variant."""

    PENDING = "pending", _("Not reviewed")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class LaneChoice(models.TextChoices):
    """Who paints it: a worker that answers previews, or one that works through bulk jobs."""

    INTERACTIVE = "interactive", _("Interactive")
    BULK = "bulk", _("Bulk")


def recipe_of(source_digest: str, preset_digest: str, engine_digest: str, mask_digest: str = "") -> str:
    """sha256 of all that decides a variant's pixels: source bytes, preset, engine (weights, code), drawings.

    ``mask_digest`` is what ``StylePreset.mask_digest`` says of the drawings; mostly nothing.
    """
    parts = [source_digest, preset_digest, engine_digest, *([mask_digest] if mask_digest else [])]
    return hashlib.sha256(":".join(parts).encode()).hexdigest()


def look_of(preset_digest: str, engine_digest: str) -> str:
    """sha256 of what decides a variant's pixels apart from the photo: preset and engine."""
    return hashlib.sha256(f"{preset_digest}:{engine_digest}".encode()).hexdigest()


class StyledVariant(models.Model):
    """A photo of a registered source, painted in one preset.

    ``object_id`` is text so that integer and UUID keys work. ``renditions`` is a list of
    ``{"width", "height", "format", "name", "bytes"}`` in the configured storage. ``timings`` holds
    seconds by stage, ``measures`` the figures of ``imaging``'s ``measure``.

    ``look`` is the part of the recipe that all photos of a preset share, so that SQL can tell what is up to
    date. ``hidden_by`` is the job that was undone: the shop shows the photo until it is brought back.
    """

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    source = GenericForeignKey("content_type", "object_id")
    field = models.CharField(max_length=64)
    preset = models.ForeignKey(StylePreset, on_delete=models.CASCADE, related_name="variants")
    recipe = models.CharField(max_length=64)
    look = models.CharField(max_length=64, blank=True, editable=False)

    source_name = models.CharField(_("photo"), max_length=255)
    source_digest = models.CharField(max_length=64)
    source_width = models.PositiveIntegerField(null=True)
    source_height = models.PositiveIntegerField(null=True)

    state = models.CharField(
        _("state"), max_length=16, choices=VariantState.choices, default=VariantState.QUEUED
    )
    lane = models.CharField(_("lane"), max_length=16, choices=LaneChoice.choices, default=LaneChoice.BULK)
    bucket = models.CharField(max_length=24, blank=True)
    token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(null=True)
    error = models.TextField(_("error"), blank=True)

    master_name = models.CharField(max_length=255, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    renditions = models.JSONField(default=list, blank=True)
    placeholder = models.TextField(blank=True)
    measures = models.JSONField(_("measures"), default=dict, blank=True)
    timings = models.JSONField(_("timings"), default=dict, blank=True)

    review = models.CharField(
        _("review"), max_length=16, choices=ReviewState.choices, default=ReviewState.PENDING
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey(
        "RestyleJob", on_delete=models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("styled variant")
        verbose_name_plural = _("styled variants")
        permissions = [("restyle", _("Can restyle photos")), ("review", _("Can review styled variants"))]
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "field", "preset", "recipe"],
                name="styletransfer_variant_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[choice.value for choice in VariantState]),
                name="styletransfer_variant_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="painting")
                | models.Q(token__isnull=False, lease_until__isnull=False),
                name="styletransfer_painting_has_a_lease",
            ),
            models.CheckConstraint(
                condition=models.Q(token__isnull=True) | models.Q(state__in=["painting", "encoding"]),
                name="styletransfer_only_work_holds_a_token",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(width__gt=0, height__gt=0),
                name="styletransfer_ready_has_a_size",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "bucket", "id"],
                condition=models.Q(state="queued"),
                name="styletransfer_queue",
            ),
            models.Index(
                fields=["lane", "id"],
                condition=models.Q(state="queued"),
                name="styletransfer_queue_age",
            ),
            models.Index(
                fields=["-lane", "id"],
                condition=models.Q(state="encoding"),
                name="styletransfer_encode_queue",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(lease_until__isnull=False),
                name="styletransfer_leases",
            ),
            models.Index(
                fields=["hidden_by"],
                condition=models.Q(hidden_by__isnull=False),
                name="styletransfer_hidden",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_name} · {self.preset_id}"
