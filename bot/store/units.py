"""`Unit` over one SQLAlchemy connection: Core statements, built once and kept.

The path of an answer runs through here, so every statement is compiled the first time its shape is
seen and only bound afterwards. Sealing and opening happen here and nowhere else.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    Executable,
    Integer,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)

from bot.rows import Outgoing, Patient, Row
from bot.store import tables
from bot.store.columns import COLUMNS, GIVEN, OWNER_AT, SEALED_IN, TABLE, owner_of, place_of
from bot.store.prepared import Prepared
from bot.store.statements import PLACES, Shape, Statements, bindings, clauses, shape_of
from bot.store.vault import HOUSE, Vault
from bot.unit import Undone

R = TypeVar("R", bound=Row)
S = TypeVar("S")

LEASE = timedelta(seconds=15)
_data_key: Table = tables.DataKey.__table__  # type: ignore[attr-defined]


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
        statement = self._statements.kept(("add", kind), lambda: self._statements.add(TABLE[kind]))
        statement.change(self._connection, self._sealed(row))
        self._note(row)

    def add_once(self, row: Row) -> bool:
        kind = type(row)
        statement = self._statements.kept(("add_once", kind), lambda: self._statements.add_once(TABLE[kind]))
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
        statement = self._statements.kept(("add", kind), lambda: self._statements.add(TABLE[kind]))
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
        if sealed := SEALED_IN[kind].intersection(names):
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
        shape = shape_of(where)

        def build() -> Executable:
            table = TABLE[kind]
            statement = select(*(table.c[name] for name in names or COLUMNS[kind]))
            for clause in clauses(table, shape, SEALED_IN[kind]):
                statement = statement.where(clause)
            for name in order.split():
                column = table.c[name.removeprefix("-")]
                statement = statement.order_by(column.desc() if name.startswith("-") else column)
            if limit is not None:
                statement = statement.limit(bindparam("w_limit", type_=Integer()))
            return statement.with_for_update(skip_locked=True) if claim else statement

        statement = self._statements.kept(("find", kind, names, shape, order, limit is None, claim), build)
        bound = bindings(where)
        if limit is not None:
            bound["w_limit"] = limit
        return statement.rows(self._connection, bound)

    def count(self, kind: type[Row], /, **where: Any) -> int:
        shape = shape_of(where)
        statement = self._statements.kept(
            ("count", kind, shape),
            lambda: (
                select(func.count())
                .select_from(TABLE[kind])
                .where(*clauses(TABLE[kind], shape, SEALED_IN[kind]))
            ),
        )
        return int(statement.rows(self._connection, bindings(where))[0][0])

    def holds(self, *looks: tuple[type[Row], dict[str, Any]]) -> list[bool]:
        shape = tuple((kind, shape_of(where)) for kind, where in looks)
        bound: dict[str, Any] = {}
        for _, where in looks:
            if any(bound.setdefault(name, value) != value for name, value in bindings(where).items()):
                raise ValueError("one condition, two values")

        def build() -> Executable:
            return select(
                *(
                    exists(1)
                    .select_from(TABLE[kind])
                    .where(*clauses(TABLE[kind], one, SEALED_IN[kind]))
                    .label(f"look_{at}")
                    for at, (kind, one) in enumerate(shape)
                )
            )

        statement = self._statements.kept(("holds", shape), build)
        [found] = statement.rows(self._connection, bound)
        return [bool(one) for one in found]

    def change(self, row: R, **changes: Any) -> R:
        kind = type(row)
        self._changing(kind, tuple(changes)).change(self._connection, self._changed(row, changes))
        return _made(kind, {**vars(row), **changes})

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
            table = TABLE[kind]
            return (
                update(table)
                .where(table.c.id == bindparam("w_id"))
                .values({name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names})
            )

        return self._statements.kept(("change", kind, names), build)

    def _changed(self, row: Row, changes: dict[str, Any]) -> dict[str, Any]:
        sealed = SEALED_IN[type(row)]
        bound: dict[str, Any] = {"w_id": row.id}
        for name, value in changes.items():
            bound[f"v_{name}"] = self._seal(row, name, value) if name in sealed else value
        return bound

    def remove(self, kind: type[Row], /, **where: Any) -> int:
        shape = shape_of(where)
        statement = self._statements.kept(
            ("remove", kind, shape),
            lambda: delete(TABLE[kind]).where(*clauses(TABLE[kind], shape, SEALED_IN[kind])),
        )
        return statement.change(self._connection, bindings(where))

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
        place = OWNER_AT[kind]
        if place is None:
            return
        missing = self._vault.missing({one[place] or HOUSE for one in found})
        for start in range(0, len(missing), PLACES):
            where = {"owner": tuple(missing[start : start + PLACES])}
            shape = shape_of(where)
            statement = self._statements.kept(("keys", shape), partial(_keys, shape))
            for owner, wrapped in statement.rows(self._connection, bindings(where)):
                self._vault.hold(owner, bytes(wrapped))

    def _note(self, row: Row) -> None:
        if isinstance(row, Outgoing):
            self.posted.append(row)

    def _seal(self, row: Row, name: str, value: Any) -> bytes | None:
        if value is None:
            return None
        return self._vault.seal(owner_of(row), place_of(type(row), name, row.id), value)

    def _sealed(self, row: Row) -> dict[str, Any]:
        return {
            bound: self._seal(row, name, getattr(row, name)) if sealed else getattr(row, name)
            for name, bound, sealed in GIVEN[type(row)]
        }

    def _opened(self, kind: type[R], found: Any) -> R:
        columns = COLUMNS[kind]
        values = dict(zip(columns, found, strict=True))
        sealed = SEALED_IN[kind]
        if sealed:
            place = OWNER_AT[kind]
            owner = HOUSE if place is None else found[place] or HOUSE
            for name in sealed:
                if values[name] is not None:
                    values[name] = self._vault.open(owner, place_of(kind, name, values["id"]), values[name])
        return _made(kind, values)


def _made(kind: type[R], values: dict[str, Any]) -> R:
    """A row of all its columns: a frozen dataclass sets them one by one, which takes ten times as long."""
    row = object.__new__(kind)
    vars(row).update(values)
    return row


def _keys(shape: Shape) -> Executable:
    where = clauses(_data_key, shape, frozenset())
    return select(_data_key.c.owner, _data_key.c.wrapped).where(*where)


_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
