"""Form fields and widgets of the preset form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class SliderInput(forms.NumberInput):
    """A range input from 0 to 1 with its value beside it; arrow keys move it by one hundredth."""

    input_type = "range"
    template_name = "admin/styletransfer/includes/slider.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"min": "0", "max": "1", "step": "0.01", "class": "st-slider", **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the value in percent, which the script keeps up to date."""
        context = super().get_context(name, value, attrs)
        try:
            share = float(value)
        except (TypeError, ValueError):
            share = 0.0
        context["percent"] = round(share * 100)
        return context


class ColourInput(forms.TextInput):
    """The browser's own colour picker; it sends "#rrggbb"."""

    input_type = "color"


class WidthsField(forms.CharField):
    """A list of pixel widths, written as people write it: “320, 640, 960”."""

    def prepare_value(self, value: Any) -> Any:
        """A saved list becomes text; what somebody typed stays as typed."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Widths in rising order, without doubles.

        Raises:
            ValidationError: a part is no whole number; the text names it.
        """
        widths = set()
        for part in str(value or "").replace(";", ",").replace("px", "").split(","):
            text = part.strip()
            if not text:
                continue
            if not text.isascii() or not text.isdigit():
                raise ValidationError(
                    _("“%(part)s” is no whole number of pixels. Write widths such as 320, 640, 960."),
                    code="invalid",
                    params={"part": text},
                )
            widths.add(int(text))
        return sorted(widths)

    def validate(self, value: Any) -> None:
        """Refuse an empty list; the model checks the range."""
        if not value:
            raise ValidationError(_("Give at least one width, such as 640."), code="required")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists, not texts."""
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True


class ReferenceInput(forms.ClearableFileInput):
    """A file input that shows the picture it holds instead of a link to it."""

    template_name = "admin/styletransfer/includes/reference_input.html"
