"""The host's photos as the admin shows them: found, searched, and only for those who may see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, ImageField, Model, Q, QuerySet
from django.http import Http404, HttpRequest

from styletransfer.admin.access import may_see_model, require
from styletransfer.jobs.photos import photo_storage
from styletransfer.models import PhotoMask, StyledVariant
from styletransfer.sources import NotASourceError, Source, all_sources, get_source

FILE_NAME = "styletransfer_file"


@dataclass(frozen=True)
class PhotoChoice:
    """A photo to pick: ``key`` is ``app_label.model:pk``, as forms send it."""

    key: str
    url: str
    title: str


def product_model(source: Source) -> type[Model] | None:
    """The model a photo's ``product`` relation points to; None when it is no forward relation."""
    if not source.product:
        return None
    try:
        field = source.model._meta.get_field(source.product)
    except FieldDoesNotExist:
        return None
    related = field.related_model if (field.many_to_one or field.one_to_one) and field.concrete else None
    return related if isinstance(related, type) else None


def photos_of(source: Source) -> QuerySet[Any]:
    """Every row of a source that has a photo; to be counted and filtered, not to be turned into instances."""
    has_none = Q(**{source.image: ""}) | Q(**{f"{source.image}__isnull": True})
    return cast("QuerySet[Any]", source.model._default_manager.exclude(has_none))


def named_rows(source: Source, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows that know the name of their photo's file, their product fetched along.

    Django opens the file of an ImageField whose dimension columns are empty as soon as a row is loaded, and
    fails where the file is missing. A deferred field is not looked at; see ``with_file`` for reading it.
    """
    deferred = [source.image, *_measuring_fields(source.model)]
    product = product_model(source)
    if product is not None and source.product:
        rows = rows.select_related(source.product)
        deferred += [f"{source.product}__{name}" for name in _measuring_fields(product)]
    return cast("QuerySet[Any]", rows.defer(*deferred).annotate(**{FILE_NAME: F(source.image)}))


def with_file(source: Source, instance: Model) -> Model:
    """Hand a row of ``named_rows`` its photo without opening it; other rows are left as they are."""
    name = instance.__dict__.get(FILE_NAME)
    if name is not None:
        instance.__dict__.setdefault(source.image, name)
    return instance


def _measuring_fields(model: type[Model]) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        columns = (getattr(field, "width_field", None), getattr(field, "height_field", None))
        if isinstance(field, ImageField) and any(columns):
            yield field.name


def source_prefetch() -> GenericPrefetch[Any]:
    """Fetches the photos of a page of variants with one query a source."""
    return GenericPrefetch(
        "source", [named_rows(source, source.model._default_manager.all()) for source in all_sources()]
    )


def before_url(variant: StyledVariant) -> str:
    """Address of the untouched photo; empty when the row or its file is gone."""
    return photo_url(variant)


def photo_url(row: StyledVariant | PhotoMask) -> str:
    """Address of the photo that a row is about; empty when the photo or its file is gone."""
    instance = row.source
    if instance is None:
        return ""
    name = instance.__dict__.get(FILE_NAME)
    if name is None:
        file = getattr(instance, row.field, None)
        return str(file.url) if file else ""
    return photo_storage(type(instance), row.field).url(name) if name else ""


def product_name(variant: StyledVariant) -> str:
    """The name of the product on the photo; empty when the row or the source is gone."""
    instance = variant.source
    if instance is None:
        return ""
    try:
        source = get_source(type(instance))
    except NotASourceError:
        return ""
    product = source.product_of(with_file(source, instance))
    return "" if product is None or product is instance else str(product)


def photo_choice(source: Source, instance: Model) -> PhotoChoice:
    """How a photo is offered in a picker."""
    title = source.alt_text(with_file(source, instance)) or str(instance)
    return PhotoChoice(f"{source.label}:{instance.pk}", source.file(instance).url, title)


def recent_photos(
    request: HttpRequest, site: AdminSite, text: str = "", limit: int = 12
) -> list[PhotoChoice]:
    """The newest photos whose model the user may see, those that match ``text`` where it is given."""
    found: list[PhotoChoice] = []
    for source in all_sources():
        if len(found) >= limit or not may_see_model(request, source.model):
            continue
        rows = _rows_in_reach(request, site, source)
        if text:
            rows = rows.filter(_matches(request, site, source, text))
        newest = named_rows(source, rows).order_by("-pk")[: limit - len(found)]
        found += [photo_choice(source, row) for row in newest]
    return found


def find_photo(request: HttpRequest, site: AdminSite, key: str) -> tuple[Source, Model]:
    """The photo behind a picker's key.

    Raises:
        Http404: no such photo.
        PermissionDenied: the user may not see that model.
    """
    label, _colon, pk = key.partition(":")
    try:
        source = get_source(label)
    except NotASourceError as error:
        raise Http404(str(error)) from error
    require(may_see_model(request, source.model))
    try:
        row = named_rows(source, _rows_in_reach(request, site, source).filter(pk=pk)).first()
    except (ValueError, ValidationError) as error:
        raise Http404(key) from error
    if row is None:
        raise Http404(key)
    return source, with_file(source, row)


def _rows_in_reach(request: HttpRequest, site: AdminSite, source: Source) -> QuerySet[Any]:
    """Photos of a source, narrowed as the host's own admin narrows them for this user."""
    return permitted_photos(request, site, source, photos_of(source))


def permitted_photos(
    request: HttpRequest, site: AdminSite, source: Source, photos: QuerySet[Any]
) -> QuerySet[Any]:
    """The photos that this user may restyle: of a model they may see, and not kept from them by its admin."""
    if not may_see_model(request, source.model):
        return photos.none()
    if not site.is_registered(source.model):
        return photos
    own = site.get_model_admin(source.model).get_queryset(request).order_by()
    return photos.filter(pk__in=own.values("pk")) if _is_narrowed(own) else photos


def _is_narrowed(rows: QuerySet[Any]) -> bool:
    return bool(rows.query.where) or rows.query.is_sliced or rows.query.is_empty()


def _matches(request: HttpRequest, site: AdminSite, source: Source, text: str) -> Q:
    """Matches in the file name, the alternative text, or whatever the host's admin searches."""
    matches = Q(**{f"{source.image}__icontains": text})
    if source.alt and any(field.name == source.alt for field in source.model._meta.concrete_fields):
        matches |= Q(**{f"{source.alt}__icontains": text})
    if source.product and (product := product_model(source)):
        matches |= Q(**{f"{source.product}__in": _found_by_admin(request, site, product, text)})
    return matches | Q(pk__in=_found_by_admin(request, site, source.model, text))


def _found_by_admin(request: HttpRequest, site: AdminSite, model: type[Model], text: str) -> QuerySet[Any]:
    if not site.is_registered(model) or not site.get_model_admin(model).search_fields:
        return model._default_manager.none().values("pk")
    model_admin = site.get_model_admin(model)
    rows, _duplicates = model_admin.get_search_results(request, model_admin.get_queryset(request), text)
    return rows.order_by().values("pk")
