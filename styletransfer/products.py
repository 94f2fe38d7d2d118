"""What shoppers view and buy: the host's product models, and the paths to what personalisation needs of them.

A product model is registered in ``STYLETRANSFER["PRODUCTS"]`` or with ``register``. Without either, the
models behind the photo sources are taken: the target of a source's ``product`` relation, or the source's
own model where a row is its product. Their category is then unknown, and so is what is for sale: such
products are not recommended.

A rule of the shop is said in one of three ways: lookups (``"is_active=True, stock__gt=0"``), ``"*"`` for
every row, or a function that takes a queryset and narrows it, in settings by its path
(``"catalogue.rules.for_sale"``).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, FieldError, ImproperlyConfigured, ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.utils.module_loading import import_string

from styletransfer.conf import get_settings
from styletransfer.sources import all_sources

# Lookups, "*", the path of a function, or the function.
Rule = str | Callable[[QuerySet[Any]], QuerySet[Any]]
EVERY_ROW = "*"
OPTIONS = ("category", "photo", "available", "pinned")


class NotAProductError(LookupError):
    """The model is not known as one of products; the text says how to register it."""


@dataclass(frozen=True)
class ProductModel:
    """One model whose rows are products.

    Attributes:
        model: the host's model class.
        category: ORM path to the category's slug or name, such as ``category__slug``, or None.
        photo: ORM path to the photo that lists show, such as ``main_photo``, or None.
        available: rule that keeps the products for sale, such as ``"is_active=True, stock__gt=0"``; None
            where the shop has not said.
        pinned: rule that keeps the products to be recommended first, such as ``"is_featured=True"``, or None.
    """

    model: type[Model]
    category: str | None = None
    photo: str | None = None
    available: Rule | None = None
    pinned: Rule | None = None

    @property
    def label(self) -> str:
        """``app_label.model_name``."""
        return self.model._meta.label_lower

    def categories(self, keys: Iterable[str]) -> dict[str, str]:
        """Category by primary key (as text) of those of ``keys`` that exist; one query."""
        valid = [key for key in set(keys) if self.is_key(key)]
        if not valid:
            return {}
        path = self.category or "pk"
        rows = self.model._default_manager.filter(pk__in=valid).values_list("pk", path)
        return {str(key): str(category or "")[:64] if self.category else "" for key, category in rows}

    def for_sale(self) -> QuerySet[Any]:
        """Rows that ``available`` keeps; none where the shop has not said which may be shown."""
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows.none() if self.available is None else narrowed(rows, self.available)

    def listed(self, keys: Iterable[str]) -> QuerySet[Any]:
        """Rows by primary key, their category joined, for sale or not."""
        rows: QuerySet[Any] = self.model._default_manager.filter(
            pk__in=[key for key in keys if self.is_key(key)]
        )
        relation = self._category_relation
        return rows.select_related(relation) if relation else rows

    @property
    def _category_relation(self) -> str | None:
        """The foreign key that the path to the category begins with, or None."""
        first = (self.category or "").split(LOOKUP_SEP)[0]
        return first if first and _target(self.model, first) is not None else None

    def category_of(self, row: Model) -> str:
        """A row's category as ``categories`` names it, or ""."""
        value: Any = row if self.category else None
        for name in (self.category or "").split(LOOKUP_SEP):
            value = getattr(value, name, None)
        return "" if value is None else str(value)[:64]

    def category_label(self, row: Model) -> str:
        """A row's category as people read it: the related object's own text where there is one, or ""."""
        relation = self._category_relation
        value = getattr(row, relation, None) if relation else self.category_of(row)
        return "" if value is None else str(value)

    @property
    def photo_path(self) -> str | None:
        """Path to the photo or photos for ``with_styled``; None where the row is the photo."""
        if self.photo or self._is_source:
            return self.photo
        for source in all_sources():
            field = _relation(source.model, source.product)
            if field is not None and field.related_model is self.model:
                return str(field.remote_field.get_accessor_name())
        return None

    def photo_of(self, row: Model) -> Model | None:
        """The photo that lists show; the first where the path leads to several."""
        path = self.photo_path
        if path is None:
            return row if self._is_source else None
        found: Any = row
        for name in path.split(LOOKUP_SEP):
            found = getattr(found, name, None)
        if found is not None and hasattr(found, "all"):
            found = next(iter(found.all()), None)
        photo: Model | None = found
        return photo

    @property
    def has_photo(self) -> bool:
        """Whether anything leads from a row to a photo."""
        return self._is_source or self.photo_path is not None

    @property
    def _is_source(self) -> bool:
        return any(source.model is self.model for source in all_sources())

    def problems(self) -> list[str]:
        """What is wrong with this registration, in words; empty when all is well."""
        found = []
        rows: QuerySet[Any] = self.model._default_manager.all()
        for role, path in (("category", self.category), ("photo", self.photo)):
            try:
                if path:
                    rows.values_list(path)
            except FieldError as error:
                found.append(f"{self.label}: {role}={path!r} is no path of fields: {error}")
        for role, rule in (("available", self.available), ("pinned", self.pinned)):
            try:
                if rule is not None:
                    narrowed(rows, rule)
            except (ImproperlyConfigured, FieldError, ValueError, ValidationError) as error:
                found.append(f"{self.label}: {role}={rule!r} is no rule: {error}")
        return found

    def is_key(self, key: str) -> bool:
        """Whether a text could be a primary key of this model."""
        return _is_key(self.model, key)


# A page asks about hundreds of keys, most of them popular ones that it asked about before.
@lru_cache(maxsize=65_536)
def _is_key(model: type[Model], key: str) -> bool:
    field: Any = model._meta.pk
    try:
        field.run_validators(field.to_python(key))
    except (ValidationError, ValueError, TypeError):
        return False
    return True


def narrowed(rows: QuerySet[Any], rule: Rule) -> QuerySet[Any]:
    """Apply a rule of the shop to a queryset.

    Raises:
        ImproperlyConfigured: the text is neither lookups nor the path of a function.
    """
    if callable(rule):
        return rule(rows)
    if rule.strip() == EVERY_ROW:
        return rows
    if "=" in rule:
        return rows.filter(**_lookups(rule))
    try:
        function = import_string(rule)
    except ImportError as error:
        raise ImproperlyConfigured(
            f'{rule!r} must be lookups such as "is_active=True, stock__gt=0", "*", or the path of a function.'
        ) from error
    kept: QuerySet[Any] = function(rows)
    return kept


def _lookups(rule: str) -> dict[str, Any]:
    """``"a=1, b__in=['x', 'y']"`` as keyword arguments; values are Python literals."""
    try:
        call: Any = ast.parse(f"dict({rule})", mode="eval").body
        pairs = {str(item.arg): ast.literal_eval(item.value) for item in call.keywords}
    except (SyntaxError, ValueError, AttributeError) as error:
        raise ImproperlyConfigured(
            f'{rule!r} must be lookups such as "is_active=True, stock__gt=0"; quote texts: "status=\'live\'".'
        ) from error
    return pairs


_registry: dict[type[Model], ProductModel] = {}


def register(
    model: type[Model],
    *,
    category: str | None = None,
    photo: str | None = None,
    available: Rule | None = None,
    pinned: Rule | None = None,
) -> ProductModel:
    """Make a model known as one of products; call it from ``AppConfig.ready``. Replaces."""
    product = ProductModel(model, category, photo, available, pinned)
    _registry[model] = product
    return product


def unregister(model: type[Model]) -> None:
    """Forget a registration."""
    _registry.pop(model, None)


def register_from_settings() -> None:
    """Register every entry of ``STYLETRANSFER["PRODUCTS"]``.

    Raises:
        ImproperlyConfigured: an entry names no installed model or has unknown keys.
    """
    for entry in get_settings().products:
        options = dict(entry)
        label = options.pop("model", None)
        if not label or set(options) - set(OPTIONS):
            raise ImproperlyConfigured(
                f'STYLETRANSFER["PRODUCTS"] entry {dict(entry)!r} needs "model" and may have '
                + ", ".join(f'"{name}"' for name in OPTIONS)
                + "."
            )
        try:
            model = apps.get_model(label)
        except (LookupError, ValueError) as error:
            raise ImproperlyConfigured(f'STYLETRANSFER["PRODUCTS"] names {label!r}: {error}') from error
        register(model, **options)


def all_products() -> Iterator[ProductModel]:
    """Every product model: those registered, then those the photo sources lead to."""
    known = dict(_registry)
    for source in all_sources():
        owner = source.model if source.product is None else _target(source.model, source.product)
        if owner is not None and owner not in known:
            known[owner] = ProductModel(owner)
    yield from known.values()


def get_product(model_or_label: type[Model] | str) -> ProductModel:
    """The registration of a model class or of its ``app_label.model_name``.

    Raises:
        NotAProductError: nothing of that name holds products.
    """
    if isinstance(model_or_label, str):
        label = model_or_label.lower()
    else:
        label = (model_or_label._meta.concrete_model or model_or_label)._meta.label_lower
    products = list(all_products())
    for product in products:
        if product.label == label:
            return product
    known = ", ".join(product.label for product in products) or "none yet"
    raise NotAProductError(
        f"{label} is not registered as a product model (registered: {known}). "
        'Add it to STYLETRANSFER["PRODUCTS"] or call styletransfer.products.register().'
    )


def _relation(model: type[Model], name: str | None) -> ForeignKey[Any, Any] | None:
    try:
        field = model._meta.get_field(name) if name else None
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, ForeignKey) else None


def _target(model: type[Model], name: str) -> type[Model] | None:
    field = _relation(model, name)
    return field.related_model if field is not None else None
