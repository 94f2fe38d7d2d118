"""One fenced UPDATE for many variants that each get their own values: the hot path of the lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Value
from django.db.models.functions import Now

from styletransfer.models import StyledVariant

TABLE = StyledVariant._meta.db_table


def writing_connection() -> BaseDatabaseWrapper:
    """The connection that variants are written through."""
    return connections[router.db_for_write(StyledVariant)]


def update_fenced(
    state: str, token: UUID, rows: Mapping[int, Mapping[str, Any]], common: Mapping[str, Any]
) -> set[int]:
    """``UPDATE … FROM (VALUES …) WHERE state AND token`` in one statement.

    Args:
        state: the state the rows must be in.
        token: the token they must carry; rows given to somebody else since are left alone.
        rows: new column values by variant id; every row names the same columns.
        common: columns that get the same value, or ``Now()``, in every row.

    Returns:
        Ids of the rows that were updated.
    """
    if not rows:
        return set()
    connection = writing_connection()
    columns = list(next(iter(rows.values())))
    assignments, parameters = _assignments(connection, columns, common)
    values_sql, values = _values(connection, columns, rows)
    names = ", ".join(["id", *(_quoted(connection, column) for column in columns)])
    table = _quoted(connection, TABLE)
    sql = (
        f"WITH fresh({names}) AS (VALUES {values_sql}) "  # noqa: S608  (names come from the model alone)
        f"UPDATE {table} SET {assignments} FROM fresh "
        f"WHERE {table}.id = fresh.id AND {table}.state = %s AND {table}.token = %s RETURNING {table}.id"
    )
    fence = [state, _prepared(connection, "token", token)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *parameters, *fence])
        return {row[0] for row in cursor.fetchall()}


def supersede_ready_before(variant_ids: Sequence[int]) -> None:
    """Mark every other ready variant of the same photo, field and preset as superseded."""
    connection = writing_connection()
    table = _quoted(connection, TABLE)
    places = ", ".join(["%s"] * len(variant_ids))
    sql = (
        f"UPDATE {table} SET state = %s WHERE state = %s AND id IN ("  # noqa: S608
        f"SELECT older.id FROM {table} newer JOIN {table} older "
        "ON older.content_type_id = newer.content_type_id AND older.object_id = newer.object_id "
        "AND older.field = newer.field AND older.preset_id = newer.preset_id AND older.id <> newer.id "
        f"WHERE newer.id IN ({places}) AND older.state = %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, ["superseded", "ready", *variant_ids, "ready"])


def _assignments(
    connection: BaseDatabaseWrapper, columns: Sequence[str], common: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    parts = [f"{_quoted(connection, column)} = fresh.{_quoted(connection, column)}" for column in columns]
    parameters: list[Any] = []
    compiler = StyledVariant.objects.all().query.get_compiler(connection=connection)
    for column, value in common.items():
        expression: Expression = (
            Now() if isinstance(value, Now) else Value(_prepared(connection, column, value))
        )
        sql, more = compiler.compile(expression)
        parts.append(f"{_quoted(connection, column)} = {sql}")
        parameters += more
    return ", ".join(parts), parameters


def _values(
    connection: BaseDatabaseWrapper, columns: Sequence[str], rows: Mapping[int, Mapping[str, Any]]
) -> tuple[str, list[Any]]:
    """Rows of placeholders; PostgreSQL cannot guess a parameter's type inside VALUES, SQLite need not."""
    if connection.vendor == "postgresql":
        types = [_field(column).cast_db_type(connection) for column in columns]
        one = ", ".join(["%s::bigint", *(f"%s::{kind}" for kind in types)])
    else:
        one = ", ".join(["%s"] * (len(columns) + 1))
    parameters: list[Any] = []
    for variant_id, row in rows.items():
        parameters.append(variant_id)
        parameters += [_prepared(connection, column, row[column]) for column in columns]
    return ", ".join([f"({one})"] * len(rows)), parameters


def _prepared(connection: BaseDatabaseWrapper, column: str, value: Any) -> Any:
    return _field(column).get_db_prep_save(value, connection)


def _field(column: str) -> Any:
    return StyledVariant._meta.get_field(column)


def _quoted(connection: BaseDatabaseWrapper, name: str) -> str:
    return connection.ops.quote_name(name)
