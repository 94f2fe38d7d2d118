"""The SQL behind planning and claims, written by hand.

The ORM has no UPDATE … RETURNING and no UPDATE … FROM, and its INSERT prepares every column of every row
although most hold their default. The same text runs on SQLite (3.35 or newer) and PostgreSQL; only the row
lock and the clock differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.functions import Now

from styletransfer.conf import get_settings
from styletransfer.models import StyledVariant, StylePreset

TABLE = f'"{StyledVariant._meta.db_table}"'
PRESETS = f'"{StylePreset._meta.db_table}"'

# What a worker has no use for stays in the database; it is loaded if somebody asks for it all the same.
_DEFERRED = {"renditions", "placeholder", "measures", "review", "reviewed_by", "reviewed_at", "finished_at"}

# The oldest due row decides what the batch looks like. A row that failed before, or whose size is unknown,
# is taken alone: one that kills its worker then takes no mates along.
_TAKE = """
WITH head AS MATERIALIZED (
    SELECT v.id, v.bucket, v.attempts, v.preset_id FROM {table} v
    WHERE {due} {head_only} {light} ORDER BY {order} LIMIT 1 {lock}
), picked AS MATERIALIZED (
    SELECT v.id FROM {table} v
    WHERE {due} {alike} AND (v.id = (SELECT id FROM head) OR v.attempts = 0)
    ORDER BY {order} LIMIT COALESCE((SELECT CASE WHEN {alone} THEN 1 ELSE %s END FROM head), 0) {lock}
)
UPDATE {table} SET state = %s, token = %s, lease_until = {lease}, run_after = NULL
WHERE id IN (SELECT id FROM picked) RETURNING {columns}
"""
_ALIKE = """AND v.bucket = (SELECT bucket FROM head) AND v.preset_id IN (
    SELECT id FROM {presets} WHERE engine = (
        SELECT engine FROM {presets} WHERE id = (SELECT preset_id FROM head)))"""
# PostgreSQL need not wait for its disk with what a crash may forget: a claim that is lost is a row that is
# still queued, a hand-over or a finish that is lost is work that is done again.
_LIGHT_COMMIT = "AND (SELECT set_config('synchronous_commit', 'off', true)) IS NOT NULL"
_FENCED = """
WITH fresh({names}) AS (VALUES {values})
UPDATE {table} SET {assignments} FROM fresh
WHERE {table}.id = fresh.id AND {table}.state = %s AND {table}.token = %s {light} RETURNING {table}.id
"""
_INSERT = "INSERT INTO {table} ({columns}) {rows} ON CONFLICT DO NOTHING"
_INSERTED_AT_ONCE = 500  # SQLite takes 32,766 parameters in a statement
# The pluses keep SQLite from indexes that would read every older photo of a preset for each row.
_SUPERSEDE = """
UPDATE {table} SET state = 'superseded' WHERE state = 'ready' AND id IN (
    SELECT older.id FROM {table} newer JOIN {table} older
    ON older.content_type_id = newer.content_type_id AND older.object_id = newer.object_id
    AND older.field = newer.field AND +older.preset_id = newer.preset_id AND +older.id {order} newer.id
    WHERE newer.id IN ({places}) AND newer.state = 'ready' AND older.state = 'ready'
    AND (%s OR older.review <> 'approved' OR newer.review = 'approved'))
"""


def writing_connection() -> BaseDatabaseWrapper:
    """The connection that variants are written through."""
    return connections[router.db_for_write(StyledVariant)]


def is_in_no_transaction() -> bool:
    """Whether nobody else's work is committed along: a light commit reaches the whole transaction."""
    return not writing_connection().in_atomic_block


def take(
    states: tuple[str, str],
    lane: str | None,
    limit: int,
    *,
    token: UUID,
    lease_seconds: int,
    alike: bool,
    without_engines: Collection[str] = (),
    among: Collection[int] | None = None,
) -> list[StyledVariant]:
    """Move up to ``limit`` due rows of a lane from one state to another under a fresh token.

    One statement takes and returns them. On PostgreSQL rows that somebody else has locked are skipped;
    on SQLite the statement holds the only write lock.

    Args:
        states: from which state to which.
        lane: the rows' lane; None takes any, interactive ones first.
        limit: the most rows.
        token: of the new claim.
        lease_seconds: by the database's clock.
        alike: whether all must share the oldest row's bucket and engine.
        without_engines: leave presets of these engines alone.
        among: only these ids.

    Returns:
        The rows as they are now, oldest first.
    """
    connection = writing_connection()
    only, only_values = _membership("v.id", among) if among is not None else ("", [])
    in_lane, lane_values = ("AND v.lane = %s", [lane]) if lane else ("", [])
    due = f"v.state = %s {in_lane} AND v.token IS NULL AND ({_due_sql(connection.vendor)}) {only}"
    due_values = [states[0], *lane_values, *only_values]
    head_only = ""
    head_values: list[Any] = []
    if without_engines:
        listed, head_values = _membership("engine", without_engines)
        head_only = f"AND v.preset_id NOT IN (SELECT id FROM {PRESETS} WHERE true {listed})"  # noqa: S608
    is_locking = connection.features.has_select_for_update_skip_locked
    sql = _TAKE.format(
        table=TABLE,
        due=due,
        order="v.id" if lane else "v.lane DESC, v.id",
        head_only=head_only,
        light=_LIGHT_COMMIT if connection.vendor == "postgresql" and is_in_no_transaction() else "",
        alike=_ALIKE.format(presets=PRESETS) if alike else "",
        alone="attempts > 0 OR bucket = ''" if alike else "attempts > 0",
        lock="FOR UPDATE OF v SKIP LOCKED" if is_locking else "",
        lease=_lease_sql(connection.vendor, lease_seconds),
        columns=_columns(),
    )
    values = [*due_values, *head_values, *due_values, limit, states[1], _prepared(connection, "token", token)]
    taken = list(StyledVariant.objects.raw(sql, values, using=connection.alias))
    return sorted(taken, key=lambda variant: variant.pk)


def update_fenced(
    state: str,
    token: UUID,
    rows: Mapping[int, Mapping[str, Any]],
    common: Mapping[str, Any],
    *,
    may_be_forgotten: bool = False,
) -> set[int]:
    """Give many rows their own values in one statement, each only if it still carries the token.

    Args:
        state: the state the rows must be in.
        token: the token they must carry; rows given to somebody else since are left alone.
        rows: new column values by variant id; every row names the same columns.
        common: columns that get the same value, or ``Now()``, in every row.
        may_be_forgotten: whether a crash of the database server may undo it.

    Returns:
        Ids of the rows that were updated.
    """
    if not rows:
        return set()
    connection = writing_connection()
    columns = list(next(iter(rows.values())))
    values_sql, values = _values(connection, columns, rows)
    assignments = [f'"{column}" = fresh."{column}"' for column in columns]
    shared = []
    for column, value in common.items():
        is_now = isinstance(value, Now)
        assignments.append(f'"{column}" = {_now_sql(connection.vendor) if is_now else "%s"}')
        shared += [] if is_now else [_prepared(connection, column, value)]
    sql = _FENCED.format(
        table=TABLE,
        names=", ".join(["id", *(f'"{column}"' for column in columns)]),
        values=values_sql,
        assignments=", ".join(assignments),
        light=_LIGHT_COMMIT if may_be_forgotten and connection.vendor == "postgresql" else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *shared, state, _prepared(connection, "token", token)])
        return {row[0] for row in cursor.fetchall()}


def insert_missing(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[str | int | None]],
    common: Mapping[str, Any] | None = None,
) -> None:
    """Insert many rows; those that break a unique constraint are left out.

    Args:
        model: whose table.
        columns: what the rows name.
        rows: plain values, one for each of the columns.
        common: columns that get the same value in every row; the other columns get their defaults.
    """
    connection = writing_connection()
    known = _defaults(model, columns) | dict(common or {})
    fields = {field.column: field for field in model._meta.concrete_fields}
    shared = [fields[column].get_db_prep_save(value, connection) for column, value in known.items()]
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(name) for name in (*columns, *known))
    given = [fields[column] for column in columns]
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _INSERTED_AT_ONCE):
            source, values = _rows_sql(connection, given, rows[start : start + _INSERTED_AT_ONCE], shared)
            cursor.execute(_INSERT.format(table=table, columns=names, rows=source), values)


def supersede_ready_before(variant_ids: Sequence[int], *, only_older: bool = False) -> None:
    """Mark other ready variants of the same photo, field and preset as superseded.

    Where only approved variants may be shown, an approved one stays until its successor is approved too.

    Args:
        variant_ids: ready variants that take the others' place.
        only_older: spare variants that were requested later.
    """
    places = ", ".join(["%s"] * len(variant_ids))
    sql = _SUPERSEDE.format(table=TABLE, places=places, order="<" if only_older else "<>")
    with writing_connection().cursor() as cursor:
        cursor.execute(sql, [*variant_ids, get_settings().show_unapproved])


def _values(
    connection: BaseDatabaseWrapper, columns: Sequence[str], rows: Mapping[int, Mapping[str, Any]]
) -> tuple[str, list[Any]]:
    """Rows of placeholders; PostgreSQL cannot guess a parameter's type inside VALUES, SQLite need not."""
    if connection.vendor == "postgresql":
        types = [_field(column).cast_db_type(connection) for column in columns]
        one = ", ".join(["%s::bigint", *(f"%s::{kind}" for kind in types)])
    else:
        one = ", ".join(["%s"] * (len(columns) + 1))
    values: list[Any] = []
    for variant_id, row in rows.items():
        values.append(variant_id)
        values += [_prepared(connection, column, row[column]) for column in columns]
    return ", ".join([f"({one})"] * len(rows)), values


def _rows_sql(
    connection: BaseDatabaseWrapper, fields: Sequence[Any], rows: Sequence[Sequence[Any]], shared: list[Any]
) -> tuple[str, list[Any]]:
    """What to insert: each row's values, then those that all share."""
    if connection.vendor == "postgresql":
        # One parameter a column: psycopg takes its time over thousands of placeholders.
        kinds = [field.db_type(connection).partition("(")[0] for field in fields]
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        selected = ", ".join(["fresh.*", *["%s"] * len(shared)])
        columns = [list(column) for column in zip(*rows, strict=True)]
        return f"SELECT {selected} FROM UNNEST({arrays}) AS fresh", [*shared, *columns]  # noqa: S608
    one = f"({', '.join(['%s'] * (len(fields) + len(shared)))})"
    return f"VALUES {', '.join([one] * len(rows))}", [value for row in rows for value in (*row, *shared)]


def _membership(column: str, values: Collection[Any]) -> tuple[str, list[Any]]:
    places = ", ".join(["%s"] * len(values)) or "NULL"
    return f"AND {column} IN ({places})", list(values)


def _now_sql(vendor: str) -> str:
    return "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')" if vendor == "sqlite" else "STATEMENT_TIMESTAMP()"


def _lease_sql(vendor: str, seconds: int) -> str:
    if vendor == "sqlite":
        return f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', '+{int(seconds)} seconds')"
    return f"STATEMENT_TIMESTAMP() + INTERVAL '{int(seconds)} seconds'"


def is_due() -> Q:
    """Rows that need not wait any longer; the ORM's form of ``_due_sql``."""
    return Q(run_after__isnull=True) | Q(run_after__lte=Now())


def _due_sql(vendor: str) -> str:
    return f"v.run_after IS NULL OR v.run_after <= {_now_sql(vendor)}"


def _defaults(model: type[models.Model], given: Collection[str]) -> dict[str, Any]:
    """What Django would write into the other columns; those that may be empty stay empty."""
    return {
        str(field.column): field.get_default()
        for field in model._meta.concrete_fields
        if field.column not in given and not field.primary_key and (field.has_default() or not field.null)
    }


@cache
def _columns() -> str:
    fields = (field for field in StyledVariant._meta.concrete_fields if field.name not in _DEFERRED)
    return ", ".join(f'{TABLE}."{field.column}"' for field in fields)


@cache
def _field(column: str) -> Any:
    return StyledVariant._meta.get_field(column)


def _prepared(connection: BaseDatabaseWrapper, column: str, value: Any) -> Any:
    return _field(column).get_db_prep_save(value, connection)
