"""Which products an experiment is about, asked of photos, of events and of other experiments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet

from styletransfer.models import Experiment
from styletransfer.products import NotAProductError, ProductModel, get_product
from styletransfer.sources import Source, all_sources


@dataclass(frozen=True)
class Target:
    """Products of some categories, some products by key (``app_label.model_name:pk``), or all."""

    categories: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()

    @classmethod
    def of(cls, experiment: Experiment) -> Target:
        """What an experiment's fields say."""
        return cls(frozenset(experiment.categories), frozenset(experiment.products))

    @property
    def is_everything(self) -> bool:
        """Whether all products take part."""
        return not self.categories and not self.products

    def covers(self, source: Source, photo: Model) -> bool:
        """Whether a photo shows one of the products; free of queries where its product is joined."""
        if self.is_everything:
            return True
        if self.products and product_key(source, photo) in self.products:
            return True
        return bool(self.categories) and category_of(source, photo) in self.categories

    def overlaps(self, other: Target) -> bool:
        """Whether some product is in both; asks the database for the categories of named products."""
        if self.is_everything or other.is_everything:
            return True
        if self.categories & other.categories or self.products & other.products:
            return True
        return bool(
            _categories_of(self.products) & other.categories
            or _categories_of(other.products) & self.categories
        )

    def events(self) -> Q:
        """Condition on ``StyleEvent``: about one of the products."""
        if self.is_everything:
            return Q()
        conditions = [Q(category__in=sorted(self.categories))] if self.categories else []
        for label, keys in _by_label(self.products).items():
            app, model = label.split(".")
            conditions.append(
                Q(content_type__app_label=app, content_type__model=model, object_id__in=sorted(keys))
            )
        return reduce(or_, conditions)

    def photos(self) -> Iterator[tuple[Source, QuerySet[Model]]]:
        """The photos of the products, by source."""
        for source in all_sources():
            rows = source.model._default_manager.all()
            if self.is_everything:
                yield source, rows
                continue
            condition = self._photo_condition(source)
            if condition is not None:
                yield source, rows.filter(condition)

    def _photo_condition(self, source: Source) -> Q | None:
        product = _product_model(source)
        if product is None:
            return None
        path = f"{source.product}__" if source.product else ""
        keys = _by_label(self.products).get(product.label, set())
        condition = Q(**{f"{path}pk__in": sorted(keys)}) if keys else Q(pk__in=[])
        if self.categories and product.category:
            condition |= Q(**{f"{path}{product.category}__in": sorted(self.categories)})
        return condition


def product_key(source: Source, photo: Model) -> str:
    """``app_label.model_name:pk`` of the product a photo shows."""
    if source.product is None:
        return f"{source.label}:{photo.pk}"
    try:
        field: Any = source.model._meta.get_field(source.product)
    except FieldDoesNotExist:
        field = None
    if field is not None and hasattr(field, "attname"):
        return f"{field.related_model._meta.label_lower}:{getattr(photo, field.attname)}"
    product = source.product_of(photo)
    return f"{product._meta.label_lower}:{product.pk}" if isinstance(product, Model) else ""


def category_of(source: Source, photo: Model) -> str:
    """The category of the product a photo shows, "" when it has none."""
    product = _product_model(source)
    found: Any = source.product_of(photo)
    if product is None or not product.category or found is None:
        return ""
    for name in product.category.split("__"):
        found = getattr(found, name, None)
        if found is None:
            return ""
    return str(found)[:64]


def known_categories() -> list[str]:
    """Every category of every product model, sorted."""
    found: set[str] = set()
    for source in all_sources():
        product = _product_model(source)
        if product is not None and product.category:
            rows = product.model._default_manager.order_by().values_list(product.category, flat=True)
            found |= {str(one)[:64] for one in rows.distinct() if one not in (None, "")}
    return sorted(found)


def _product_model(source: Source) -> ProductModel | None:
    if source.product is None:
        model: type[Model] | None = source.model
    else:
        try:
            model = source.model._meta.get_field(source.product).related_model
        except FieldDoesNotExist:
            return None
    try:
        return get_product(model) if model is not None else None
    except NotAProductError:
        return None


def _by_label(products: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for product in products:
        label, _, key = product.rpartition(":")
        found.setdefault(label, set()).add(key)
    return found


def _categories_of(products: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for label, keys in _by_label(products).items():
        try:
            found |= set(get_product(label).categories(keys).values())
        except NotAProductError:
            continue
    return found - {""}
