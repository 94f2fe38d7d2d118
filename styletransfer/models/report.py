"""How even a catalogue is: measures of single pictures, and the reports that are made of them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset


class PictureMeasure(models.Model):
    """What was measured of a photo, or of a painting (then the object is its variant).

    Measured once for the digest of the bytes and the version of the measures; a photo with the same bytes
    takes them over. ``measures`` is a row of ``imaging``'s ``PictureMeasures`` with the light's numbers,
    ``palette`` the bytes of ``palette_of``; both are empty where ``error`` says why.
    """

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.CharField(max_length=64)
    field = models.CharField(max_length=64)
    source_name = models.CharField(max_length=255)
    source_digest = models.CharField(max_length=64, db_index=True)
    version = models.CharField(max_length=64)
    measures = models.JSONField(default=dict)
    palette = models.BinaryField(null=True)
    error = models.TextField(blank=True)
    measured_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("picture measure")
        verbose_name_plural = _("picture measures")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "field"], name="styletransfer_measure_once"
            )
        ]

    def __str__(self) -> str:
        return self.source_name


class CatalogueReport(models.Model):
    """One look at all photos of a source and, where a preset is given, at its paintings beside them.

    Workers measure in slices: ``stage`` and ``cursor`` say where to go on, ``lease_until`` that somebody
    does. ``summary`` holds spreads, outliers and palettes when it is finished.
    """

    class Stage(models.TextChoices):
        """What is measured now."""

        PHOTOS = "photos", _("Measuring photos")
        PAINTINGS = "paintings", _("Measuring paintings")
        FINISHED = "finished", _("Finished")

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    preset = models.ForeignKey(
        StylePreset,
        verbose_name=_("preset"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices, default=Stage.PHOTOS)
    cursor = models.CharField(max_length=64, blank=True, editable=False)
    total = models.PositiveIntegerField(_("pictures"), default=0)
    done = models.PositiveIntegerField(_("measured"), default=0)
    lease_until = models.DateTimeField(null=True, editable=False)
    summary = models.JSONField(default=dict, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("catalogue report")
        verbose_name_plural = _("catalogue reports")

    def __str__(self) -> str:
        return f"{self.content_type} · {self.preset or _('photos')}"

    @property
    def is_open(self) -> bool:
        """Whether something is still to be measured."""
        return self.stage != self.Stage.FINISHED
