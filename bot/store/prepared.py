"""A statement of SQLAlchemy's, compiled once and then run on the driver's own cursor.

SQLAlchemy writes the SQL and converts the values, by the types that the tables declare; only its
machinery for each execution is left out. That costs some 70 microseconds a statement, ten times what
SQLite itself takes, and an answered step has a dozen statements.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, LargeBinary, Select
from sqlalchemy.sql.base import Executable

from bot.store import tables

Convert = Callable[[Any], Any]


class Prepared:
    """One statement for one dialect. A list of any length (`expanding`) changes the SQL: the long way."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        self._statement = statement
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        binds = compiled.binds
        self._direct = not any(bind.expanding for bind in binds.values())
        if not self._direct:
            return
        self._sql = str(compiled)
        self._by_place = bool(compiled.positional)
        order = compiled.positiontup if self._by_place else binds
        self._fixed = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        self._into = [(name, _into(binds[name].type, dialect)) for name in order]
        # psycopg hands out Python's own types; SQLite knows no dates, instants or booleans.
        columns: list[Any] = []
        if isinstance(statement, Select) and dialect.name == "sqlite":
            columns = list(statement.selected_columns)
        self._out = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := _out_of(column.type, dialect)) is not None
        ]

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """What a SELECT finds, each row a sequence of the columns' Python values."""
        if not self._direct:
            return list(connection.execute(self._statement, values))
        found = self._run(connection, values).fetchall()
        if not self._out:
            return list(found)
        made = []
        for row in found:
            converted = list(row)
            for place, convert in self._out:
                if converted[place] is not None:
                    converted[place] = convert(converted[place])
            made.append(converted)
        return made

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run an INSERT, UPDATE or DELETE; the number of rows."""
        if not self._direct:
            return int(connection.execute(self._statement, values).rowcount)
        return int(self._run(connection, values).rowcount)

    def change_each(self, connection: Connection, many: Iterable[Mapping[str, Any]]) -> None:
        """Run an INSERT or UPDATE once for each of these values, in one go; never one that is `expanding`."""
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(self._sql, [self._bound(values) for values in many])
        finally:
            cursor.close()

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        cursor = connection.connection.cursor()
        cursor.execute(self._sql, self._bound(values))
        return cursor

    def _bound(self, values: Mapping[str, Any]) -> Any:
        given = {**self._fixed, **values} if self._fixed else values
        if self._by_place:
            return [
                given[name] if convert is None or given[name] is None else convert(given[name])
                for name, convert in self._into
            ]
        return {name: convert(given[name]) if convert else given[name] for name, convert in self._into}


def _into(kind: Any, dialect: Dialect) -> Convert | None:
    """How a value is bound, if not as it is."""
    if isinstance(kind, LargeBinary) and dialect.name == "sqlite":
        return None  # SQLite takes bytes as they are
    convert: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return _kept(("into", dialect.name), kind, convert)


def _out_of(kind: Any, dialect: Dialect) -> Convert | None:
    """How a value is read, if not as it is."""
    if isinstance(kind, LargeBinary) and dialect.name == "sqlite":
        return None
    convert: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return _kept(("out", dialect.name), kind, convert)


_instants: dict[tuple[str, str], Convert] = {}


def _kept(way: tuple[str, str], kind: Any, convert: Convert | None) -> Convert | None:
    """Instants come many times over, since a unit has one `now` and a person one beginning: they are kept."""
    if convert is None or not isinstance(kind, tables.Instant):
        return convert
    return _instants.setdefault(way, lru_cache(maxsize=4096)(convert))
