"""The styles a shopper may switch to, ready for a template or for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from styletransfer.delivery.choosing import ORIGINAL, PARAMETER, chooser_for
from styletransfer.models import StylePreset, StyleReference


@dataclass(frozen=True)
class StyleOption:
    """One entry of the switcher.

    Attributes:
        value: slug of the preset, or "original".
        name: as shown to shoppers.
        description: one sentence, may be empty.
        is_current: whether the page is shown in it.
        query: query string, from "?", that shows the present page in it.
        thumbnail: URL of the look's reference picture, or "".
    """

    value: str
    name: str
    description: str
    is_current: bool
    query: str
    thumbnail: str = ""


def style_options(request: HttpRequest | None, *, thumbnails: bool = False) -> list[StyleOption]:
    """The original and every offered preset; ``thumbnails`` costs one more query."""
    chooser = chooser_for(request)
    current = chooser.preset or ORIGINAL
    pictures = _reference_urls(chooser.offered) if thumbnails else {}
    entries: list[tuple[str, str, str]] = [(ORIGINAL, _("Original"), _("The photo as it was taken."))]
    entries += [(preset.slug, preset.name, preset.description) for preset in chooser.offered]
    return [
        StyleOption(
            value, name, description, value == current, _query(request, value), pictures.get(value, "")
        )
        for value, name, description in entries
    ]


def _query(request: Any, value: str) -> str:
    if request is None:
        return f"?{PARAMETER}={value}"
    parameters = request.GET.copy()
    parameters[PARAMETER] = value
    return f"?{parameters.urlencode()}"


def _reference_urls(presets: Sequence[StylePreset]) -> dict[str, str]:
    references = StyleReference.objects.filter(preset__in=presets).order_by("-position", "-pk")
    slugs = {preset.pk: preset.slug for preset in presets}
    return {slugs[reference.preset_id]: reference.image.url for reference in references}
