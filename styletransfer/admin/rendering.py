"""Small pieces of HTML that several pages share: escaped, without inline style or script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import label_for_field
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from styletransfer.imaging.unify.settings import UnifyOptions
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.models.preset import AMOUNTS
from styletransfer.models.storage import variant_storage

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

# Formats that every browser with Django's admin shows, lightest first.
SHOWN_FORMATS = ("webp", "jpeg", "avif")

STAGE_LABELS = {
    "read": gettext_lazy("reading"),
    "decode": gettext_lazy("decoding"),
    "mask": gettext_lazy("finding the product"),
    "paint": gettext_lazy("painting"),
    "finish": gettext_lazy("scope and protection"),
    "store": gettext_lazy("storing"),
    "encode": gettext_lazy("encoding"),
    "measure": gettext_lazy("measuring"),
}


def percent(amount: float) -> str:
    """An amount in [0, 1] as a whole percentage, in the reader's number format."""
    return _("%(number)s%%") % {"number": number_format(round(amount * 100))}


def seconds(value: float) -> str:
    """A duration in milliseconds or seconds, with as many digits as matter."""
    if value < 1:
        return _("%(number)s ms") % {"number": number_format(round(value * 1000))}
    return _("%(number)s s") % {"number": number_format(value, 2 if value < 10 else 0)}


def picture(url: str, css_class: str = "st-thumb", alt: str = "") -> SafeString:
    """A lazily loaded picture; an empty ``alt`` marks it as decorative."""
    return format_html('<img class="{}" src="{}" alt="{}" loading="lazy">', css_class, url, alt)


def no_picture(css_class: str = "st-thumb") -> SafeString:
    """A quiet box where a picture would be."""
    return format_html('<span class="{} st-thumb--none" aria-hidden="true"></span>', css_class)


def badge(kind: str, text: StrOrPromise) -> SafeString:
    """A coloured word; ``kind`` is a state's or review's value."""
    return format_html('<span class="st-badge st-badge--{}">{}</span>', kind, text)


def reference_url(preset: StylePreset) -> str:
    """Address of the preset's first reference picture, of its mix's first component, or an empty text.

    Reads ``references`` and ``parts`` through their prefetch caches.
    """
    for reference in preset.references.all():
        if reference.image:
            return reference.image.url
    for part in preset.parts.all():
        for reference in part.component.references.all():
            if reference.image:
                return reference.image.url
    return ""


def amount_meters(preset: StylePreset) -> SafeString:
    """The preset's amounts as small labelled bars; those of the unify engine are in its settings."""
    if preset.engine == "unify":
        values = {**UnifyOptions().as_mapping(), **preset.engine_settings}
        amounts: list[tuple[Any, float]] = [
            (_("strictness"), values["strictness"]),
            (_("margin"), values["margin"]),
        ]
    else:
        amounts = [(label_for_field(name, StylePreset), getattr(preset, name)) for name in AMOUNTS]
    rows = ((label, str(value), percent(value)) for label, value in amounts)
    return format_html(
        '<dl class="st-amounts">{}</dl>',
        format_html_join(
            "",
            '<div><dt>{}</dt><dd><meter min="0" max="1" value="{}"></meter> <span>{}</span></dd></div>',
            rows,
        ),
    )


def ordered_renditions(variant: StyledVariant) -> list[Mapping[str, Any]]:
    """Renditions by width, then by the formats shown here, lightest first."""
    rank = {name: place for place, name in enumerate(SHOWN_FORMATS)}
    return sorted(variant.renditions, key=lambda item: (item["width"], rank.get(item["format"], len(rank))))


def smallest_url(variant: StyledVariant) -> str:
    """Address of the smallest rendition, or an empty text while there is none."""
    found = ordered_renditions(variant)
    return variant_storage().url(found[0]["name"]) if found else ""


def largest_url(variant: StyledVariant) -> str:
    """Address of the widest rendition, or an empty text while there is none."""
    found = ordered_renditions(variant)
    if not found:
        return ""
    widest = [item for item in found if item["width"] == found[-1]["width"]]
    return variant_storage().url(widest[0]["name"])


def rendition_rows(variant: StyledVariant) -> list[dict[str, Any]]:
    """Every rendition with its address and readable size, for the detail page."""
    storage = variant_storage()
    return [
        {**item, "url": storage.url(item["name"]), "size": filesizeformat(item["bytes"])}
        for item in ordered_renditions(variant)
    ]


def stacked_bar(parts: Iterable[tuple[str, float]], label: str) -> SafeString:
    """A bar of (css suffix, amount) parts as SVG, which needs no inline style.

    Args:
        parts: suffix of the class ``st-fill--…`` and a non-negative amount each.
        label: what a screen reader says.
    """
    given = [(name, amount) for name, amount in parts if amount > 0]
    total = sum(amount for _name, amount in given)
    left, rects = 0.0, []
    for name, amount in given:
        width = 100 * amount / total
        rects.append((name, f"{left:.3f}", f"{width:.3f}"))
        left += width
    return format_html(
        '<svg class="st-bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}</svg>",
        label,
        format_html_join("", '<rect class="st-fill--{}" x="{}" y="0" width="{}" height="8"></rect>', rects),
    )


def timing_rows(variant: StyledVariant) -> list[dict[str, Any]]:
    """Seconds by stage, for a legend under the timings bar."""
    stages = [(name, value) for name, value in variant.timings.items() if isinstance(value, int | float)]
    return [
        {
            "fill": f"stage-{place % 6}",
            "label": STAGE_LABELS.get(name, name),
            "value": value,
            "text": seconds(value),
        }
        for place, (name, value) in enumerate(stages)
    ]
