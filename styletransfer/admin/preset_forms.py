"""Forms of a preset, of its reference pictures, and of unsaved amounts to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from styletransfer.admin.widgets import ReferenceInput, SliderInput, WidthsField
from styletransfer.conf import get_settings
from styletransfer.imaging.decode import DecodeLimits, ImageRefusedError, decode
from styletransfer.models import StylePreset, StyleReference
from styletransfer.models.preset import AMOUNTS

if TYPE_CHECKING:
    PresetFormBase = forms.ModelForm[StylePreset]
    ReferenceFormBase = forms.ModelForm[StyleReference]
else:
    PresetFormBase = ReferenceFormBase = forms.ModelForm


def engine_choices(current: str = "") -> list[tuple[str, Any]]:
    """Installed engines; a saved one that is gone stays visible, so that saving never swaps it silently."""
    choices: list[tuple[str, Any]] = [(name, name) for name in sorted(get_settings().engine_paths())]
    if current and current not in dict(choices):
        choices.insert(0, (current, _("%(engine)s (not installed)") % {"engine": current}))
    return choices


class StylePresetForm(PresetFormBase):
    """A preset with sliders for its amounts and widths as plain text."""

    widths = WidthsField(
        label=_("widths"),
        help_text=_(
            "Widths of the finished pictures in pixels, such as 320, 640, 960. A photo is never enlarged."
        ),
    )

    class Meta:
        model = StylePreset
        fields = (
            "name",
            "slug",
            "description",
            "engine",
            *AMOUNTS,
            "scope",
            "widths",
            "is_active",
            "is_public",
            "position",
        )
        widgets = {
            **{name: SliderInput() for name in AMOUNTS},
            "description": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.digest_before = self.instance.digest
        if "engine" in self.fields:
            label, help_text = (
                self.fields["engine"].label,
                _("What paints: the shipped painter, or one a shop adds."),
            )
            self.fields["engine"] = forms.ChoiceField(
                label=label, help_text=help_text, choices=engine_choices(self.instance.engine)
            )


class StyleReferenceForm(ReferenceFormBase):
    """A reference picture, decoded once on upload so that a bad file is refused here and not in a worker."""

    class Meta:
        model = StyleReference
        fields = ("image", "position")
        widgets = {"image": ReferenceInput}

    # Django's own image field would replace the decoder's reason by a general sentence.
    image = forms.FileField(label=_("picture"), widget=ReferenceInput)

    def clean_image(self) -> Any:
        """The upload, rewound.

        Raises:
            ValidationError: the decoder's reason.
        """
        upload = self.cleaned_data["image"]
        if "image" not in self.changed_data or not upload:
            return upload
        configured = get_settings()
        limits = DecodeLimits(max_bytes=configured.max_bytes, max_pixels=configured.max_pixels)
        try:
            decode(upload.file, limits, max_size=(512, 512))
        except ImageRefusedError as error:
            raise ValidationError(str(error), code=error.code) from error
        upload.seek(0)
        return upload


class AmountsForm(forms.Form):
    """Amounts that somebody tries without saving them; each may be left out."""

    strength = forms.FloatField(min_value=0, max_value=1, required=False)
    keep_colours = forms.FloatField(min_value=0, max_value=1, required=False)
    calm = forms.FloatField(min_value=0, max_value=1, required=False)
    detail = forms.FloatField(min_value=0, max_value=1, required=False)

    def given(self) -> dict[str, float]:
        """The amounts that were sent, valid ones all."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None}
