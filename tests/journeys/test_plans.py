"""What an answered step, a history page and a caseload ask of the database is found by an index, whatever
others have stored: each database itself says how it runs every statement of theirs, while it runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.rows import Patient
from bot.store.prepared import Prepared
from tests.journeys.clinic import Clinic

OF_A_PROGRAM = {"staff", "duty", "leave", "drill", "pulse", "pace"}
"""Tables that grow with the staff, not with patients or their answers: to read them whole is no harm."""
OF_WHAT_WAITS = {"ix_inbox_waiting", "ix_outbox_due", "ix_outbox_chat"}
"""Indexes that hold nothing but what is still to be done: to walk one from end to end is no harm either."""


class Plans:
    """Each statement that was run, and the tables of which every row would be read for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.whole: dict[str, set[str]] = {}
        for name in ("rows", "change"):
            monkeypatch.setattr(Prepared, name, self._spied(getattr(Prepared, name)))

    def _spied(self, run: Any) -> Any:
        def spied(prepared: Prepared, connection: Any, values: Any) -> Any:
            assert prepared._direct
            if not prepared._sql.startswith("INSERT"):
                bound = prepared._bound(values)
                cursor = connection.connection.cursor()
                look = _on_sqlite if prepared._by_place else _on_postgresql
                self.whole[prepared._sql] = set(look(cursor, prepared._sql, bound)) - OF_A_PROGRAM
                cursor.close()
            return run(prepared, connection, values)

        return spied

    def taken(self) -> dict[str, set[str]]:
        taken, self.whole = self.whole, {}
        return taken


def _on_sqlite(cursor: Any, statement: str, bound: Any) -> Iterator[str]:
    for *_, step in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", bound).fetchall():
        words = step.split()
        if words[0] == "SCAN" and words[1:] != ["CONSTANT", "ROW"] and not OF_WHAT_WAITS & set(words):
            yield words[1]


def _on_postgresql(cursor: Any, statement: str, bound: Any) -> Iterator[str]:
    """With so few rows it would rather read them all: it is asked for what it could do."""
    cursor.execute("SET LOCAL enable_seqscan = off")
    ((plan,),) = cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", bound).fetchall()
    cursor.execute("SET LOCAL enable_seqscan = on")
    yield from _read_whole(plan[0]["Plan"])


def _read_whole(node: dict[str, Any]) -> Iterator[str]:
    below = node.get("Plans", [])
    of_what_waits = node.get("Index Name") in OF_WHAT_WAITS
    if not below and "Relation Name" in node and "Index Cond" not in node and not of_what_waits:
        yield node["Relation Name"]
    if node["Node Type"] == "Bitmap Index Scan" and "Index Cond" not in node and not of_what_waits:
        yield node["Index Name"]
    for one in below:
        yield from _read_whole(one)


async def test_a_step_a_history_page_and_a_caseload_read_no_table_whole(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = each_clinic
    await clinic.seed(patients=2)
    await clinic.say(clinic.sam, "Work was fine and my sister called.")
    await clinic.walk(clinic.sam)
    plans = Plans(monkeypatch)
    for phone, act in (
        (clinic.sam, "I cooked a proper meal today and went to bed early."),
        (clinic.sam, "/checkin"),
        (clinic.sam, "/history"),
        (clinic.dana, "/caseload"),
    ):
        await clinic.say(phone, act)
        taken = plans.taken()
        assert len(taken) > 3, act
        assert not {statement: whole for statement, whole in taken.items() if whole}, act
    await clinic.give(clinic.sam, "5")
    assert not any(plans.taken().values())


async def test_while_nothing_is_due_no_tick_reads_a_table_whole(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = each_clinic.app
    await each_clinic.seed(patients=2)
    plans = Plans(monkeypatch)
    for tick in (app.tick, app._catch_up, app._sweep, app.lookout.beat, app.lookout.look):
        await tick()
        assert not {statement: whole for statement, whole in plans.taken().items() if whole}, tick


async def test_a_question_without_an_index_is_seen_to_read_a_table_whole(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the law above looks for can be found."""
    await each_clinic.seed()
    plans = Plans(monkeypatch)
    await each_clinic.app.store.read(lambda unit: unit.find(Patient, phase="iop"))
    assert {"patient"} in plans.taken().values()
