"""A variant's measures in figures and in words a shop's staff can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from styletransfer.imaging.masks.base import RELIABLE_CONFIDENCE


@dataclass(frozen=True)
class MeasureLine:
    """One measure of a painting.

    Attributes:
        name: short label.
        figure: the number, formatted.
        share: the number as a meter in [0, 1], or None where it has no natural range.
        words: what it means for this picture.
    """

    name: str
    figure: str
    share: float | None
    words: str


def measure_lines(measures: Mapping[str, float | None]) -> list[MeasureLine]:
    """Explain every measure that the variant holds; unknown ones are left out."""
    lines = []
    if (value := measures.get("ssim")) is not None:
        lines.append(MeasureLine(_("Structure (SSIM)"), _figure(value), value, _structure_words(value)))
    if (value := measures.get("edge_f1")) is not None:
        lines.append(MeasureLine(_("Outlines (edge F1)"), _figure(value), value, _outline_words(value)))
    if (value := measures.get("delta_e")) is not None:
        words = _("Mean colour difference to the photo (CIEDE2000); from about 2 on the eye sees it.")
        lines.append(MeasureLine(_("Colour change (ΔE)"), _figure(value, 1), None, words))
    if (value := measures.get("mask_confidence")) is not None:
        lines.append(MeasureLine(_("Product found"), _figure(value), value, _mask_words(value)))
    if (value := measures.get("enlarged")) is not None:
        words = _("The photo has fewer pixels than this look asks for; a larger photo would be sharper.")
        lines.append(
            MeasureLine(_("Enlarged"), _("%(factor)s-fold") % {"factor": _figure(value)}, None, words)
        )
    before, after = measures.get("style_distance_before"), measures.get("style_distance_after")
    if before is not None and after is not None:
        figure = f"{_figure(before)} → {_figure(after)}"
        lines.append(MeasureLine(_("Distance to the look"), figure, None, _style_words(before, after)))
    return lines


def measure_summary(measures: Mapping[str, float | None]) -> list[tuple[str, str]]:
    """(short name, figure) pairs for a list's narrow column."""
    pairs = [
        (name, _figure(value))
        for name, value in ((_("SSIM"), measures.get("ssim")), (_("Edges"), measures.get("edge_f1")))
        if value is not None
    ]
    before, after = measures.get("style_distance_before"), measures.get("style_distance_after")
    if before is not None and after is not None:
        pairs.append((_("Style"), f"{_figure(before)} → {_figure(after)}"))
    return pairs


def _mask_words(value: float) -> str:
    if value >= 1:
        return _("Somebody drew where the product is, or the photo says it by its transparency.")
    if value >= RELIABLE_CONFIDENCE:
        return _("It is clear where the product is.")
    return _("It is not clear where the product is, so nothing was cut out. Draw it by hand.")


def _figure(value: float, digits: int = 2) -> str:
    return number_format(value, digits)


def _structure_words(value: float) -> str:
    if value >= 0.8:
        return _("Light and shade are almost those of the photo.")
    if value >= 0.5:
        return _("Repainted, but light and shade still follow the photo.")
    return _("Light and shade differ much from the photo; look whether the product is still right.")


def _outline_words(value: float) -> str:
    if value >= 0.7:
        return _("The product's outlines are kept.")
    if value >= 0.4:
        return _("Most outlines are kept; fine ones are painted over.")
    return _("Many outlines are lost or new; compare labels and small parts with the photo.")


def _style_words(before: float, after: float) -> str:
    if after >= before:
        return _("Colours and strokes came no nearer to the reference picture than the photo was.")
    share = 100 * (before - after) / before
    return _("Colours and strokes are %(share)s %% nearer to the reference picture than the photo was.") % {
        "share": number_format(share, 0)
    }
