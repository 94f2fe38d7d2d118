"""Presets that are weighted mixes of others."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from styletransfer.models.preset import StylePreset


class StylePresetPart(models.Model):
    """One component of a preset that is a weighted mix of others."""

    preset = models.ForeignKey(StylePreset, on_delete=models.CASCADE, related_name="parts")
    component = models.ForeignKey(StylePreset, on_delete=models.PROTECT, related_name="used_in")
    weight = models.FloatField(_("weight"), default=1.0)

    class Meta:
        ordering = ["component_id"]
        verbose_name = _("mixed-in preset")
        verbose_name_plural = _("mixed-in presets")
        constraints = [
            models.UniqueConstraint(fields=["preset", "component"], name="styletransfer_part_once"),
            models.CheckConstraint(
                condition=models.Q(weight__gt=0), name="styletransfer_part_weight_positive"
            ),
            models.CheckConstraint(
                condition=~models.Q(preset=models.F("component")), name="styletransfer_part_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weight:g} {self.component}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save and let the mix's digest follow."""
        super().save(*args, **kwargs)
        self.preset.refresh_digest()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete and let the mix's digest follow."""
        preset = self.preset
        deleted = super().delete(*args, **kwargs)
        preset.refresh_digest()
        return deleted

    def clean(self) -> None:
        """Refuse a mix of mixes: it could run in a circle."""
        if self.component_id and self.component.parts.exists():
            raise ValidationError(
                {"component": _("This preset is a mix itself; mix its components instead.")}
            )
        if self.preset_id and self.preset.used_in.exists():
            raise ValidationError(_("This preset is part of another mix and cannot become a mix."))
