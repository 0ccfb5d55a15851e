"""What is asked, as a shape without its values, and the statements that are kept by it."""

from collections.abc import Callable
from typing import Any

import sqlalchemy.exc
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Dialect,
    Executable,
    Table,
    bindparam,
    insert,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.prepared import Prepared

_NONE, _ONE = "none", "one"
_STATE = "state"
"""Written into the SQL: the partial indexes on a state are only found by it, and where it is bound instead,
SQLite plans the statement anew at every execution, which costs five times the look-up."""
PLACES = 256
"""How many values one column is compared with by a statement that is kept."""
Shape = tuple[tuple[str, str | int], ...]
"""What is asked of each column: `_NONE`, `_ONE`, one of so many values (0: any number, the long way), or,
of a state, which."""


class Statements:
    """Every statement by its shape, for one database."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect.name
        driver = dialect.loaded_dbapi
        self.in_trouble: tuple[type[Exception], ...] = (
            driver.OperationalError,
            driver.InterfaceError,
            sqlalchemy.exc.OperationalError,
            sqlalchemy.exc.InterfaceError,
        )
        """What is raised when the database fails, or wants the whole unit again (a deadlock)."""
        self._dialect = dialect
        self._kept: dict[Any, Prepared] = {}

    def kept(self, shape: Any, build: Callable[[], Executable]) -> Prepared:
        statement = self._kept.get(shape)
        if statement is None:
            statement = self._kept[shape] = Prepared(build(), self._dialect)
        return statement

    def add(self, table: Table) -> Executable:
        return insert(table).values({column.name: _given(column) for column in table.c})

    def add_once(self, table: Table) -> Executable:
        made = postgresql.insert(table) if self.dialect == "postgresql" else sqlite.insert(table)
        return made.values({column.name: _given(column) for column in table.c}).on_conflict_do_nothing()


def _given(column: Column[Any]) -> BindParameter[Any]:
    return bindparam(f"v_{column.name}", type_=column.type)


def shape_of(where: dict[str, Any]) -> Shape:
    return tuple(
        (
            key,
            _NONE
            if value is None
            else _room(len(value))
            if type(value) is tuple
            else f"{value}"
            if key == _STATE
            else _ONE,
        )
        for key, value in where.items()
    )


def _room(count: int) -> int:
    """Places for so many values: few sizes, so that few statements are kept; the last value fills up."""
    return 1 << (count - 1).bit_length() if 0 < count <= PLACES else 0


def clauses(table: Table, shape: Shape, sealed: frozenset[str]) -> list[ColumnElement[bool]]:
    """The conditions of a shape, with places for `bindings`; ValueError for what cannot be asked."""
    made: list[ColumnElement[bool]] = []
    for key, kind in shape:
        name, _, operator = key.partition("__")
        column = table.c[name]
        if name in sealed and kind != _NONE:
            raise ValueError(f"a sealed column cannot be searched: {key}")
        if kind == _NONE:
            made.append(column.is_not(None) if operator == "not" else column.is_(None))
        elif isinstance(kind, int):
            among: Any = bindparam(f"w_{key}", expanding=True)
            if kind:
                among = [bindparam(f"w_{key}_{place}", type_=column.type) for place in range(kind)]
            made.append(column.not_in(among) if operator == "not" else column.in_(among))
        elif key == _STATE:
            if not kind.isalpha():
                raise ValueError(f"no such state: {kind}")
            made.append(column == literal_column(f"'{kind}'"))
        else:
            value = bindparam(f"w_{key}", type_=column.type)
            match operator:
                case "":
                    made.append(column == value)
                case "not":
                    made.append(column != value)
                case "lt":
                    made.append(column < value)
                case "le":
                    made.append(column <= value)
                case "gt":
                    made.append(column > value)
                case "ge":
                    made.append(column >= value)
                case _:
                    raise ValueError(f"no such comparison: {key}")
    return made


def bindings(where: dict[str, Any]) -> dict[str, Any]:
    """The values that go into the places of a shape."""
    bound: dict[str, Any] = {}
    for key, value in where.items():
        if type(value) is tuple and (room := _room(len(value))):
            for place in range(room):
                bound[f"w_{key}_{place}"] = value[min(place, len(value) - 1)]
        elif value is not None and key != _STATE:
            bound[f"w_{key}"] = value
    return bound
