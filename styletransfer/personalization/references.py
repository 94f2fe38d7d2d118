"""An event before it is recorded, and the rows it refers to: presets, products, categories."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from styletransfer.delivery.choosing import ORIGINAL
from styletransfer.models import EventKind, StyleEvent, StylePreset
from styletransfer.personalization.decisions import Decision
from styletransfer.products import NotAProductError, get_product


@dataclass(frozen=True)
class NewEvent:
    """An event that has not been recorded yet.

    Attributes:
        kind: what happened.
        id: the sender's id; the same id is recorded once.
        product: ``(app_label.model_name, primary key as text)``, or None.
        style: slug of the look it was shown in, "original", or "" when unknown.
        value: money, of the whole quantity, in ``currency`` (ISO 4217).
        quantity: pieces.
        occurred_at: when; now if None.
        impression_id: the impression it follows from; found by itself if None.
        decision: for impressions, how the style was decided.
        surface: for impressions, where it was shown.
    """

    kind: EventKind
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    product: tuple[str, str] | None = None
    style: str = ""
    value: Decimal | None = None
    currency: str = ""
    quantity: int = 1
    occurred_at: datetime | None = None
    impression_id: uuid.UUID | None = None
    decision: Decision | None = None
    surface: str = ""


@dataclass(frozen=True)
class References:
    """The rows that a batch refers to, read together: presets by slug, categories by product."""

    presets: Mapping[str, int]
    categories: Mapping[tuple[str, str], str]
    content_types: Mapping[str, ContentType]

    @classmethod
    def of(cls, batch: Iterable[NewEvent]) -> References:
        """Read what a batch refers to: one query for the presets, one for each model of products."""
        slugs = {event.style for event in batch} | {
            event.decision.style for event in batch if event.decision is not None
        }
        presets = dict(
            StylePreset.objects.looks().filter(slug__in=slugs - {"", ORIGINAL}).values_list("slug", "pk")
        )
        keys: dict[str, set[str]] = {}
        for event in batch:
            if event.product is not None:
                keys.setdefault(event.product[0].lower(), set()).add(event.product[1])
        categories: dict[tuple[str, str], str] = {}
        content_types: dict[str, ContentType] = {}
        for label, ids in keys.items():
            try:
                product = get_product(label)
            except NotAProductError:
                continue
            content_types[label] = ContentType.objects.get_for_model(product.model)
            for key, category in product.categories(ids).items():
                categories[label, key] = category
        return cls(presets, categories, content_types)

    def problem(self, event: NewEvent) -> str:
        """Why an event cannot be recorded, or an empty text."""
        style = event.decision.style if event.decision is not None else event.style
        if style not in ("", ORIGINAL) and style not in self.presets:
            return _("There is no style “%(style)s”.") % {"style": style[:64]}
        if event.kind == EventKind.PICK:
            return "" if style else _("A pick names the style that was picked.")
        if event.kind == EventKind.IMPRESSION and event.decision is None:
            return _("An impression needs its context.")
        return self._product_problem(event)

    def _product_problem(self, event: NewEvent) -> str:
        if event.product is None:
            return _("It names no product.")
        label, key = event.product[0].lower(), event.product[1]
        if label not in self.content_types:
            return _("“%(label)s” holds no products.") % {"label": label[:64]}
        if (label, key) not in self.categories:
            return _("There is no such product.")
        return ""

    def row(self, event: NewEvent) -> StyleEvent:
        """An event without problems as a row that still lacks its shopper, consent, device and times."""
        decision = event.decision or Decision(event.style)
        label, key = (event.product[0].lower(), event.product[1]) if event.product else ("", "")
        row = StyleEvent(
            id=event.id,
            kind=event.kind,
            content_type=self.content_types.get(label),
            object_id=key,
            style=decision.style,
            preset_id=self.presets.get(decision.style),
            value=event.value,
            currency=event.currency,
            quantity=event.quantity,
            category=self.categories.get((label, key), ""),
            impression_id=event.impression_id,
        )
        if event.kind == EventKind.IMPRESSION:
            row.candidates, row.seed = list(decision.candidates) or [row.preset_id], decision.seed
            row.propensity, row.policy, row.surface = decision.propensity, decision.policy, event.surface
        return row
