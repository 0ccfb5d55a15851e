"""`Unit` over one SQLAlchemy connection: Core statements, built once and kept.

The path of an answer runs through here, so every statement is compiled the first time its shape is
seen and only bound afterwards. Sealing and opening happen here and nowhere else.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast, get_type_hints

import sqlalchemy.exc
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Integer,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.rows import KINDS, SEALED, Outgoing, Patient, Row
from bot.store import tables
from bot.store.prepared import Prepared
from bot.store.vault import HOUSE, Vault
from bot.unit import Undone

R = TypeVar("R", bound=Row)
S = TypeVar("S")

_TABLE: dict[type[Any], Table] = {
    kind: table.__table__  # type: ignore[attr-defined]
    for kind, table in tables.OF.items()
}
_COLUMNS: dict[type[Any], tuple[str, ...]] = {kind: tuple(f.name for f in fields(kind)) for kind in KINDS}
_SEALED: dict[type[Any], frozenset[str]] = {
    kind: frozenset(
        name
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if SEALED in getattr(hint, "__metadata__", ())
    )
    for kind in KINDS
}
_GIVEN: dict[type[Any], tuple[tuple[str, str, bool], ...]] = {
    kind: tuple((name, f"v_{name}", name in _SEALED[kind]) for name in _COLUMNS[kind]) for kind in KINDS
}
"""Each column's name, the name that its value is bound by, and whether it is sealed."""
_OWNED: frozenset[type[Any]] = frozenset(kind for kind in KINDS if "patient_id" in _COLUMNS[kind])
_OWNER_AT: dict[type[Any], int | None] = {
    kind: _COLUMNS[kind].index("id" if kind is Patient else "patient_id")
    if _SEALED[kind] and (kind is Patient or kind in _OWNED)
    else None
    for kind in KINDS
}
"""Where in a row stands whose key its sealed columns are under; None: the house's."""
LEASE = timedelta(seconds=15)
_NONE, _ONE = "none", "one"
_STATE = "state"
"""Written into the SQL: the partial indexes on a state are only found by it, and where it is bound instead,
SQLite plans the statement anew at every execution, which costs five times the look-up."""
_PLACES = 256
Shape = tuple[tuple[str, str | int], ...]
"""What is asked of each column: `_NONE`, `_ONE`, one of so many values (0: any number, the long way), or,
of a state, which."""
_data_key: Table = tables.DataKey.__table__  # type: ignore[attr-defined]


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


def _shape(where: dict[str, Any]) -> Shape:
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
    return 1 << (count - 1).bit_length() if 0 < count <= _PLACES else 0


def _clauses(table: Table, shape: Shape, sealed: frozenset[str]) -> list[ColumnElement[bool]]:
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


def _bound(where: dict[str, Any]) -> dict[str, Any]:
    bound: dict[str, Any] = {}
    for key, value in where.items():
        if type(value) is tuple and (room := _room(len(value))):
            for place in range(room):
                bound[f"w_{key}_{place}"] = value[min(place, len(value) - 1)]
        elif value is not None and key != _STATE:
            bound[f"w_{key}"] = value
    return bound


class SqlUnit:
    """See `bot.unit.Unit` for what each method promises."""

    def __init__(
        self,
        connection: Connection,
        statements: Statements,
        vault: Vault,
        now: datetime,
        new_id: Callable[[], int],
        owner: int | None = None,
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._vault = vault
        self.now = now
        self.new_id = new_id
        self.owner = owner
        self.lease = now + LEASE
        self.posted: list[Outgoing] = []

    def new_token(self) -> str:
        return secrets.token_urlsafe(16)

    def digest(self, secret: int | str) -> bytes:
        return self._vault.digest(secret)

    def add(self, row: Row) -> None:
        self._key_for(row)
        kind = type(row)
        statement = self._statements.kept(("add", kind), lambda: self._statements.add(_TABLE[kind]))
        statement.change(self._connection, self._sealed(row))
        self._note(row)

    def add_once(self, row: Row) -> bool:
        kind = type(row)
        statement = self._statements.kept(("add_once", kind), lambda: self._statements.add_once(_TABLE[kind]))
        added = statement.change(self._connection, self._sealed(row)) == 1
        if added:
            self._note(row)
        return added

    def add_all(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        kind = type(rows[0])
        for row in rows:
            self._key_for(row)
        statement = self._statements.kept(("add", kind), lambda: self._statements.add(_TABLE[kind]))
        statement.change_each(self._connection, map(self._sealed, rows))
        for row in rows:
            self._note(row)

    def get(self, kind: type[R], id: int) -> R | None:
        # An id may come from a button that somebody made up: no row has one that no column can hold.
        return self.one(kind, id=id) if 0 <= id < 1 << 63 else None

    def one(self, kind: type[R], /, **where: Any) -> R | None:
        found = self.find(kind, limit=1, **where)
        return found[0] if found else None

    def find(
        self,
        kind: type[R],
        /,
        *,
        order: str = "id",
        limit: int | None = None,
        claim: bool = False,
        **where: Any,
    ) -> list[R]:
        found = self._select(kind, None, order, limit, claim, where)
        self._fetch_keys(kind, found)
        return [self._opened(kind, one) for one in found]

    def values(
        self, kind: type[Row], /, *names: str, order: str = "id", limit: int | None = None, **where: Any
    ) -> list[tuple[Any, ...]]:
        if sealed := _SEALED[kind].intersection(names):
            raise ValueError(f"sealed columns are read with their row: {', '.join(sealed)}")
        return [tuple(found) for found in self._select(kind, names, order, limit, False, where)]

    def _select(
        self,
        kind: type[Any],
        names: tuple[str, ...] | None,
        order: str,
        limit: int | None,
        claim: bool,
        where: dict[str, Any],
    ) -> list[Any]:
        """Rows as they lie; `names` None: every column."""
        shape = _shape(where)

        def build() -> Executable:
            table = _TABLE[kind]
            statement = select(*(table.c[name] for name in names or _COLUMNS[kind]))
            for clause in _clauses(table, shape, _SEALED[kind]):
                statement = statement.where(clause)
            for name in order.split():
                column = table.c[name.removeprefix("-")]
                statement = statement.order_by(column.desc() if name.startswith("-") else column)
            if limit is not None:
                statement = statement.limit(bindparam("w_limit", type_=Integer()))
            return statement.with_for_update(skip_locked=True) if claim else statement

        statement = self._statements.kept(("find", kind, names, shape, order, limit is None, claim), build)
        bound = _bound(where)
        if limit is not None:
            bound["w_limit"] = limit
        return statement.rows(self._connection, bound)

    def count(self, kind: type[Row], /, **where: Any) -> int:
        shape = _shape(where)
        statement = self._statements.kept(
            ("count", kind, shape),
            lambda: (
                select(func.count())
                .select_from(_TABLE[kind])
                .where(*_clauses(_TABLE[kind], shape, _SEALED[kind]))
            ),
        )
        return int(statement.rows(self._connection, _bound(where))[0][0])

    def change(self, row: R, **changes: Any) -> R:
        kind = type(row)
        self._changing(kind, tuple(changes)).change(self._connection, self._changed(row, changes))
        changed = {name: getattr(row, name) for name in _COLUMNS[kind]} | changes
        return kind(**changed)

    def change_all(self, rows: Sequence[Row], /, **fields: Sequence[Any]) -> None:
        if not rows:
            return
        names = tuple(fields)
        many = [
            self._changed(row, dict(zip(names, values, strict=True)))
            for row, *values in zip(rows, *fields.values(), strict=True)
        ]
        self._changing(type(rows[0]), names).change_each(self._connection, many)

    def _changing(self, kind: type[Any], names: tuple[str, ...]) -> Prepared:
        def build() -> Executable:
            table = _TABLE[kind]
            return (
                update(table)
                .where(table.c.id == bindparam("w_id"))
                .values({name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names})
            )

        return self._statements.kept(("change", kind, names), build)

    def _changed(self, row: Row, changes: dict[str, Any]) -> dict[str, Any]:
        sealed = _SEALED[type(row)]
        bound: dict[str, Any] = {"w_id": row.id}
        for name, value in changes.items():
            bound[f"v_{name}"] = self._seal(row, name, value) if name in sealed else value
        return bound

    def remove(self, kind: type[Row], /, **where: Any) -> int:
        shape = _shape(where)
        statement = self._statements.kept(
            ("remove", kind, shape),
            lambda: delete(_TABLE[kind]).where(*_clauses(_TABLE[kind], shape, _SEALED[kind])),
        )
        return statement.change(self._connection, _bound(where))

    def apart(self, work: Callable[[], S]) -> S:
        run = cast(Any, self._connection.connection.driver_connection).execute
        posted = len(self.posted)
        run("SAVEPOINT apart")
        try:
            result = work()
        except self._statements.in_trouble:
            raise
        except Exception as error:
            run("ROLLBACK TO SAVEPOINT apart")
            run("RELEASE SAVEPOINT apart")
            del self.posted[posted:]
            raise Undone from error
        run("RELEASE SAVEPOINT apart")
        return result

    def lock(self, chat_hash: bytes) -> None:
        if self._statements.dialect == "postgresql":
            number = int.from_bytes(chat_hash[:8], "big", signed=True)
            self._connection.execute(_LOCK, {"number": number})

    def forget(self, patient_id: int) -> None:
        self._connection.execute(delete(_data_key).where(_data_key.c.owner == patient_id))
        self._vault.forget(patient_id)

    def _key_for(self, row: Row) -> None:
        if isinstance(row, Patient):
            wrapped = self._vault.new_key(row.id)
            self._connection.execute(insert(_data_key), {"owner": row.id, "wrapped": wrapped})

    def _fetch_keys(self, kind: type[Any], found: list[Any]) -> None:
        """The keys of all these rows in one look, where one at a time would cost more than the rows."""
        place = _OWNER_AT[kind]
        if place is None:
            return
        missing = self._vault.missing({one[place] or HOUSE for one in found})
        for start in range(0, len(missing), _PLACES):
            where = {"owner": tuple(missing[start : start + _PLACES])}
            shape = _shape(where)
            statement = self._statements.kept(("keys", shape), partial(_keys, shape))
            for owner, wrapped in statement.rows(self._connection, _bound(where)):
                self._vault.hold(owner, bytes(wrapped))

    def _note(self, row: Row) -> None:
        if isinstance(row, Outgoing):
            self.posted.append(row)

    def _seal(self, row: Row, name: str, value: Any) -> bytes | None:
        if value is None:
            return None
        return self._vault.seal(_owner(row), _place(type(row), name, row.id), value)

    def _sealed(self, row: Row) -> dict[str, Any]:
        return {
            bound: self._seal(row, name, getattr(row, name)) if sealed else getattr(row, name)
            for name, bound, sealed in _GIVEN[type(row)]
        }

    def _opened(self, kind: type[R], found: Any) -> R:
        columns = _COLUMNS[kind]
        values = dict(zip(columns, found, strict=True))
        sealed = _SEALED[kind]
        if sealed:
            place = _OWNER_AT[kind]
            owner = HOUSE if place is None else found[place] or HOUSE
            for name in sealed:
                if values[name] is not None:
                    values[name] = self._vault.open(owner, _place(kind, name, values["id"]), values[name])
        return kind(**values)


def _keys(shape: Shape) -> Executable:
    clauses = _clauses(_data_key, shape, frozenset())
    return select(_data_key.c.owner, _data_key.c.wrapped).where(*clauses)


_LOCK = text("SELECT pg_advisory_xact_lock(:number)")


def _owner(row: Row) -> int:
    if isinstance(row, Patient):
        return row.id
    return getattr(row, "patient_id", None) or HOUSE


_PLACES_OF: dict[tuple[type[Any], str], bytes] = {
    (kind, name): f"{_TABLE[kind].name}.{name}:".encode() for kind in KINDS for name in _SEALED[kind]
}


def _place(kind: type[Any], name: str, id: int) -> bytes:
    return b"%b%d" % (_PLACES_OF[kind, name], id)
