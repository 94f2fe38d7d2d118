"""A catalogue report in words and figures that a shop's staff can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.imaging.unify.report import MEASURES as LEAST_SPREADS

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

# Measure: its name, its unit, and what it means to stand out below or above.
MEASURES: Mapping[str, tuple[StrOrPromise, StrOrPromise, StrOrPromise, StrOrPromise]] = {
    "warmth": (
        gettext_lazy("White balance, cool to warm"),
        gettext_lazy("stops"),
        gettext_lazy("much cooler light"),
        gettext_lazy("much warmer light"),
    ),
    "tint": (
        gettext_lazy("White balance, magenta to green"),
        gettext_lazy("stops"),
        gettext_lazy("a magenta cast"),
        gettext_lazy("a green cast"),
    ),
    "exposure": (
        gettext_lazy("Exposure"),
        gettext_lazy("stops"),
        gettext_lazy("much darker"),
        gettext_lazy("much brighter"),
    ),
    "contrast": (
        gettext_lazy("Contrast of the product"),
        gettext_lazy("L*"),
        gettext_lazy("much flatter"),
        gettext_lazy("much harder"),
    ),
    "background_lightness": (
        gettext_lazy("Background, lightness"),
        gettext_lazy("L*"),
        gettext_lazy("a darker background"),
        gettext_lazy("a lighter background"),
    ),
    "background_chroma": (
        gettext_lazy("Background, colour"),
        gettext_lazy("chroma"),
        gettext_lazy("a greyer background"),
        gettext_lazy("a coloured background"),
    ),
    "background_evenness": (
        gettext_lazy("Background, unevenness"),
        gettext_lazy("L*"),
        gettext_lazy("an unusually even background"),
        gettext_lazy("a busy background"),
    ),
    "fill": (
        gettext_lazy("How much of the picture the product fills"),
        gettext_lazy("share"),
        gettext_lazy("a small product"),
        gettext_lazy("a large product"),
    ),
    "offset_x": (
        gettext_lazy("Product\u2019s place, left to right"),
        gettext_lazy("share"),
        gettext_lazy("too far left"),
        gettext_lazy("too far right"),
    ),
    "offset_y": (
        gettext_lazy("Product\u2019s place, top to bottom"),
        gettext_lazy("share"),
        gettext_lazy("too high"),
        gettext_lazy("too low"),
    ),
    "megapixels": (
        gettext_lazy("Resolution"),
        gettext_lazy("megapixels"),
        gettext_lazy("few pixels"),
        gettext_lazy("many pixels"),
    ),
}


def reason_words(code: str) -> str:
    """Why a picture stands out, such as "much warmer light"."""
    if code == "cut_off":
        return _("the product is cut off by the border")
    name, _separator, direction = code.rpartition("_")
    if name not in MEASURES:
        return code
    return str(MEASURES[name][3 if direction == "high" else 2])


def spread_rows(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a measure: median, spread, and the spread of the paintings where there are any."""
    after = summary.get("after") or {}
    rows = []
    for name, spread in summary.get("spreads", {}).items():
        if name not in MEASURES:
            continue
        label, unit, *_words = MEASURES[name]
        row = {
            "name": label,
            "unit": unit,
            "median": number_format(spread["median"], 2),
            "sd": number_format(spread["sd"], 2),
        }
        if name in after.get("spreads", {}):
            own = after["spreads"][name]
            gone = after["reductions"].get(name, 0.0)
            # What was even before and still is has nothing to lose.
            is_even = max(spread["sd"], own["sd"]) < LEAST_SPREADS[name] / 2
            row |= {"after": number_format(own["sd"], 2)} if is_even else _compared(own["sd"], gone)
        rows.append(row)
    return rows + _palette_row(summary, after)


def _palette_row(summary: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    spread = summary.get("palette_spread")
    if spread is None:
        return []
    row = {
        "name": _("Palettes: mean difference between two pictures"),
        "unit": _("CIELAB"),
        "median": "",
        "sd": number_format(spread, 2),
    }
    before, own = after.get("palette_spread_before"), after.get("palette_spread")
    if before and own is not None:
        row |= _compared(own, 1 - own / before)
    return [row]


def _compared(after: float, gone: float) -> dict[str, Any]:
    return {
        "after": number_format(after, 2),
        "gone": _("%(number)s%%") % {"number": number_format(round(100 * gone))},
        "left": f"{min(1.0, max(0.0, 1 - gone)):.3f}",
        "is_worse": gone < 0,
    }
