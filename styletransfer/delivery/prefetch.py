"""``with_styled``: every photo of a page gets its variants in one query after the page's own.

It is built on Django's ``prefetch_related``, so it is lazy, survives chaining, slicing, pagination
and pickling, follows relations, and works inside a host's own ``Prefetch`` objects. As with any prefetch,
``iterator()`` needs a ``chunk_size``. Nothing here reads a cache or a storage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model, Prefetch, QuerySet
from django.db.models.constants import LOOKUP_SEP

from styletransfer.delivery.choosing import ORIGINAL, Choice, Chooser
from styletransfer.delivery.selection import (
    NO_PRESET,
    Selection,
    of_photos,
    select,
    showable_variants,
)
from styletransfer.models import StyledVariant, StylePreset
from styletransfer.sources import NotASourceError, Source, all_sources, get_source

PresetLike = str | StylePreset | Choice | Chooser | None
AnyQuerySet = TypeVar("AnyQuerySet", bound=QuerySet[Any])

_RELATION = "styletransfer_variants"
_PREFIX = "styletransfer:"


class _VariantsOfPhoto:
    """The class attribute on source models through which ``prefetch_related`` reaches variants."""

    def is_cached(self, instance: Model) -> bool:
        return False

    def get_prefetch_querysets(
        self, instances: Sequence[Model], querysets: Sequence[QuerySet[StyledVariant]] | None = None
    ) -> tuple[
        QuerySet[StyledVariant],
        Callable[[StyledVariant], str],
        Callable[[Model], str],
        bool,
        str,
        bool,
    ]:
        """Django's prefetch protocol: rows, key of a row, key of a photo, single?, cache name, descriptor?"""
        rows = querysets[0] if querysets else StyledVariant.objects.none()
        rows._add_hints(instance=instances[0])  # type: ignore[attr-defined]
        source = get_source(type(instances[0]))
        rows = of_photos(rows, source, (photo.pk for photo in instances))
        return rows, lambda row: row.object_id, lambda photo: str(photo.pk), False, _RELATION, False


class StyledQuerySet(QuerySet[Any]):
    """Mix into a host's queryset to write ``Photo.objects.with_styled("oil")``."""

    def with_styled(
        self, preset: PresetLike | Iterable[PresetLike], *, through: str | None = None
    ) -> StyledQuerySet:
        """See ``with_styled``."""
        return with_styled(self, preset, through=through)


def with_styled(
    queryset: AnyQuerySet, preset: PresetLike | Iterable[PresetLike], *, through: str | None = None
) -> AnyQuerySet:
    """Let every photo of a queryset carry its variants in the wanted preset.

    Args:
        queryset: of a registered source's model, or of any model that leads to one by ``through``.
        preset: a slug, a preset, a chooser (which decides now), or several of them. "original" and
            None want nothing and cost no query.
        through: path from the queryset's model to its photos, such as "main_photo" or "photos". A path
            of foreign keys is joined; a path over a to-many relation costs one more query for the photos,
            unless the queryset prefetches it already.

    Raises:
        NotASourceError: the model at the end of the path is not registered.
    """
    slugs = slugs_of(preset)
    queryset = _join_single_relations(queryset, through)
    if not slugs:
        return queryset
    _teach_sources()
    lookup = Prefetch(
        LOOKUP_SEP.join(filter(None, [through, _RELATION])),
        queryset=showable_variants(slugs),
        to_attr=_attribute(slugs),
    )
    known: Iterable[Any] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    if any(getattr(item, "prefetch_to", None) == lookup.prefetch_to for item in known):
        return queryset
    return queryset.prefetch_related(lookup)


def slugs_of(preset: PresetLike | Iterable[PresetLike]) -> tuple[str, ...]:
    """The slugs meant by what callers may give, sorted, without the original."""
    if isinstance(preset, StylePreset):
        return (preset.slug,)
    if isinstance(preset, Chooser):
        return preset.presets
    if isinstance(preset, Choice):
        return slugs_of(preset.preset)
    if preset is None or isinstance(preset, str):
        return (preset,) if preset and preset != ORIGINAL else ()
    return tuple(sorted({slug for item in preset for slug in slugs_of(item)}))


def selection_for(photo: Model, source: Source, slug: str | None) -> Selection:
    """What to show of one photo; costs a query only when ``with_styled`` did not fetch it before."""
    file = source.file(photo)
    if slug is None or not file or photo.pk is None:
        return NO_PRESET if slug is None else Selection()
    rows = _fetched(photo, slug)
    if rows is None:
        rows = list(of_photos(showable_variants([slug]), source, [photo.pk]))
        setattr(photo, _attribute((slug,)), rows)
    return select(rows, slug, file.name or "")


def _fetched(photo: Model, slug: str) -> list[StyledVariant] | None:
    for name, rows in vars(photo).items():
        if name.startswith(_PREFIX) and slug in _slugs_in(name):
            fetched: list[StyledVariant] = rows
            return fetched
    return None


def _attribute(slugs: Iterable[str]) -> str:
    # Django would read a double underscore as a step along a relation; a slug holds no dots.
    return _PREFIX + ",".join(slugs).replace(LOOKUP_SEP, "..")


def _slugs_in(attribute: str) -> list[str]:
    return attribute.removeprefix(_PREFIX).replace("..", LOOKUP_SEP).split(",")


def _teach_sources() -> None:
    for source in all_sources():
        if not hasattr(source.model, _RELATION):
            setattr(source.model, _RELATION, _VariantsOfPhoto())


def _join_single_relations(queryset: AnyQuerySet, through: str | None) -> AnyQuerySet:
    """Join the path to the photos and the product that alt texts fall back on, where both are single."""
    fields = _fields_along(queryset.model, through)
    if fields is None or queryset.query.combinator:
        return queryset
    model = fields[-1].related_model if fields else queryset.model
    source = get_source(model)  # type: ignore[arg-type]
    path = [through] if through else []
    if not all(field.many_to_one or field.one_to_one for field in fields):
        return queryset
    product = _relation(source.model, source.product)
    if product is not None and (product.many_to_one or product.one_to_one):
        path.append(product.name)
    deferred: set[str] = queryset.query.deferred_loading[0]  # type: ignore[assignment]
    if not path or deferred:
        return queryset
    return queryset.select_related(LOOKUP_SEP.join(path))


def _fields_along(model: type[Model], through: str | None) -> list[Field[Any, Any]] | None:
    """The relations of a path, or None when it leads over a property, which only Django can follow."""
    found = []
    for name in through.split(LOOKUP_SEP) if through else []:
        field = _relation(model, name)
        if field is None or not isinstance(field.related_model, type):
            return None
        found.append(field)
        model = field.related_model
    return found


def _relation(model: type[Model], name: str | None) -> Field[Any, Any] | None:
    try:
        field: Any = model._meta.get_field(name) if name else None
    except FieldDoesNotExist:
        return None
    return field if field is not None and field.is_relation else None


__all__ = ["NotASourceError", "PresetLike", "StyledQuerySet", "selection_for", "slugs_of", "with_styled"]
