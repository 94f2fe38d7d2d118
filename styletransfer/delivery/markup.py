"""A ``Picture`` as HTML, written in Python: a template costs several times as much per picture.

The placeholder is an inline ``style``. A Content-Security-Policy without ``style-src 'unsafe-inline'``
makes browsers ignore it, which costs the blur and nothing else; ``placeholder=False`` leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from styletransfer.delivery.picture import Picture


def picture_html(picture: Picture, *, css_class: str = "", placeholder: bool = True) -> SafeString:
    """A ``<picture>`` element, or a labelled empty box where there is no photo.

    Args:
        picture: what to show.
        css_class: further classes for the outer element.
        placeholder: whether the blurred placeholder is shown until the picture has loaded.
    """
    classes = f"styled-picture {css_class}".rstrip()
    if not picture.src:
        return _empty_html(picture, classes)
    outer = {
        "class": classes,
        "data-style": picture.preset,
        "data-style-state": picture.state,
        "data-photo": picture.photo or None,
        "data-experiment": picture.experiment or None,
    }
    *compressed, fallback = picture.sources or (None,)
    inner = "".join(
        f"<source{_attributes({'type': item.type, 'srcset': item.srcset_text, 'sizes': picture.sizes})}>"
        for item in compressed
        if item is not None
    )
    image = {
        "loading": picture.loading if picture.loading == "lazy" else None,
        "decoding": picture.decoding if picture.decoding != "auto" else None,
        "fetchpriority": picture.fetchpriority if picture.fetchpriority != "auto" else None,
        "sizes": picture.sizes if fallback else None,
        "srcset": fallback.srcset_text if fallback else None,
        "src": picture.src,
        "width": picture.width,
        "height": picture.height,
        "alt": picture.alt,
        "style": _background(picture.placeholder) if placeholder else None,
    }
    return mark_safe(f"<picture{_attributes(outer)}>{inner}<img{_attributes(image)}></picture>")  # noqa: S308


def _empty_html(picture: Picture, classes: str) -> SafeString:
    attributes = {
        "class": f"{classes} styled-picture--empty",
        "data-style-state": picture.state,
        "role": "img",
        "aria-label": picture.alt or _("No picture"),
    }
    return mark_safe(f"<span{_attributes(attributes)}></span>")  # noqa: S308


def _attributes(values: Mapping[str, str | int | None]) -> str:
    return "".join(f' {name}="{_quoted(value)}"' for name, value in values.items() if value is not None)


def _quoted(value: str | int) -> str:
    # A literal in a template counts as safe HTML, which may still hold a quotation mark.
    return escape(str(value)).replace('"', "&quot;")


def _background(uri: str) -> str | None:
    return f"background:url({uri}) center/cover no-repeat" if uri else None
