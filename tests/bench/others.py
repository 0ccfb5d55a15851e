"""Stored days of other patients, by the hundred thousand answers: copies of a day that somebody really had.

A day is two free messages, a check-in and a reminder. What is sealed in the copies nobody opens. As the bot's
housekeeping leaves it, outbox and redelivery keys lie there of the last eight days only.
"""

import re
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

DAYS = 30
RECENT = 8
KEPT = ("session", "answer", "record", "reading", "message", "nudge")
FORGOTTEN = ("outbox", "inbox")
_COUNSELOR = 1
"""An id that is no counselor's: these patients are on nobody's caseload."""
_FIRST_ID = 1 << 40
_APART = 1000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?")
_NUDGE = {"kind": "evening", "outcome": "sent", "session_id": None}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grown:
    """What was added: answers, days of a patient, and bytes that stay and that go again after eight days."""

    answers: int
    days: int
    kept: int
    forgotten: int


def add(file: Path, answers: int) -> Grown:
    """Copy the day of the first patient in the database until others have so many answers."""
    database = sqlite3.connect(file)
    database.row_factory = sqlite3.Row
    (donor,) = database.execute("SELECT * FROM patient ORDER BY id LIMIT 1")
    day = {table: _rows(database, table, donor) for table in (*KEPT, *FORGOTTEN)}
    day["nudge"] = [_nudge(day["session"][0])]
    each = len(day["answer"])
    days = min(DAYS, -(-answers // each))
    people = [_patient(dict(donor), place) for place in range(-(-answers // each // days))]
    _insert(database, "patient", iter(people))
    ids = iter(range(_FIRST_ID, 1 << 60, _APART))
    sizes = [_size(database)]
    for tables, back in ((KEPT, days), (FORGOTTEN, min(days, RECENT))):
        for table in tables:
            _insert(database, table, _copies(day, table, people, back, ids))
        sizes.append(_size(database))
    database.close()
    return Grown(each * days * len(people), days * len(people), sizes[1] - sizes[0], sizes[2] - sizes[1])


def _rows(database: sqlite3.Connection, table: str, donor: sqlite3.Row) -> list[Row]:
    column = "chat_hash" if table == "inbox" else "patient_id"
    whose = donor["chat_hash" if table == "inbox" else "id"]
    found = database.execute(f'SELECT * FROM "{table}" WHERE {column} = ? ORDER BY id', (whose,))
    return [dict(row) for row in found]


def _nudge(session: Row) -> Row:
    at = session["opened_at"]
    return {**_NUDGE, "id": 0, "patient_id": 0, "slot": "", "local_date": at[:10], "at": at}


def _patient(donor: Row, place: int) -> Row:
    return donor | {
        "id": _FIRST_ID // 2 + place,
        "code": f"P-X{place:07}",
        "counselor_id": _COUNSELOR,
        "backup_id": None,
        "chat_hash": secrets.token_bytes(len(donor["chat_hash"])),
    }


def _copies(
    day: dict[str, list[Row]], table: str, people: list[Row], days: int, ids: Iterator[int]
) -> Iterator[Row]:
    """Day by day, as the rows would have come."""
    sessions = {row["id"]: place for place, row in enumerate(day["session"])}
    for back in range(days, 0, -1):
        for person in people:
            for row in day[table]:
                made = {name: _earlier(value, back) for name, value in row.items()}
                made["id"] = next(ids)
                if "patient_id" in made:
                    made["patient_id"] = person["id"]
                if "chat_hash" in made:
                    made["chat_hash"] = person["chat_hash"]
                if table == "session":
                    made["id"] = _session(person, back, sessions[row["id"]])
                elif row.get("session_id") is not None:
                    made["session_id"] = _session(person, back, sessions[row["session_id"]])
                for unique, length in (("slot", 12), ("cause", 12), ("key", 16)):
                    if made.get(unique) is not None and (table, unique) != ("answer", "key"):
                        blob = isinstance(row[unique], bytes)
                        made[unique] = secrets.token_bytes(length) if blob else secrets.token_hex(length)
                yield made


def _session(person: Row, back: int, place: int) -> int:
    """Its id: in one range, growing with time."""
    whose: int = person["id"] - _FIRST_ID // 2
    return (1 << 59) + ((DAYS - back) << 40) + whose * 8 + place


@lru_cache(maxsize=65536)
def _earlier(value: Any, days: int) -> Any:
    if not (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    moved = datetime.fromisoformat(value) - timedelta(days=days)
    return f"{moved:%Y-%m-%d}" if len(value) == 10 else f"{moved:%Y-%m-%d %H:%M:%S.%f}"


def _insert(database: sqlite3.Connection, table: str, rows: Iterator[Row]) -> None:
    first = next(rows, None)
    if first is None:
        return
    names = ", ".join(f'"{name}"' for name in first)
    places = ", ".join(f":{name}" for name in first)
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({places})'
    database.execute(statement, first)
    database.executemany(statement, rows)
    database.commit()


def _size(database: sqlite3.Connection) -> int:
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    return int(pages * size)
