"""Forms of a preset, of its reference pictures, and of unsaved amounts to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from styletransfer.admin import unify_form
from styletransfer.admin.unify_form import UnifyFields
from styletransfer.admin.widgets import ReferenceInput, SliderInput, WidthsField
from styletransfer.conf import get_settings
from styletransfer.imaging.decode import DecodeLimits, ImageRefusedError, decode
from styletransfer.models import StylePreset, StyleReference
from styletransfer.models.preset import AMOUNTS, PROTECTIONS, Scope, Statistics

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


class StylePresetForm(UnifyFields, PresetFormBase):
    """A preset with sliders for its amounts, fields for the unify engine's settings, and widths as text."""

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
            "feather",
            *PROTECTIONS,
            "statistics",
            "engine_settings",
            "widths",
            "is_active",
            "is_public",
            "position",
        )
        widgets = {
            **{name: SliderInput() for name in (*AMOUNTS, *PROTECTIONS)},
            "feather": forms.NumberInput(attrs={"step": "0.001", "min": "0", "max": "0.05"}),
            "engine_settings": forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            "description": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.digest_before = self.instance.digest
        self.settings_before = dict(self.instance.engine_settings or {})
        for name in (*PROTECTIONS, "feather", "statistics", "scope"):
            if name in self.fields:
                # A form that leaves one out, such as a host's own, keeps what is saved.
                self.fields[name].required = False
        is_unify = self.instance.engine == unify_form.ENGINE
        for name, value in unify_form.initial_from(self.settings_before if is_unify else {}).items():
            self.initial.setdefault(name, value)
        if "engine" in self.fields:
            label, help_text = (
                self.fields["engine"].label,
                _("What paints: the shipped painter, or one a shop adds."),
            )
            self.fields["engine"] = forms.ChoiceField(
                label=label, help_text=help_text, choices=engine_choices(self.instance.engine)
            )

    def clean(self) -> dict[str, Any]:
        """Put the unify engine's settings together; those of another engine are not carried over to it."""
        cleaned = super().clean() or {}
        engine = cleaned.get("engine")
        if engine == unify_form.ENGINE and not self.errors:
            was_unify = self.instance.engine == engine
            cleaned["engine_settings"] = unify_form.settings_from(
                cleaned, self.settings_before if was_unify else {}
            )
        elif self.instance.pk and engine != self.initial.get("engine"):
            cleaned["engine_settings"] = {}
        return cleaned


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


class AmountsForm(UnifyFields):
    """What somebody tries without saving it; each value may be left out."""

    strength = forms.FloatField(min_value=0, max_value=1, required=False)
    keep_colours = forms.FloatField(min_value=0, max_value=1, required=False)
    calm = forms.FloatField(min_value=0, max_value=1, required=False)
    detail = forms.FloatField(min_value=0, max_value=1, required=False)
    protect_text = forms.FloatField(min_value=0, max_value=1, required=False)
    protect_drawn = forms.FloatField(min_value=0, max_value=1, required=False)
    lightness_guard = forms.FloatField(min_value=0, max_value=1, required=False)
    feather = forms.FloatField(min_value=0, max_value=0.05, required=False)
    scope = forms.ChoiceField(choices=Scope.choices, required=False)
    statistics = forms.ChoiceField(choices=Statistics.choices, required=False)

    def __init__(self, data: Any, preset: StylePreset) -> None:
        super().__init__(data)
        self.preset = preset

    def clean(self) -> dict[str, Any]:
        """Put the unify engine's settings together where they were sent."""
        cleaned = super().clean() or {}
        if self.preset.engine == unify_form.ENGINE and "unify_background" in self.data and not self.errors:
            cleaned["engine_settings"] = unify_form.settings_from(cleaned, self.preset.engine_settings)
        return cleaned

    def given(self) -> dict[str, Any]:
        """What was sent, valid all."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in (None, "") and name not in unify_form.NAMES
        }
