"""Which models hold photos: the host's own, registered without any change to its tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import FileField, Model
from django.db.models.fields.files import FieldFile
from django.dispatch import Signal

from styletransfer.conf import get_settings


class NotASourceError(LookupError):
    """The model or object is not registered; the text says how to register it."""


@dataclass(frozen=True)
class Source:
    """One image field of one model.

    Attributes:
        model: the host's model class.
        image: name of its ImageField or FileField.
        product: name of the relation or attribute that leads to the product, or None when the row is one.
        alt: name of the field or attribute with the photo's alternative text, or None.
    """

    model: type[Model]
    image: str = "image"
    product: str | None = None
    alt: str | None = None

    @property
    def label(self) -> str:
        """``app_label.model_name``, as commands and URLs name this source."""
        return self.model._meta.label_lower

    def file(self, instance: Model) -> FieldFile:
        """The photo of ``instance``; falsy when it has none."""
        file: FieldFile = getattr(instance, self.image)
        return file

    def alt_text(self, instance: Model) -> str:
        """The photo's own alternative text, else the product's name, else an empty (decorative) text."""
        text = getattr(instance, self.alt, "") if self.alt else ""
        if callable(text):
            text = text()
        if text:
            return str(text)
        owner = self.product_of(instance)
        return str(owner) if owner is not None else ""

    def product_of(self, instance: Model) -> Any:
        """The product this photo belongs to; the row itself when it is the product."""
        return getattr(instance, self.product, None) if self.product else instance

    def known_size(self, instance: Model) -> tuple[int, int] | None:
        """(width, height) from the image field's own dimension columns, without opening the file."""
        field = self.model._meta.get_field(self.image)
        names = (getattr(field, "width_field", None), getattr(field, "height_field", None))
        if not all(names):
            return None
        width, height = (getattr(instance, str(name)) for name in names)
        return (int(width), int(height)) if width and height else None

    def problems(self) -> list[str]:
        """What is wrong with this registration, in words; empty when all is well."""
        found = []
        try:
            field = self.model._meta.get_field(self.image)
        except FieldDoesNotExist:
            found.append(f"{self.label} has no field {self.image!r}.")
        else:
            if not isinstance(field, FileField):
                found.append(f"{self.label}.{self.image} is no ImageField or FileField.")
        for role, name in (("product", self.product), ("alt", self.alt)):
            if name and not _has_attribute(self.model, name):
                found.append(f"{self.label} has no field or attribute {name!r} to use as {role}.")
        return found


_registry: dict[type[Model], Source] = {}
# Sent with ``source=`` for every model that becomes a source.
registered = Signal()


def register(
    model: type[Model], *, image: str = "image", product: str | None = None, alt: str | None = None
) -> Source:
    """Make the photos of ``model`` restylable; call it from ``AppConfig.ready``. Replaces."""
    source = Source(model=model, image=image, product=product, alt=alt)
    _registry[model] = source
    registered.send(sender=model, source=source)
    return source


def unregister(model: type[Model]) -> None:
    """Forget a source; its variants stay in the database."""
    _registry.pop(model, None)


def register_from_settings() -> None:
    """Register every entry of ``STYLETRANSFER["SOURCES"]``.

    Raises:
        ImproperlyConfigured: an entry names no installed model or has unknown keys.
    """
    for entry in get_settings().sources:
        options = dict(entry)
        label = options.pop("model", None)
        if not label or set(options) - {"image", "product", "alt"}:
            raise ImproperlyConfigured(
                f'STYLETRANSFER["SOURCES"] entry {dict(entry)!r} needs "model" and may have "image", '
                '"product" and "alt".'
            )
        try:
            model = apps.get_model(label)
        except (LookupError, ValueError) as error:
            raise ImproperlyConfigured(f'STYLETRANSFER["SOURCES"] names {label!r}: {error}') from error
        register(model, **options)


def all_sources() -> Iterator[Source]:
    """Every registered source, in order of registration."""
    yield from tuple(_registry.values())


def get_source(model_or_label: type[Model] | str) -> Source:
    """The source of a model class or of its ``app_label.model_name``.

    Raises:
        NotASourceError: nothing of that name is registered.
    """
    if isinstance(model_or_label, str):
        for source in _registry.values():
            if source.label == model_or_label.lower():
                return source
        name = model_or_label
    else:
        for model in model_or_label.__mro__:
            if model in _registry:
                return _registry[model]
        name = model_or_label._meta.label_lower
    known = ", ".join(source.label for source in _registry.values()) or "none yet"
    raise NotASourceError(
        f"{name} is not registered as a photo source (registered: {known}). "
        'Add it to STYLETRANSFER["SOURCES"] or call styletransfer.sources.register().'
    )


def _has_attribute(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return hasattr(model, name)
    return True
