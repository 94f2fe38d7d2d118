"""What shoppers view and buy: the host's product models, and the paths to what personalisation needs of them.

A product model is registered in ``STYLETRANSFER["PRODUCTS"]`` or with ``register``. Without either, the
models behind the photo sources are taken: the target of a source's ``product`` relation, or the source's
own model where a row is its product. Only their category is then unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db.models import ForeignKey, Model

from styletransfer.conf import get_settings
from styletransfer.sources import all_sources


class NotAProductError(LookupError):
    """The model is not known as one of products; the text says how to register it."""


@dataclass(frozen=True)
class ProductModel:
    """One model whose rows are products.

    Attributes:
        model: the host's model class.
        category: ORM path to the category's slug or name, such as ``category__slug``, or None.
        photo: ORM path to the photo that lists show, such as ``main_photo``, or None.
        available: ORM lookup that is true of products for sale, such as ``stock__gt=0``, or None.
    """

    model: type[Model]
    category: str | None = None
    photo: str | None = None
    available: str | None = None

    @property
    def label(self) -> str:
        """``app_label.model_name``."""
        return self.model._meta.label_lower

    def categories(self, keys: Iterable[str]) -> dict[str, str]:
        """Category by primary key (as text) of those of ``keys`` that exist; one query."""
        valid = [key for key in set(keys) if self._is_key(key)]
        if not valid:
            return {}
        path = self.category or "pk"
        rows = self.model._default_manager.filter(pk__in=valid).values_list("pk", path)
        return {str(key): str(category or "")[:64] if self.category else "" for key, category in rows}

    def _is_key(self, key: str) -> bool:
        field: Any = self.model._meta.pk
        try:
            field.run_validators(field.to_python(key))
        except (ValidationError, ValueError, TypeError):
            return False
        return True


_registry: dict[type[Model], ProductModel] = {}


def register(
    model: type[Model], *, category: str | None = None, photo: str | None = None, available: str | None = None
) -> ProductModel:
    """Make a model known as one of products; call it from ``AppConfig.ready``. Replaces."""
    product = ProductModel(model, category, photo, available)
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
        if not label or set(options) - {"category", "photo", "available"}:
            raise ImproperlyConfigured(
                f'STYLETRANSFER["PRODUCTS"] entry {dict(entry)!r} needs "model" and may have "category", '
                '"photo" and "available".'
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


def _target(model: type[Model], name: str) -> type[Model] | None:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field.related_model if isinstance(field, ForeignKey) else None
