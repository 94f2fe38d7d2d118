"""Everything that is kept about a shopper, as plain values for JSON."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone

from styletransfer.models import Shopper
from styletransfer.personalization.privacy import PersonalModel, registered

# Rows read at once; the export itself is held in memory, as one person's data are few.
_CHUNK = 2000


def people_of(shopper: Shopper) -> list[Shopper]:
    """The shopper and whoever was merged into it."""
    return [shopper, *Shopper.objects.filter(merged_into=shopper)]


def export(shopper: Shopper | None) -> dict[str, Any]:
    """Every declared model with the purpose and retention of its fields, and this person's rows.

    Returns:
        ``{"exported_at", "tables": {label: {"fields": {name: {"purpose", "kept"}}, "rows": [...]}}}``; values
        are strings, numbers, booleans, None, lists and dicts. Tables without rows are left out.
    """
    tables: dict[str, Any] = {}
    if shopper is not None:
        people = people_of(shopper)
        for personal in registered():
            rows = _rows(personal, people)
            if rows:
                tables[personal.label] = {"fields": _described(personal), "rows": rows}
    return {"exported_at": timezone.now().isoformat(), "tables": tables}


def _described(personal: PersonalModel) -> dict[str, dict[str, str]]:
    return {
        name: {"purpose": str(one.purpose), "kept": str(one.retention.label)}
        for name, one in personal.fields.items()
        if one.is_exported
    }


def _rows(personal: PersonalModel, people: list[Shopper]) -> list[dict[str, Any]]:
    names = [name for name, one in personal.fields.items() if one.is_exported]
    rows = personal.rows_of(people).order_by("pk").only(*names)
    return [{name: _plain(row, name) for name in names} for row in rows.iterator(chunk_size=_CHUNK)]


def _plain(row: Model, name: str) -> Any:
    """A value that ``json`` can write; a link becomes the key it points to, a content type its label."""
    field = row._meta.get_field(name)
    value = getattr(row, field.attname) if hasattr(field, "attname") else getattr(row, name)
    if field.is_relation and field.related_model is ContentType and value is not None:
        kind = ContentType.objects.get_for_id(value)
        return f"{kind.app_label}.{kind.model}"
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
