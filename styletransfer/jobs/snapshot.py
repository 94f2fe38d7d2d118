"""Keeping what was selected: keys are copied at the moment of the request, whatever happens to them later.

A selection of some thousands gets an item a photo at once. A larger one is folded, a thousand keys a row, so
that a request never writes a hundred thousand rows; the worker that plans the job unfolds it row by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import IntegerField, Model, QuerySet, UUIDField

from styletransfer.jobs.rows import insert_missing, writing_connection
from styletransfer.models import FoldedSelection, RestyleJob, RestyleJobItem

CHUNK = 2000
FOLD_ABOVE = 2000
FOLDED_KEYS = 1000  # a row

_ITEMS = """
WITH selected(key) AS ({select})
INSERT INTO {table} (job_id, object_id, is_planned, error)
SELECT %s, CAST(selected.key AS {text}), %s, %s FROM selected WHERE true ON CONFLICT DO NOTHING
"""
_FOLDED = """
WITH selected(key) AS ({select}), numbered AS (
    SELECT key, (ROW_NUMBER() OVER (ORDER BY key) - 1) / %s AS part
    FROM (SELECT DISTINCT key FROM selected) AS each_once
)
INSERT INTO {table} (job_id, object_ids, number)
SELECT %s, {array}(CAST(key AS {text})), COUNT(*) FROM numbered GROUP BY part ORDER BY part
"""


def take_snapshot(job: RestyleJob, model: type[Model], objects: QuerySet[Any] | Iterable[Any]) -> None:
    """Keep the keys of a queryset of ``model``, or of instances or keys, in bounded memory."""
    if not isinstance(objects, QuerySet):
        _insert_items(job, objects)
    elif _is_readable_in_place(model, objects):
        _insert_from_select(job, objects.using(writing_connection().alias))
    else:
        _insert_items(job, objects.values_list("pk", flat=True).iterator(chunk_size=CHUNK))


def unfold(job: RestyleJob) -> bool:
    """Give the next thousand keys of a folded selection an item each; False when none are left."""
    with transaction.atomic(using=writing_connection().alias):
        folded = job.folded.order_by("pk").first()
        if folded is None:
            return False
        insert_missing(RestyleJobItem, ["job_id", "object_id"], [(job.pk, key) for key in folded.object_ids])
        folded.delete()
    return True


def _is_readable_in_place(model: type[Model], objects: QuerySet[Any]) -> bool:
    """Whether the database itself can write the keys as Python would."""
    connection = writing_connection()
    key = model._meta.pk
    is_alike = isinstance(key, IntegerField) or (
        isinstance(key, UUIDField) and connection.vendor == "postgresql"
    )
    return is_alike and objects.db == connection.alias


def _insert_items(job: RestyleJob, ids: Iterable[Any]) -> None:
    remaining = iter(ids)
    while chunk := list(islice(remaining, CHUNK)):
        rows = [RestyleJobItem(job=job, object_id=str(getattr(item, "pk", item))) for item in chunk]
        RestyleJobItem.objects.bulk_create(rows, ignore_conflicts=True)


def _insert_from_select(job: RestyleJob, objects: QuerySet[Any]) -> None:
    """INSERT … SELECT: a hundred thousand keys never leave the database."""
    connection = connections[objects.db]
    keys = objects.values("pk") if objects.query.is_sliced else objects.order_by("pk").values("pk")
    try:
        select, parameters = keys.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return
    text = RestyleJobItem._meta.get_field("object_id").cast_db_type(connection)
    is_large = keys[: FOLD_ABOVE + 1].count() > FOLD_ABOVE
    with connection.cursor() as cursor:
        if is_large:
            sql = _FOLDED.format(
                table=_quoted(connection, FoldedSelection), array=_array(connection), text=text, select=select
            )
            cursor.execute(sql, [*parameters, FOLDED_KEYS, job.pk])
        else:
            sql = _ITEMS.format(table=_quoted(connection, RestyleJobItem), text=text, select=select)
            cursor.execute(sql, [*parameters, job.pk, False, ""])


def _quoted(connection: BaseDatabaseWrapper, model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _array(connection: BaseDatabaseWrapper) -> str:
    return "JSONB_AGG" if connection.vendor == "postgresql" else "JSON_GROUP_ARRAY"
