"""Queries whose SQL is compiled once in a process, then run with other values.

Django builds and compiles a query anew each time, which costs a page more than running it. A ``Prepared``
lets it do so once, with a ``Slot`` in every place where a value goes, and keeps what its compiler says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.sql import Query

# Lists are filled up to a multiple of this by repeating their last value, so that there are few statements.
_STEP = 8


class Slot(Expression):
    """Where a value goes that is known when the query runs.

    Args:
        name: of the value.
        place: which of the values, where it is a list.
        field: how the database takes it.
    """

    def __init__(self, name: str, place: int | None, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """A parameter that is the slot itself."""
        return "%s", [self]

    def value_of(self, values: dict[str, Any], connection: Any) -> Any:
        """What goes here, as the database takes it; the last of a list fills up the places left."""
        value = values[self.name]
        if self.place is not None:
            value = value[min(self.place, len(value) - 1)]
        return self.output_field.get_db_prep_value(value, connection)


@dataclass(frozen=True)
class _Statement:
    """What the compiler said.

    Attributes:
        query: that it was compiled from.
        sql: text with ``%s`` for every parameter.
        parameters: values and slots in their order.
        columns: expressions that are selected.
        fields: column name of each field of the model that is selected, by position.
        annotations: position by name.
    """

    query: Query
    sql: str
    parameters: tuple[Any, ...]
    columns: list[Any]
    fields: dict[int, str]
    annotations: dict[str, int]


class Prepared:
    """A query of one model that is compiled once and run with other values.

    Args:
        model: whose query.
        build: takes a slot, or a list of them, by each name of ``fields`` and returns the queryset; without
            ``select_related`` and ``prefetch_related``, which are not heeded.
        fields: name of the model's field that each value is compared with.
    """

    def __init__(self, model: type[Model], build: Callable[..., QuerySet[Any, Any]], **fields: str) -> None:
        self._model = model
        self._build = build
        self._fields = {name: model._meta.get_field(field) for name, field in fields.items()}
        self._statements: dict[tuple[Any, ...], _Statement | None] = {}

    def rows(self, **values: Any) -> list[Any]:
        """The selected columns of every row, in the order of the queryset's ``values_list``; one query."""
        using = router.db_for_read(self._model)
        statement = self._statement(using, values)
        if statement is None:
            return []
        connection = connections[using]
        parameters = [
            one.value_of(values, connection) if isinstance(one, Slot) else one for one in statement.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, parameters)
            found: list[Any] = cursor.fetchall()
        compiler = statement.query.get_compiler(connection=connection)
        converters = compiler.get_converters(statement.columns)
        return list(compiler.apply_converters(found, converters)) if converters else found

    def instances(self, **values: Any) -> Iterable[Any]:
        """The rows as objects of the model with their annotations, deferred fields left out; one query."""
        using = router.db_for_read(self._model)
        rows = self.rows(**values)
        statement = self._statement(using, values)
        if statement is None:
            return
        names = list(statement.fields.values())
        for row in rows:
            found = self._model.from_db(using, names, [row[place] for place in statement.fields])
            for name, place in statement.annotations.items():
                setattr(found, name, row[place])
            yield found

    def _statement(self, using: str, values: dict[str, Any]) -> _Statement | None:
        sizes = tuple(-(-len(one) // _STEP) for one in values.values() if isinstance(one, list))
        key = (using, *sizes)
        if key not in self._statements:
            self._statements[key] = self._compiled(using, values)
        return self._statements[key]

    def _compiled(self, using: str, values: dict[str, Any]) -> _Statement | None:
        """What the compiler says of values of this size; None where nothing can be found."""
        slots = {name: _slots(name, values[name], field) for name, field in self._fields.items()}
        query = self._build(**slots).query
        compiler = query.get_compiler(using)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        selected = [column for column, _sql, _alias in compiler.select]
        own = compiler.klass_info["select_fields"] if compiler.klass_info else []
        fields = {place: selected[place].target.attname for place in own}
        annotations = dict(compiler.annotation_col_map)
        return _Statement(query, sql, tuple(parameters), selected, fields, annotations)


def _slots(name: str, value: Any, field: Any) -> Slot | list[Slot]:
    if not isinstance(value, list):
        return Slot(name, None, field)
    return [Slot(name, place, field) for place in range(-(-len(value) // _STEP) * _STEP)]
