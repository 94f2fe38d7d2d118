"""``{% load styletransfer %}``: pictures in a style, their URLs, and the switcher between styles."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from styletransfer.delivery.choosing import Chooser, chooser_for
from styletransfer.delivery.markup import picture_html
from styletransfer.delivery.picture import DEFAULT_SIZES, Loading, picture_for, rendition_url
from styletransfer.delivery.switcher import style_options
from styletransfer.models import StylePreset

register = template.Library()


@register.simple_tag(takes_context=True)
def styled_picture(
    context: template.Context,
    image: Any,
    preset: str | StylePreset | Chooser | None = None,
    *,
    sizes: str = DEFAULT_SIZES,
    alt: str | None = None,
    loading: Loading = "lazy",
    priority: bool = False,
    user: Any = None,
    placeholder: bool = True,
    template_name: str | None = None,
    **attributes: str,
) -> SafeString:
    """A ``<picture>`` of a photo in a preset, or in the style chosen for this request.

    ``class="..."`` adds classes; ``template_name`` renders that template with ``picture`` instead.
    """
    css_class = attributes.pop("class", "")
    if attributes:
        raise template.TemplateSyntaxError(
            f"styled_picture knows no {', '.join(map(repr, sorted(attributes)))}."
        )
    picture = picture_for(
        image,
        preset or chooser_for(context.get("request"), user=user or None),
        sizes=sizes,
        alt=alt,
        loading=loading,
        priority=priority,
    )
    if template_name:
        values: dict[Any, Any] = {**context.flatten(), "picture": picture}
        return render_to_string(template_name, values)
    return picture_html(picture, css_class=css_class, placeholder=placeholder)


@register.simple_tag(takes_context=True)
def styled_url(
    context: template.Context,
    image: Any,
    preset: str | StylePreset | Chooser | None = None,
    width: int | None = None,
    image_format: str = "jpeg",
    *,
    absolute: bool = False,
) -> str:
    """URL of one file, for ``og:image`` and the like: at least ``width`` pixels wide where there is one."""
    request = context.get("request")
    url = rendition_url(picture_for(image, preset or chooser_for(request)), width, image_format)
    return str(request.build_absolute_uri(url)) if absolute and url and request is not None else url


@register.inclusion_tag("styletransfer/style_switcher.html", takes_context=True)
def style_switcher(
    context: template.Context, *, remember: bool = False, thumbnails: bool = False
) -> dict[str, Any]:
    """Links to this page in every offered style, the present one marked.

    ``remember=True`` gives buttons that store the pick in a cookie instead. They need a CSRF token, which
    makes the page vary by cookie; links keep it cacheable.
    """
    request = context.get("request")
    return {
        "options": style_options(request, thumbnails=thumbnails),
        "remember": remember,
        "next": request.get_full_path() if request is not None else "",
        "csrf_token": context.get("csrf_token") if remember else None,
    }
