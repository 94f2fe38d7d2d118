"""What was changed and calls for new paintings, noted in the transaction that changed it."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset


class NotedChange(models.Model):
    """A changed photo, or a changed preset, that a worker has not yet turned into a job.

    Rows are only ever added and taken away, never shared: two changes of one photo are two rows, so that
    no change can be lost between a worker that takes the first and a request that writes the second.
    """

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, null=True, related_name="+")
    object_id = models.CharField(max_length=64, blank=True)
    preset = models.ForeignKey(StylePreset, on_delete=models.CASCADE, null=True, related_name="+")
    noted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("noted change")
        verbose_name_plural = _("noted changes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(content_type__isnull=False, preset__isnull=True)
                | models.Q(content_type__isnull=True, preset__isnull=False),
                name="styletransfer_change_of_photo_or_preset",
            ),
        ]

    def __str__(self) -> str:
        return f"preset {self.preset_id}" if self.preset_id else f"photo {self.object_id}"


class EngineSeen(models.Model):
    """The digest under which an engine last painted here; another one means new weights or new code."""

    engine = models.CharField(_("engine"), max_length=64, primary_key=True)
    digest = models.CharField(_("digest"), max_length=64)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("engine")
        verbose_name_plural = _("engines")

    def __str__(self) -> str:
        return f"{self.engine} {self.digest[:8]}"
