"""A statement of SQLAlchemy's, compiled once and then run on the driver's own cursor.

SQLAlchemy writes the SQL and converts the values, by the types that the tables declare; only its
machinery for each execution is left out. That costs some 70 microseconds a statement, ten times what
SQLite itself takes, and an answered step has a dozen statements.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.sql.base import Executable

from bot.store import tables

Convert = Callable[[Any], Any]


class Prepared:
    """One statement for one dialect. A list of any length (`expanding`) changes the SQL: the long way."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        self._statement = statement
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self._direct = not any(bind.expanding for bind in compiled.binds.values())
        if not self._direct:
            return
        self._sql = str(compiled)
        self._order: list[str] | None = compiled.positiontup if compiled.positional else None
        self._into: dict[str, Convert | None] = {
            name: _convert(bind.type, dialect) for name, bind in compiled.binds.items()
        }
        self._fixed = {
            name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required
        }
        # psycopg hands out Python's own types; SQLite knows no dates, instants or booleans.
        columns: list[Any] = []
        if isinstance(statement, Select) and dialect.name == "sqlite":
            columns = list(statement.selected_columns)
        self._out: list[tuple[int, Convert]] = []
        for place, column in enumerate(columns):
            convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if convert is not None:
                self._out.append((place, convert))

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """What a SELECT finds, each row a sequence of the columns' Python values."""
        if not self._direct:
            return list(connection.execute(self._statement, values))
        cursor = self._run(connection, values)
        try:
            found = cursor.fetchall()
        finally:
            cursor.close()
        if not self._out:
            return list(found)
        made = []
        for row in found:
            converted = list(row)
            for place, convert in self._out:
                converted[place] = convert(converted[place])
            made.append(converted)
        return made

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run an INSERT, UPDATE or DELETE; the number of rows."""
        if not self._direct:
            return int(connection.execute(self._statement, values).rowcount)
        cursor = self._run(connection, values)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        into = self._into
        bound = dict(self._fixed)
        for name, value in values.items():
            convert = into[name]
            bound[name] = value if convert is None else convert(value)
        cursor = connection.connection.cursor()
        try:
            if self._order is None:
                cursor.execute(self._sql, bound)
            else:
                cursor.execute(self._sql, [bound[name] for name in self._order])
        except BaseException:
            cursor.close()
            raise
        return cursor


_instants: dict[str, Convert] = {}


def _convert(kind: Any, dialect: Dialect) -> Convert | None:
    """How a value is bound. Instants come many times over, since a unit has one `now`: they are kept."""
    convert: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    if convert is None or not isinstance(kind, tables.Instant):
        return convert
    return _instants.setdefault(dialect.name, lru_cache(maxsize=256)(convert))
