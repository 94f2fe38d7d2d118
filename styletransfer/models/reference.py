"""The pictures that show a preset's look."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset
from styletransfer.models.storage import reference_path, variant_storage


class StyleReference(models.Model):
    """A picture that shows the look; several of them are averaged in the style code's space."""

    preset = models.ForeignKey(StylePreset, on_delete=models.CASCADE, related_name="references")
    image = models.ImageField(_("picture"), upload_to=reference_path, storage=variant_storage, max_length=200)
    content_digest = models.CharField(max_length=64, editable=False)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("reference picture")
        verbose_name_plural = _("reference pictures")

    def __str__(self) -> str:
        return self.image.name or ""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Digest the picture's bytes before they are stored under that digest."""
        if self.image and not getattr(self.image, "_committed", True):
            self.image.open()
            self.content_digest = hashlib.sha256(self.image.read()).hexdigest()
            self.image.seek(0)
        super().save(*args, **kwargs)
        self.preset.refresh_digest()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row and let the digest follow; the file may be shared, so it stays for the sweep."""
        preset = self.preset
        deleted = super().delete(*args, **kwargs)
        preset.refresh_digest()
        return deleted
