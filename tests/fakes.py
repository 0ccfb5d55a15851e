"""Storage made of dictionaries: it passes the same suite as the real one, in a hundredth of the time.

Units run one after another on a copy, which becomes the truth when they return.
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_type_hints

from bot.clock import Clock
from bot.rows import KINDS, SEALED, Outgoing, Patient, Row
from bot.unit import Undone, Work

R = TypeVar("R", bound=Row)
S = TypeVar("S")

LEASE = timedelta(seconds=15)
UNIQUE: dict[str, tuple[str, ...]] = {
    "Staff": ("code", "chat_hash"),
    "Patient": ("code", "chat_hash"),
    "Token": ("digest",),
    "Record": ("session_id",),
    "Flag": ("cause",),
    "Nudge": ("slot",),
    "Outgoing": ("cause",),
    "Incoming": ("key",),
    "Pulse": ("name",),
    "Pace": ("name",),
}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "not": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_SEALED: dict[type[Any], set[str]] = {
    kind: {
        name
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if SEALED in getattr(hint, "__metadata__", ())
    }
    for kind in KINDS
}


class Duplicate(Exception):
    """A row with this unique key is there."""


class Unreadable(Exception):
    """The key of what was sealed is gone."""


class FakeUnit:
    """See `bot.unit.Unit`."""

    def __init__(
        self,
        rows: dict[type[Any], dict[int, Any]],
        forgotten: set[int],
        now: datetime,
        new_id: Callable[[], int],
        owner: int | None,
    ) -> None:
        self.rows = rows
        self.forgotten = forgotten
        self.now = now
        self.new_id = new_id
        self.owner = owner
        self.lease = now + LEASE
        self.posted: list[Outgoing] = []

    def new_token(self) -> str:
        return f"token-{self.new_id()}"

    def digest(self, secret: int | str) -> bytes:
        return hashlib.sha256(str(secret).encode()).digest()[:16]

    def add(self, row: Row) -> None:
        if not self.add_once(row):
            raise Duplicate(type(row).__name__)

    def add_once(self, row: Row) -> bool:
        if self._taken(row):
            return False
        if any(
            isinstance(at, datetime) and at.tzinfo is None for at in map(row.__getattribute__, _names(row))
        ):
            raise ValueError("a naive datetime has no place in the database")
        kind = type(row)
        sealed = {name: self._sealed(row, getattr(row, name)) for name in _SEALED[kind]}
        self.rows.setdefault(kind, {})[row.id] = replace(row, **sealed)
        if isinstance(row, Outgoing):
            self.posted.append(row)
        return True

    def add_all(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.add(row)

    def get(self, kind: type[R], id: int) -> R | None:
        return self.one(kind, id=id)

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
        return [self._opened(row) for row in self._sorted(kind, order, where)[:limit]]

    def values(
        self, kind: type[Row], /, *names: str, order: str = "id", limit: int | None = None, **where: Any
    ) -> list[tuple[Any, ...]]:
        if _SEALED[kind].intersection(names):
            raise ValueError("sealed columns are read with their row")
        found = self._sorted(kind, order, where)[:limit]
        return [tuple(getattr(row, name) for name in names) for row in found]

    def count(self, kind: type[Row], /, **where: Any) -> int:
        return len(self._matching(kind, where))

    def holds(self, *looks: tuple[type[Row], dict[str, Any]]) -> list[bool]:
        asked: dict[str, Any] = {}
        for _, where in looks:
            bound = {name: value for name, value in where.items() if name != "state"}
            if any(asked.setdefault(name, value) != value for name, value in bound.items()):
                raise ValueError("one condition, two values")
        return [bool(self._matching(kind, where)) for kind, where in looks]

    def change(self, row: R, **changes: Any) -> R:
        kind = type(row)
        if row.id in self.rows.get(kind, {}):
            kept = self.rows[kind][row.id]
            stored = {
                name: self._sealed(row, value) if name in _SEALED[kind] else value
                for name, value in changes.items()
            }
            changed = replace(kept, **stored)
            if self._taken(changed, but=row.id):
                raise Duplicate(kind.__name__)
            self.rows[kind][row.id] = changed
        return replace(row, **changes)

    def change_all(self, rows: Sequence[Row], /, **fields: Sequence[Any]) -> None:
        for row, *values in zip(rows, *fields.values(), strict=True):
            self.change(row, **dict(zip(fields, values, strict=True)))

    def remove(self, kind: type[Row], /, **where: Any) -> int:
        gone = self._matching(kind, where)
        for row in gone:
            del self.rows[kind][row.id]
        return len(gone)

    def apart(self, work: Callable[[], S]) -> S:
        before = {kind: dict(kept) for kind, kept in self.rows.items()}
        posted, forgotten = len(self.posted), set(self.forgotten)
        try:
            return work()
        except Exception as error:
            self.rows, self.forgotten = before, forgotten
            del self.posted[posted:]
            raise Undone from error

    def lock(self, chat_hash: bytes) -> None:
        """Units run one after another here."""

    def forget(self, patient_id: int) -> None:
        self.forgotten.add(patient_id)

    def _taken(self, row: Row, but: int | None = None) -> bool:
        kept = self.rows.get(type(row), {})
        if row.id in kept and row.id != but:
            return True
        for name in UNIQUE.get(type(row).__name__, ()):
            value = getattr(row, name)
            if value is not None and any(
                getattr(other, name) == value for other in kept.values() if other.id != but
            ):
                return True
        return False

    def _sorted(self, kind: type[Any], order: str, where: dict[str, Any]) -> list[Any]:
        found = self._matching(kind, where)
        for name in reversed(order.split()):
            found.sort(key=operator.attrgetter(name.removeprefix("-")), reverse=name.startswith("-"))
        return found

    def _matching(self, kind: type[Any], where: dict[str, Any]) -> list[Any]:
        tests = [_test(kind, key, value) for key, value in where.items()]
        return [row for row in self.rows.get(kind, {}).values() if all(test(row) for test in tests)]

    def _sealed(self, row: Row, value: Any) -> Any:
        if value is not None and _owner(row) in self.forgotten:
            raise Unreadable
        return json.loads(json.dumps(value))

    def _opened(self, row: R) -> R:
        sealed = _SEALED[type(row)]
        if _owner(row) in self.forgotten and any(getattr(row, name) is not None for name in sealed):
            raise Unreadable
        fresh = {name: json.loads(json.dumps(getattr(row, name))) for name in sealed}
        return replace(row, **fresh) if fresh else row


def _names(row: Row) -> list[str]:
    return [field.name for field in fields(row)]


def _owner(row: Row) -> int:
    return row.id if isinstance(row, Patient) else getattr(row, "patient_id", None) or 0


def _test(kind: type[Any], key: str, wanted: Any) -> Callable[[Any], bool]:
    """One condition as SQL judges it: what is unknown equals nothing and differs from nothing."""
    name, _, how = key.partition("__")
    sealed = name in _SEALED[kind] and wanted is not None
    if sealed or name not in {field.name for field in fields(kind)} or how not in COMPARE:
        raise ValueError(f"cannot be searched: {key}")
    if wanted is None:
        return lambda row: (getattr(row, name) is None) is (how != "not")
    if type(wanted) is tuple:
        return lambda row: getattr(row, name) is not None and (getattr(row, name) in wanted) is (how != "not")
    compare = COMPARE[how]
    return lambda row: getattr(row, name) is not None and compare(getattr(row, name), wanted)


class FakeStorage:
    """See `bot.unit.Storage`. `fail` is raised by units while it is set, as a broken database would."""

    def __init__(self, clock: Clock, owner: int = 1, beside: FakeStorage | None = None) -> None:
        """`beside`: another process's storage, whose rows these are too."""
        self.clock = clock
        self.owner = owner
        self.units = 0
        self.fail: Exception | None = None
        self._truth: dict[str, Any] = beside._truth if beside else {"rows": {}, "forgotten": set(), "id": 0}
        self._listeners: list[Callable[[list[Outgoing]], None]] = []

    async def write(self, work: Work[S], *, urgent: bool = False) -> S:
        if self.fail is not None:
            raise self.fail
        self.units += 1
        unit = self._unit()
        result = work(unit)
        self._truth["rows"], self._truth["forgotten"] = unit.rows, unit.forgotten
        if unit.posted:
            for listener in self._listeners:
                listener(unit.posted)
        return result

    async def read(self, work: Work[S]) -> S:
        if self.fail is not None:
            raise self.fail
        return work(self._unit())

    def on_posted(self, listener: Callable[[list[Outgoing]], None]) -> None:
        self._listeners.append(listener)

    async def close(self) -> None: ...

    def _unit(self) -> FakeUnit:
        copy = {kind: dict(kept) for kind, kept in self._truth["rows"].items()}
        return FakeUnit(copy, set(self._truth["forgotten"]), self.clock.now(), self._new_id, self.owner)

    def _new_id(self) -> int:
        made = int(self.clock.now().timestamp() * 1000) << 20
        self._truth["id"] = max(made, self._truth["id"] + 1)
        return int(self._truth["id"])
