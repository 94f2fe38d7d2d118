"""What is asked on the confirm page: which looks, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from styletransfer.admin.rendering import amount_meters, reference_url
from styletransfer.admin.selection import Reach
from styletransfer.admin.speed import Speed
from styletransfer.admin.standing import standing_by_preset
from styletransfer.models import StylePreset
from styletransfer.models.variant import LaneChoice

# More than this many photos ahead of everybody's previews would make previews useless.
HURRY_LIMIT = 100


class RestyleForm(forms.Form):
    """Which looks, whether failures are tried again, and whether the work may go first."""

    presets = forms.ModelMultipleChoiceField(
        StylePreset.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one look.")},
    )
    force = forms.BooleanField(
        required=False, label=gettext_lazy("Also try photos again that failed before in these looks")
    )
    hurry = forms.BooleanField(required=False, label=gettext_lazy("Paint these before all other jobs"))

    def __init__(self, *args: Any, photos: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["presets"].queryset = offered_presets()  # type: ignore[attr-defined]
        if photos > HURRY_LIMIT:
            del self.fields["hurry"]

    def clean(self) -> dict[str, Any]:
        """Turn the tick into a lane."""
        cleaned = super().clean() or {}
        cleaned["lane"] = LaneChoice.INTERACTIVE.value if cleaned.get("hurry") else LaneChoice.BULK.value
        return cleaned


def offered_presets() -> Any:
    """Active presets with their reference pictures, in the shop's order."""
    return (
        StylePreset.objects.looks()
        .filter(is_active=True)
        .order_by("position", "name")
        .prefetch_related("references", "parts__component__references")
    )


def look_cards(form: RestyleForm, found: Sequence[Reach], speed: Speed) -> list[dict[str, Any]]:
    """One card a look: its picture, where the selected photos stand in it, and how long the rest takes."""
    presets = list(offered_presets())
    counted = standing_by_preset(found, presets)
    picked = {str(value) for value in form["presets"].value() or ()}
    return [
        {
            "preset": preset,
            "url": reference_url(preset),
            "amounts": amount_meters(preset),
            "standing": counted[preset.pk],
            "ready": counted[preset.pk].ready,
            "is_complete": counted[preset.pk].ready >= counted[preset.pk].photos > 0,
            "time": speed.time_for(counted[preset.pk].to_paint),
            "is_picked": str(preset.pk) in picked,
        }
        for preset in presets
    ]
