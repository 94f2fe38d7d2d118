"""The libraries that ``delivery.py`` compares, and how each is asked for the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

WIDTHS = (320, 640, 960)
FORMATS = ("webp", "jpeg")
SIZES = "(min-width: 60em) 25vw, 50vw"


@dataclass
class Contender:
    """One way to show the pictures.

    Attributes:
        name: as printed.
        module: the package it needs.
        template: of the page; gets ``photos``.
        apps: what it adds to INSTALLED_APPS.
        prepare: called once with the photos, after the tables exist.
        photos: the page's queryset, made anew for every render.
        make_missing: takes every variant away; None where a missing one is made within the request.
        note: what differs from the others.
    """

    name: str
    module: str
    template: str
    apps: tuple[str, ...] = ()
    prepare: Callable[[], None] = lambda: None
    photos: Callable[[], Iterable[Any]] = lambda: Photos.objects.order_by("pk")
    make_missing: Callable[[], None] | None = None
    note: str = ""


class Photos:
    """Stands for the model, which needs configured settings to be made."""

    objects: Any


def prepare_ours() -> None:
    """Finished variants of every photo, as workers leave them."""
    from styletransfer.models import StylePreset
    from styletransfer.testing import make_variant

    preset = StylePreset.objects.create(name="Oil", slug="oil", engine="fake")
    for photo in Photos.objects.all():
        make_variant(photo, preset, widths=WIDTHS)


def our_photos() -> Iterable[Any]:
    """The page's photos with their variants."""
    from styletransfer.delivery import with_styled

    return with_styled(Photos.objects.order_by("pk"), "oil")


def remove_ours() -> None:
    """As if nothing was painted yet."""
    from styletransfer.models import StyledVariant

    StyledVariant.objects.all().delete()


def prepare_imagekit() -> None:
    """A registered spec for every width and format."""
    from imagekit import ImageSpec, register
    from imagekit.processors import ResizeToFit

    for width in WIDTHS:
        for image_format in FORMATS:
            options = {"format": image_format.upper(), "processors": [ResizeToFit(width, None)]}
            register.generator(f"bench:{image_format}{width}", type("Spec", (ImageSpec,), options))


def prepare_wagtail() -> None:
    """The same photos in wagtail's own model."""
    from django.core.files.images import ImageFile
    from wagtail.images import get_image_model
    from wagtail.models import Collection

    Collection.add_root(name="Root")
    for number, photo in enumerate(Photos.objects.all()):
        with photo.image.open() as file:
            get_image_model().objects.create(title=photo.alt, file=ImageFile(file, name=f"w{number}.jpg"))


def wagtail_photos(*, prefetch: bool) -> Iterable[Any]:
    """The page's photos, with or without their renditions."""
    from wagtail.images import get_image_model

    images = get_image_model().objects.order_by("pk")
    return images.prefetch_renditions() if prefetch else images


def picture_template(load: str, tag: Callable[[int, str], str]) -> str:
    """A page for libraries that give one URL at a time, with the markup around it by hand."""
    srcset = {name: ", ".join(f"{tag(width, name)} {width}w" for width in WIDTHS) for name in FORMATS}
    return (
        f"{{% load {load} %}}{{% for photo in photos %}}<picture>"
        f'<source type="image/webp" srcset="{srcset["webp"]}" sizes="{SIZES}">'
        f'<img loading="lazy" sizes="{SIZES}" srcset="{srcset["jpeg"]}" src="{tag(WIDTHS[-1], "jpeg")}" '
        'alt="{{ photo.alt }}" width="{{ photo.width }}" height="{{ photo.height }}"></picture>{% endfor %}'
    )


def sorl_url(width: int, image_format: str) -> str:
    """Its tag for one URL."""
    opening = f'{{% thumbnail photo.image "{width}" format="{image_format.upper()}" as i %}}'
    return opening + "{{ i.url }}{% endthumbnail %}"


def easy_url(width: int, _format: str) -> str:
    """Its tag for one URL."""
    return f"{{% thumbnail photo.image {width}x0 %}}"


def imagekit_url(width: int, image_format: str) -> str:
    """Its tag for one URL."""
    return f"{{% generateimage 'bench:{image_format}{width}' source=photo.image as i %}}{{{{ i.url }}}}"


WAGTAIL_TEMPLATE = (
    "{% load wagtailimages_tags %}{% for photo in photos %}"
    f'{{% picture photo format-{{webp,jpeg}} width-{{320,640,960}} sizes="{SIZES}" %}}{{% endfor %}}'
)
WAGTAIL_APPS = ("wagtail.images", "wagtail.admin", "wagtail.users", "wagtail.documents", "wagtail", "taggit")
CONTENDERS = (
    Contender(
        "ours",
        "styletransfer",
        "{% load styletransfer %}{% for photo in photos %}"
        f'{{% styled_picture photo preset="oil" sizes="{SIZES}" %}}{{% endfor %}}',
        prepare=prepare_ours,
        photos=our_photos,
        make_missing=remove_ours,
    ),
    Contender(
        "sorl-thumbnail", "sorl", picture_template("sorl_thumbnail", sorl_url), apps=("sorl.thumbnail",)
    ),
    Contender(
        "easy-thumbnails",
        "easy_thumbnails",
        picture_template("easy_thumbnail", easy_url),
        apps=("easy_thumbnails",),
        note="its tag cannot choose a format, so JPEG twice",
    ),
    Contender(
        "django-imagekit",
        "imagekit",
        picture_template("imagekit", imagekit_url),
        apps=("imagekit",),
        prepare=prepare_imagekit,
    ),
    Contender(
        "wagtail, no prefetch",
        "wagtail",
        WAGTAIL_TEMPLATE,
        apps=WAGTAIL_APPS,
        prepare=prepare_wagtail,
        photos=lambda: wagtail_photos(prefetch=False),
    ),
    Contender(
        "wagtail, prefetched",
        "wagtail",
        WAGTAIL_TEMPLATE,
        apps=WAGTAIL_APPS,
        photos=lambda: wagtail_photos(prefetch=True),
        note="renditions made by the row above",
    ),
)
