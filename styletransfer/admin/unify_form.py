"""The settings of the unify engine as form fields, so that nobody has to write JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.admin.widgets import ColourInput, SliderInput
from styletransfer.engine.abilities import EngineSettingsError
from styletransfer.engine.unify_engine import UnifyEngine
from styletransfer.imaging.unify.settings import UnifyOptions

ENGINE = "unify"
PREFIX = "unify_"

_DEFAULTS = UnifyOptions()
_BACKGROUNDS = [
    ("white", gettext_lazy("White")),
    ("colour", gettext_lazy("One colour")),
    ("gradient", gettext_lazy("Gradient from top to bottom")),
    ("keep", gettext_lazy("Keep the photo\u2019s own")),
]
_SHADOWS = [
    ("auto", gettext_lazy("The photo\u2019s own where it is clear, else drawn")),
    ("keep", gettext_lazy("The photo\u2019s own")),
    ("contact", gettext_lazy("A soft drawn one")),
    ("none", gettext_lazy("None")),
]
_AIMS = [
    ("neutral", gettext_lazy("Neutral daylight")),
    ("catalogue", gettext_lazy("The catalogue\u2019s median, as its report measured it")),
    ("references", gettext_lazy("The reference pictures below")),
]


def _share(label: Any, help_text: Any = "", most: float = 1) -> forms.FloatField:
    """A slider from 0 to ``most``; left out, the setting keeps its default."""
    return forms.FloatField(
        label=label,
        help_text=help_text,
        min_value=0,
        max_value=most,
        required=False,
        widget=SliderInput({"max": f"{most:g}"}),
    )


class UnifyFields(forms.Form):
    """One field for each setting; hidden by a script while another engine is chosen."""

    unify_aim = forms.ChoiceField(
        label=gettext_lazy("Light to aim at"), choices=_AIMS, required=False, initial="neutral"
    )
    unify_strictness = _share(
        gettext_lazy("Strictness"),
        gettext_lazy("0 leaves light and tone alone, 1 goes as far as skin and product colours allow."),
    )
    unify_match_tones = _share(
        gettext_lazy("Match tones"),
        gettext_lazy(
            "0 keeps every product\u2019s own colours. Towards 1, brightness, contrast and colour of all "
            "products come nearer to each other: strong colours get paler."
        ),
    )
    unify_background = forms.ChoiceField(
        label=gettext_lazy("Background"), choices=_BACKGROUNDS, required=False
    )
    unify_colour = forms.CharField(label=gettext_lazy("Colour"), required=False, widget=ColourInput)
    unify_colour_to = forms.CharField(
        label=gettext_lazy("Colour at the bottom"), required=False, widget=ColourInput
    )
    unify_shadow = forms.ChoiceField(label=gettext_lazy("Shadow"), choices=_SHADOWS, required=False)
    unify_shadow_strength = _share(gettext_lazy("Darkness of the shadow"))
    unify_reframe = forms.BooleanField(
        label=gettext_lazy("Centre the product and scale it to the margin"), required=False
    )
    unify_margin = _share(
        gettext_lazy("Margin"),
        gettext_lazy("Free space on each side, as a share of the picture."),
        most=0.45,
    )
    unify_aspect = forms.FloatField(
        label=gettext_lazy("Width divided by height"),
        min_value=0.2,
        max_value=5,
        required=False,
        widget=forms.NumberInput({"step": "0.01"}),
        help_text=gettext_lazy("1 is square, 0.8 is 4:5 upright."),
    )
    unify_size = forms.IntegerField(
        label=gettext_lazy("Longer side in pixels"),
        min_value=16,
        max_value=8192,
        required=False,
        help_text=gettext_lazy("Photos that are too small for it are enlarged, and marked as such."),
    )
    unify_straighten = forms.BooleanField(
        label=gettext_lazy("Level products that stand crooked"), required=False
    )
    unify_max_tilt = forms.FloatField(
        label=gettext_lazy("By at most, in degrees"),
        min_value=0,
        max_value=10,
        required=False,
        widget=forms.NumberInput({"step": "0.5"}),
    )


NAMES = tuple(UnifyFields.base_fields)


def initial_from(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields show for a preset's settings; left-out ones show their defaults."""
    whole = {**_DEFAULTS.as_mapping(), "aim": "neutral", **settings}
    return {name: whole[name.removeprefix(PREFIX)] for name in NAMES}


def settings_from(cleaned: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the fields describe, checked by the engine; a measured target stays.

    Raises:
        ValidationError: the engine's reason.
    """
    described = {
        name.removeprefix(PREFIX): value
        for name in NAMES
        if (value := cleaned.get(name)) is not None and value != ""
    }
    if "target" in before:
        described["target"] = before["target"]
    if described.get("aim") == "catalogue" and "target" not in described:
        raise ValidationError(
            {
                "unify_aim": _(
                    "This catalogue has not been measured for this preset. Open the catalogue report "
                    "and choose “Aim at this median” there."
                )
            }
        )
    try:
        UnifyEngine.check_settings(described)
    except EngineSettingsError as error:
        raise ValidationError(str(error)) from error
    return described
