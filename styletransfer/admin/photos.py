"""The host's photos as the admin shows them: found, searched, and only for those who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

from styletransfer.admin.access import may_see_model, require
from styletransfer.models import StyledVariant
from styletransfer.sources import NotASourceError, Source, all_sources, get_source


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
    """Every row of a source that has a photo, its product fetched along."""
    rows = source.model._default_manager.exclude(**{source.image: ""}).exclude(
        **{f"{source.image}__isnull": True}
    )
    return rows.select_related(source.product) if product_model(source) else rows


def source_prefetch() -> GenericPrefetch[Any]:
    """Fetches the photos of a page of variants with one query a source."""
    querysets = [
        source.model._default_manager.select_related(source.product)
        if product_model(source)
        else source.model._default_manager.all()
        for source in all_sources()
    ]
    return GenericPrefetch("source", querysets)


def before_url(variant: StyledVariant) -> str:
    """Address of the untouched photo; empty when the row or its file is gone."""
    instance = variant.source
    file = getattr(instance, variant.field, None) if instance is not None else None
    return str(file.url) if file else ""


def photo_choice(source: Source, instance: Model) -> PhotoChoice:
    """How a photo is offered in a picker."""
    title = source.alt_text(instance) or str(instance)
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
        found += [photo_choice(source, row) for row in rows.order_by("-pk")[: limit - len(found)]]
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
        row = _rows_in_reach(request, site, source).filter(pk=pk).first()
    except (ValueError, ValidationError) as error:
        raise Http404(key) from error
    if row is None:
        raise Http404(key)
    return source, row


def _rows_in_reach(request: HttpRequest, site: AdminSite, source: Source) -> QuerySet[Any]:
    """Photos of a source, narrowed as the host's own admin narrows them for this user."""
    rows = photos_of(source)
    if site.is_registered(source.model):
        own = site.get_model_admin(source.model).get_queryset(request)
        rows = rows.filter(pk__in=own.order_by().values("pk"))
    return rows


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
