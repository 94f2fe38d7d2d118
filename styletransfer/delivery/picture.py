"""``Picture``: everything a page or an API needs to show one photo, found without opening a file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from django.db.models import Model
from django.db.models.fields.files import FieldFile

from styletransfer.delivery.choosing import Choice, Chooser
from styletransfer.delivery.prefetch import selection_for, slugs_of
from styletransfer.delivery.selection import MISSING, ORIGINAL_STATE, Selection
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.models.storage import variant_url
from styletransfer.sources import NotASourceError, Source, get_source

Loading = Literal["lazy", "eager"]
FORMAT_ORDER = ("avif", "webp", "jpeg")
DEFAULT_SIZES = "100vw"

_WEBP_URI = "data:image/webp;base64,"


@dataclass(frozen=True)
class PictureSource:
    """The renditions of one format.

    Attributes:
        type: media type, such as "image/avif".
        srcset: (URL, width in pixels) by rising width.
    """

    type: str
    srcset: tuple[tuple[str, int], ...]

    @property
    def srcset_text(self) -> str:
        """The value of the HTML attribute."""
        return ", ".join(f"{url} {width}w" for url, width in self.srcset)


@dataclass(frozen=True)
class Picture:
    """One photo as it is to be shown.

    Attributes:
        preset: slug of the wanted preset, or None when the original is wanted.
        is_styled: whether a painting is shown; False means the original, or nothing if ``src`` is "".
        state: where the wanted variant stands: "ready", "queued", "painting", "encoding", "failed",
            "cancelled", "missing", or "original" when no preset is wanted.
        sources: by format, the best compressed first and JPEG, which every browser knows, last;
            empty for an original.
        src: URL for the ``img`` element; "" when the photo field is empty.
        original: URL of the photo itself; "" when the field is empty.
        width: of ``src`` in pixels, None when only opening the file would tell.
        height: of ``src`` in pixels, None like ``width``.
        alt: alternative text; "" marks a decorative picture.
        placeholder: ``data:`` URI of a few pixels, "" for originals and see-through pictures.
        sizes: the HTML attribute.
        loading: "lazy" or "eager".
        fetchpriority: "high" or "auto".
        decoding: "async" or "auto".
        photo: ``app_label.model_name:key`` of a photo whose preset was chosen for this visitor, else "".
        experiment: key of the experiment whose arm is shown, or "".
    """

    preset: str | None
    is_styled: bool
    state: str
    sources: tuple[PictureSource, ...] = ()
    src: str = ""
    original: str = ""
    width: int | None = None
    height: int | None = None
    alt: str = ""
    placeholder: str = ""
    sizes: str = DEFAULT_SIZES
    loading: Loading = "lazy"
    fetchpriority: Literal["high", "auto"] = "auto"
    decoding: Literal["async", "auto"] = "async"
    photo: str = ""
    experiment: str = ""


def picture_for(
    image: Model | FieldFile | None,
    preset: str | StylePreset | Chooser | None,
    *,
    sizes: str = DEFAULT_SIZES,
    alt: str | None = None,
    loading: Loading = "lazy",
    priority: bool = False,
) -> Picture:
    """The picture of a photo in a preset; free after ``with_styled``, else one query for this photo.

    Args:
        image: an instance of a registered source or its image field; None makes an empty picture.
        preset: a slug or preset, a chooser, or None for the original.
        sizes: the HTML attribute.
        alt: alternative text to use instead of the photo's own; "" marks a decorative picture.
        loading: "lazy" or "eager".
        priority: whether this is the picture the page is judged by: loaded eagerly and first.

    Raises:
        NotASourceError: the image belongs to no registered source.
    """
    source, photo = resolve_photo(image)
    choice = None
    if isinstance(preset, Chooser):
        choice = preset.choice if source is None or photo is None else preset.choice_for(source, photo)
        slug = choice.preset
    else:
        slug = next(iter(slugs_of(preset)), None)
    if source is None or photo is None:
        state = MISSING if slug else ORIGINAL_STATE
        return Picture(slug, is_styled=False, state=state, alt=alt or "", sizes=sizes)
    selection = selection_for(photo, source, slug)
    return build_picture(
        source,
        photo,
        selection.shown,
        sizes=sizes,
        alt=alt,
        loading=loading,
        priority=priority,
        preset=slug,
        selection=selection,
        choice=choice,
    )


def build_picture(
    source: Source,
    instance: Model,
    variant: StyledVariant | None,
    *,
    sizes: str = DEFAULT_SIZES,
    alt: str | None = None,
    loading: Loading = "lazy",
    priority: bool = False,
    preset: str | None = None,
    selection: Selection | None = None,
    choice: Choice | None = None,
) -> Picture:
    """Put a photo and the variant to show, or None for the original, into a ``Picture``.

    Args:
        source: the registration of the photo's model.
        instance: the photo.
        variant: a ready variant of it, or None.
        sizes: the HTML attribute.
        alt: alternative text to use instead of the photo's own; "" marks a decorative picture.
        loading: "lazy" or "eager"; ``priority`` overrides it.
        priority: load eagerly and first.
        preset: slug of the wanted preset.
        selection: how ``variant`` was found; tells the state and the original's size.
        choice: why this preset, where it was chosen for this visitor and photo.
    """
    selection = selection or Selection(variant, "ready" if variant else MISSING)
    file = source.file(instance)
    common: dict[str, Any] = {
        "preset": preset,
        "photo": f"{source.label}:{instance.pk}" if choice is not None else "",
        "experiment": choice.experiment if choice is not None else "",
        "state": selection.state,
        "original": file.url if file else "",
        "alt": source.alt_text(instance) if alt is None else alt,
        "sizes": sizes,
        "loading": "eager" if priority else loading,
        "fetchpriority": "high" if priority else "auto",
        "decoding": "auto" if priority else "async",
    }
    renditions = variant.renditions if variant is not None else []
    if not file or variant is None or not renditions:
        width, height = source.known_size(instance) or selection.original_size or (None, None)
        return Picture(is_styled=False, src=common["original"], width=width, height=height, **common)
    sources = _sources(renditions)
    src, width = sources[-1].srcset[-1]
    return Picture(
        is_styled=True,
        sources=sources,
        src=src,
        width=width,
        height=next(item["height"] for item in renditions if item["width"] == width),
        placeholder=opaque_placeholder(variant.placeholder),
        **common,
    )


def rendition_url(picture: Picture, width: int | None = None, image_format: str = "jpeg") -> str:
    """URL of the smallest rendition at least ``width`` pixels wide, else of the widest, else the original.

    Args:
        picture: as built above.
        width: in pixels; None takes the widest.
        image_format: "jpeg", "webp" or "avif"; one that was not made falls back to ``picture.src``.
    """
    media_type = f"image/{image_format}"
    srcset = next((item.srcset for item in picture.sources if item.type == media_type), None)
    if not srcset:
        return picture.src
    enough = [url for url, has in srcset if width is not None and has >= width]
    return enough[0] if enough else srcset[-1][0]


def resolve_photo(image: Any) -> tuple[Source | None, Model | None]:
    """The source and instance behind what a template or serializer gives; (None, None) for nothing."""
    if image is None or image == "":
        return None, None
    photo = image.instance if isinstance(image, FieldFile) else image
    if not isinstance(photo, Model):
        raise NotASourceError(
            f"A picture needs an instance of a registered photo model or its image field, not {photo!r}."
        )
    source = get_source(type(photo))
    if isinstance(image, FieldFile) and image.field.name != source.image:
        raise NotASourceError(
            f"{source.label} is registered with the image field {source.image!r}, not {image.field.name!r}."
        )
    return source, photo


def opaque_placeholder(uri: str) -> str:
    """The placeholder, or "" when it is see-through and would show behind the loaded picture for good.

    A WebP with an alpha channel says so in bit 4 of byte 20, after ``VP8X``
    (https://developers.google.com/speed/webp/docs/riff_container).
    """
    if uri.startswith(_WEBP_URI):
        head = base64.b64decode(uri[len(_WEBP_URI) : len(_WEBP_URI) + 28])
        if head[12:16] == b"VP8X" and head[20] & 0x10:
            return ""
    return uri


def _sources(renditions: Sequence[dict[str, Any]]) -> tuple[PictureSource, ...]:
    url = variant_url()
    by_format: dict[str, list[tuple[str, int]]] = {}
    for item in sorted(renditions, key=lambda item: cast(int, item["width"])):
        by_format.setdefault(item["format"], []).append((url(item["name"]), item["width"]))
    return tuple(
        PictureSource(f"image/{name}", tuple(by_format[name])) for name in FORMAT_ORDER if name in by_format
    )
