"""What is asked at every step finds its rows by an index, however many rows others have.

SQLite itself says how it runs each statement, as the store has written it: those of an answered step, of a
history page and of a caseload.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import inbox
from bot.clock import StillClock
from bot.rows import (
    Answer,
    Flag,
    Incoming,
    Message,
    Outgoing,
    Patient,
    Receipt,
    Record,
    Sending,
    Session,
    SessionState,
)
from bot.store.database import Store
from bot.unit import Unit

STEP: list[tuple[type[Any], str, dict[str, Any]]] = [
    (Incoming, "id", {"chat_hash": b"c", "state": Receipt.WAITING}),
    (Incoming, "id", {"key": b"k"}),
    (Outgoing, "id", {"cause": "card:1"}),
    (Patient, "id", {"chat_hash": b"c"}),
    (Session, "id", {"id": 1}),
    (Session, "-touched_at", {"patient_id": 1, "state": SessionState.OPEN}),
    (Session, "-touched_at", {"patient_id": 1, "state": (SessionState.OPEN, SessionState.ASIDE)}),
    (Answer, "id", {"session_id": 1, "superseded_at": None}),
    (Answer, "id", {"patient_id": 1, "message_id": 5, "superseded_at": None}),
    (Session, "-id", {"patient_id": 1}),
    (Message, "-id", {"patient_id": 1}),
    (Record, "-at", {"patient_id": 1, "dialog": "check_in"}),
    (Patient, "id", {"counselor_id": 1}),
    (Flag, "ring_at", {"ring_at__not": None, "closed_at": None}),
    (Outgoing, "id", {"chat_hash": b"c", "lane": 1, "state": Sending.QUEUED}),
]


@pytest.fixture
def seen(sqlite_url: str) -> Store:
    store = Store(sqlite_url, [b"k" * 32], StillClock(datetime(2026, 3, 2, 12, tzinfo=UTC)))
    store.unlock()
    return store


@pytest.mark.parametrize(("kind", "order", "where"), STEP, ids=lambda value: getattr(value, "__name__", None))
async def test_a_step_finds_its_rows_by_an_index(
    seen: Store, kind: type[Any], order: str, where: dict[str, Any]
) -> None:
    steps = plan(seen, lambda unit: unit.find(kind, order=order, limit=8, **where))
    await seen.close()
    assert not any(step.startswith("SCAN") for step in steps), steps
    assert any("INDEX" in step or "PRIMARY KEY" in step for step in steps), steps


async def test_what_is_kept_is_found_without_reading_what_was_done(seen: Store) -> None:
    """It is asked every other second, and eight days of redelivery keys lie beside it."""
    steps = plan(seen, lambda unit: inbox.due(unit, 100))
    await seen.close()
    assert steps == ["SCAN inbox USING INDEX ix_inbox_waiting"]


async def test_a_question_without_an_index_is_seen_to_read_every_row(seen: Store) -> None:
    """The control: what the law above looks for can be found."""
    steps = plan(seen, lambda unit: unit.find(Patient, phase="iop"))
    await seen.close()
    assert any(step.startswith("SCAN") for step in steps), steps


def plan(store: Store, ask: Callable[[Unit], object]) -> list[str]:
    """How SQLite runs the one SELECT of `ask`, in its own words."""
    said: list[str] = []
    with store._engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(said.append)
        ask(store._unit(connection))
        driver.set_trace_callback(None)
        [statement] = [sql for sql in said if sql.startswith("SELECT")]
        return [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}")]
