"""What a unit of work promises, on SQLite, on PostgreSQL, and on the fake that tests use instead."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from bot.clock import SettableClock
from bot.outbox import Address, Lane, a_row, say
from bot.rows import Audit, Flag, Message, Nudge, Outgoing, Patient, Pulse, Reading, Record, Row
from bot.store.database import Store
from bot.store.vault import Sealless
from bot.unit import Undone, Unit
from tests.fakes import Duplicate, Unreadable
from tests.store.conftest import AnyStorage

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
WORDS = {"said": "I am <b>tired</b> & done 😀", "list": [1, None, "x"]}


def a_patient(unit: Unit, code: str = "P-1", **more: Any) -> Patient:
    patient = Patient(
        id=unit.new_id(),
        code=code,
        standing="enrolled",
        counselor_id=None,
        created_at=unit.now,
        time_zone="UTC",
        name="Sam",
        chat=1001,
    )
    patient = replace(patient, **more)
    unit.add(patient)
    return patient


def a_pulse(unit: Unit, name: str, at: datetime | None = None) -> Pulse:
    pulse = Pulse(id=unit.new_id(), name=name, at=at or unit.now)
    unit.add(pulse)
    return pulse


def a_word(unit: Unit, patient: Patient, text: str) -> Message:
    return Message(id=unit.new_id(), patient_id=patient.id, at=unit.now, text=text)


def a_flag(unit: Unit, cause: str, **more: Any) -> Flag:
    flag = Flag(
        id=unit.new_id(),
        patient_id=1,
        rule="craving",
        level="watch",
        category="craving",
        cause=cause,
        at=unit.now,
    )
    return replace(flag, **more)


async def test_a_row_comes_back_as_it_was_put_in(storage: AnyStorage) -> None:
    patient = await storage.write(lambda unit: a_patient(unit, profile=WORDS, chat_hash=b"h" * 16))
    assert await storage.read(lambda unit: unit.get(Patient, patient.id)) == patient


async def test_dates_instants_numbers_and_absence_keep_their_kinds(storage: AnyStorage) -> None:
    def work(unit: Unit) -> tuple[int, int]:
        patient = a_patient(unit)
        reading = Reading(
            id=unit.new_id(),
            patient_id=patient.id,
            session_id=2,
            name="mood",
            value=2.5,
            at=unit.now,
            local_date=date(2026, 3, 2),
        )
        record = Record(
            id=unit.new_id(),
            session_id=2,
            patient_id=patient.id,
            dialog="check_in",
            at=unit.now,
            local_date=date(2026, 3, 2),
            body={},
        )
        unit.add(reading)
        unit.add(record)
        return reading.id, record.id

    reading_id, record_id = await storage.write(work)
    reading = await storage.read(lambda unit: unit.get(Reading, reading_id))
    record = await storage.read(lambda unit: unit.get(Record, record_id))
    assert reading is not None
    assert (reading.value, reading.at, reading.local_date) == (2.5, AT, date(2026, 3, 2))
    assert reading.at.utcoffset() == timedelta()
    assert record is not None
    assert record.body == {}
    assert await storage.read(lambda unit: unit.get(Reading, 1)) is None


async def test_several_looks_are_one_and_each_has_its_own_answer(storage: AnyStorage) -> None:
    await storage.write(lambda unit: a_pulse(unit, "sender"))
    names: list[tuple[type[Row], dict[str, Any]]] = [
        (Pulse, {"name": "sender"}),
        (Flag, {"ring_at__le": AT}),
        (Pulse, {"at__le": AT + timedelta(days=9)}),
        (Outgoing, {"owner": None}),
    ]
    assert await storage.read(lambda unit: unit.holds(*names)) == [True, False, True, False]
    with pytest.raises(ValueError, match="two values"):
        await storage.read(lambda unit: unit.holds(names[0], (Pulse, {"name": "clock"})))


async def test_a_unit_that_fails_leaves_nothing_behind(storage: AnyStorage) -> None:
    def work(unit: Unit) -> None:
        a_pulse(unit, "sender")
        raise KeyError

    with pytest.raises(KeyError):
        await storage.write(work)
    assert await storage.read(lambda unit: unit.count(Pulse)) == 0


async def test_what_fails_apart_is_undone_alone(storage: AnyStorage) -> None:
    """What was written before and after stands, and what was said apart is not sent."""
    told: list[list[str]] = []
    storage.on_posted(lambda rows: told.append([(row.body or {})["text"] for row in rows]))

    def fail(unit: Unit, error: Exception) -> None:
        to = Address(1001, unit.digest(1001))
        unit.apart(lambda: say(unit, to, "within"))
        a_pulse(unit, "gone")
        say(unit, to, "gone")
        raise error

    def work(unit: Unit) -> int:
        a_pulse(unit, "before")
        with pytest.raises(Undone) as undone:
            unit.apart(lambda: fail(unit, KeyError("a fault of ours")))
        assert isinstance(undone.value.__cause__, KeyError)
        with pytest.raises(Undone):
            unit.apart(lambda: a_pulse(unit, "before"))
        unit.apart(lambda: a_pulse(unit, "after"))
        say(unit, Address(1001, unit.digest(1001)), "said")
        return unit.count(Pulse)

    assert await storage.write(work) == 2
    assert await storage.read(lambda unit: [row.name for row in unit.find(Pulse)]) == ["before", "after"]
    assert told == [["said"]]


async def test_where_the_storage_is_in_trouble_the_whole_unit_fails(store: Store) -> None:
    driver = sqlite3 if store.on_sqlite else psycopg
    error = driver.OperationalError("the disk is full, or nobody answers")

    def work(unit: Unit) -> None:
        def fail() -> None:
            raise error

        a_pulse(unit, "before")
        unit.apart(fail)

    with pytest.raises(type(error)):
        await store.write(work)
    assert await store.read(lambda unit: unit.count(Pulse)) == 0


async def test_a_unit_sees_what_it_wrote_itself(storage: AnyStorage) -> None:
    def work(unit: Unit) -> tuple[Pulse | None, int]:
        pulse = a_pulse(unit, "sender")
        unit.change(pulse, at=AT + timedelta(hours=1))
        return unit.one(Pulse, name="sender"), unit.count(Pulse)

    seen, count = await storage.write(work)
    assert seen is not None
    assert (seen.at, count) == (AT + timedelta(hours=1), 1)


async def test_rows_are_found_by_every_comparison(storage: AnyStorage) -> None:
    def work(unit: Unit) -> None:
        for place, seen in enumerate([None, AT, AT + timedelta(hours=1)]):
            unit.add(a_flag(unit, f"c{place}", rings=place, seen_at=seen))

    await storage.write(work)

    async def found(**where: Any) -> list[str]:
        return [flag.cause for flag in await storage.read(lambda unit: unit.find(Flag, **where))]

    assert await found() == ["c0", "c1", "c2"]
    assert await found(rings=1) == ["c1"]
    assert await found(rings__not=1) == ["c0", "c2"]
    assert await found(rings__lt=1) == ["c0"]
    assert await found(rings__le=1) == ["c0", "c1"]
    assert await found(rings__gt=1) == ["c2"]
    assert await found(rings__ge=1) == ["c1", "c2"]
    assert await found(rings=(0, 2)) == ["c0", "c2"]
    assert await found(rings__not=(0, 2)) == ["c1"]
    assert await found(rings=()) == []
    assert await found(rings__not=()) == ["c0", "c1", "c2"]
    assert await found(seen_at=None) == ["c0"]
    assert await found(seen_at__not=None) == ["c1", "c2"]
    assert await found(seen_at__le=AT) == ["c1"]
    assert await found(seen_at__not=AT) == ["c2"], "what is unknown differs from nothing"
    assert await found(cause="c2", rings=2, seen_at__gt=AT) == ["c2"]


async def test_rows_come_in_the_order_asked_for_and_no_more_than_asked_for(storage: AnyStorage) -> None:
    def work(unit: Unit) -> None:
        for cause, rings in (("a", 2), ("b", 1), ("c", 2)):
            unit.add(a_flag(unit, cause, rings=rings))

    await storage.write(work)

    async def found(**how: Any) -> list[str]:
        return [flag.cause for flag in await storage.read(lambda unit: unit.find(Flag, **how))]

    assert await found(order="-id") == ["c", "b", "a"]
    assert await found(order="rings -id") == ["b", "c", "a"]
    assert await found(order="-rings id", limit=2) == ["a", "c"]
    assert await found(limit=0) == []


@pytest.mark.parametrize("where", [{"text": "x"}, {"no_such": 1}, {"at__near": AT}])
async def test_what_cannot_be_searched_is_refused(storage: AnyStorage, where: dict[str, Any]) -> None:
    """A sealed column matches nothing by nature: a search for it is a slip, and must not look like 'none'."""
    with pytest.raises((ValueError, KeyError)):
        await storage.read(lambda unit: unit.find(Message, **where))


async def test_a_unique_key_is_taken_once(storage: AnyStorage) -> None:
    assert await storage.write(lambda unit: unit.add_once(a_flag(unit, "u1")))
    assert not await storage.write(lambda unit: unit.add_once(a_flag(unit, "u1")))
    assert await storage.write(lambda unit: unit.add_once(a_flag(unit, "u2")))
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation, Duplicate)):
        await storage.write(lambda unit: unit.add(a_flag(unit, "u1")))
    assert await storage.read(lambda unit: unit.count(Flag)) == 2


async def test_two_who_add_the_same_key_at_the_same_time_add_it_once(storage: AnyStorage) -> None:
    """Two clocks fire one slot."""

    def fire(unit: Unit) -> bool:
        slot = Nudge(
            id=unit.new_id(),
            patient_id=1,
            kind="evening",
            slot="1:2026-03-02",
            local_date=date(2026, 3, 2),
            at=unit.now,
            outcome="queued",
        )
        return unit.add_once(slot)

    fired = await asyncio.gather(*(storage.write(fire) for _ in range(8)))
    assert sorted(fired) == [False] * 7 + [True]


async def test_many_without_a_key_may_stand_beside_each_other(storage: AnyStorage) -> None:
    def work(unit: Unit) -> None:
        to = Address(1001, unit.digest(1001))
        say(unit, to, "one")
        say(unit, to, "two")

    await storage.write(work)
    assert await storage.read(lambda unit: unit.count(Outgoing, cause=None)) == 2


async def test_a_row_is_changed_and_nothing_else_is(storage: AnyStorage) -> None:
    one, other = await storage.write(lambda unit: (a_patient(unit, "P-1"), a_patient(unit, "P-2")))
    changed = await storage.write(lambda unit: unit.change(one, name="Alex", paused_at=AT))
    assert changed == replace(one, name="Alex", paused_at=AT)
    assert await storage.read(lambda unit: unit.get(Patient, one.id)) == changed
    assert await storage.read(lambda unit: unit.get(Patient, other.id)) == other


async def test_many_rows_are_added_and_changed_at_once_each_in_its_own_way(storage: AnyStorage) -> None:
    def work(unit: Unit) -> list[Patient]:
        patients = [a_patient(unit, f"P-{place}") for place in range(3)]
        unit.add_all([a_word(unit, patient, f"I am {patient.code}") for patient in patients])
        unit.change_all(patients[:2], name=["Alex", None], paused_at=[None, AT])
        unit.change_all([], name=[])
        unit.add_all([])
        return patients

    one, two, three = await storage.write(work)
    expected = [replace(one, name="Alex"), replace(two, name=None, paused_at=AT), three]
    assert await storage.read(lambda unit: unit.find(Patient)) == expected
    words = await storage.read(lambda unit: unit.find(Message, patient_id=(one.id, three.id)))
    assert [word.text for word in words] == ["I am P-0", "I am P-2"]


async def test_of_many_rows_with_a_key_that_is_taken_none_is_added(storage: AnyStorage) -> None:
    await storage.write(lambda unit: unit.add(a_flag(unit, "taken")))
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation, Duplicate)):
        await storage.write(lambda unit: unit.add_all([a_flag(unit, cause) for cause in ("a", "taken", "b")]))
    assert await storage.read(lambda unit: unit.values(Flag, "cause")) == [("taken",)]


async def test_many_outgoing_rows_are_told_of_like_one(storage: AnyStorage) -> None:
    told: list[int] = []
    storage.on_posted(lambda rows: told.extend(row.id for row in rows))

    def work(unit: Unit) -> list[int]:
        to = Address(1001, unit.digest(1001))
        rows = [a_row(unit, to, {"text": "hi"}, lane=Lane.NUDGE) for _ in range(3)]
        unit.add_all(rows)
        return [row.id for row in rows]

    assert await storage.write(work) == told


async def test_some_columns_are_read_by_themselves_unless_they_are_sealed(storage: AnyStorage) -> None:
    """Whose data key is gone can still be counted."""

    def work(unit: Unit) -> None:
        for place in (3, 1, 2):
            a_patient(unit, f"P-{place}", standing="enrolled" if place > 1 else "erased")
        unit.forget(unit.values(Patient, "id", code="P-3")[0][0])

    await storage.write(work)

    async def found(*names: str, **how: Any) -> list[tuple[Any, ...]]:
        return await storage.read(lambda unit: unit.values(Patient, *names, **how))

    assert await found("code") == [("P-3",), ("P-1",), ("P-2",)]
    enrolled = [("P-3", "enrolled", AT), ("P-2", "enrolled", AT)]
    assert await found("code", "standing", "created_at", order="-code", standing="enrolled") == enrolled
    assert await found("code", order="code", limit=1) == [("P-1",)]
    with pytest.raises(ValueError, match="sealed"):
        await found("code", "name")


async def test_rows_are_removed_by_column(storage: AnyStorage) -> None:
    await storage.write(lambda unit: [a_pulse(unit, name) for name in "abc"] and None)
    assert await storage.write(lambda unit: unit.remove(Pulse, name=("a", "b", "x"))) == 2
    assert await storage.read(lambda unit: [row.name for row in unit.find(Pulse)]) == ["c"]


async def test_an_instant_without_a_zone_is_refused(storage: AnyStorage) -> None:
    naive = datetime(2026, 3, 2, 12)  # noqa: DTZ001
    with pytest.raises(Exception, match="naive"):
        await storage.write(lambda unit: a_pulse(unit, "x", at=naive))


async def test_ids_grow_and_tokens_differ(storage: AnyStorage, clock: SettableClock) -> None:
    ids = [await storage.write(lambda unit: unit.new_id()) for _ in range(3)]
    clock.advance(timedelta(hours=-1))  # the clock set back makes no id go back
    ids += [await storage.write(lambda unit: unit.new_id()) for _ in range(3)]
    assert ids == sorted(set(ids))
    assert max(ids) < 2**63
    assert await storage.write(lambda unit: unit.new_token()) != await storage.write(
        lambda unit: unit.new_token()
    )


async def test_a_digest_is_the_same_for_ever_and_for_nobody_else(storage: AnyStorage) -> None:
    first = await storage.read(lambda unit: unit.digest(1001))
    assert (
        await storage.read(lambda unit: unit.digest(1001))
        == first
        == await storage.read(lambda unit: unit.digest("1001"))
    )
    assert await storage.read(lambda unit: unit.digest(1002)) != first
    assert len(first) == 16


async def test_what_is_forgotten_can_never_be_read_again(storage: AnyStorage) -> None:
    def work(unit: Unit) -> tuple[Patient, Patient]:
        gone, kept = a_patient(unit, "P-1"), a_patient(unit, "P-2")
        for patient in (gone, kept):
            unit.add(Message(id=unit.new_id(), patient_id=patient.id, at=unit.now, text="my words"))
            unit.add(Audit(id=unit.new_id(), at=unit.now, patient_id=patient.id, actor="x", action="y"))
        return gone, kept

    gone, kept = await storage.write(work)
    await storage.write(lambda unit: unit.forget(gone.id))
    with pytest.raises((Sealless, Unreadable)):
        await storage.read(lambda unit: unit.find(Message, patient_id=gone.id))
    assert [m.text for m in await storage.read(lambda unit: unit.find(Message, patient_id=kept.id))] == [
        "my words"
    ]
    assert await storage.read(lambda unit: unit.count(Audit, patient_id=gone.id)) == 1
    with pytest.raises((Sealless, Unreadable)):
        await storage.write(
            lambda unit: unit.add(Message(id=unit.new_id(), patient_id=gone.id, at=unit.now, text="more"))
        )


async def test_the_posted_rows_are_told_after_the_commit_and_only_then(storage: AnyStorage) -> None:
    told: list[list[str]] = []
    storage.on_posted(lambda rows: told.append([(row.body or {})["text"] for row in rows]))

    def two(unit: Unit) -> None:
        to = Address(1001, unit.digest(1001))
        say(unit, to, "one", cause="c1")
        say(unit, to, "two")
        say(unit, to, "again", cause="c1")

    def none(unit: Unit) -> None:
        two(unit)
        raise KeyError

    with pytest.raises(KeyError):
        await storage.write(none)
    assert told == []
    await storage.write(two)
    assert told == [["one", "two"]]


async def test_what_is_posted_is_held_by_the_process_that_posts_it(storage: AnyStorage) -> None:
    row = await storage.write(lambda unit: say(unit, Address(1001, unit.digest(1001)), "hi"))
    assert row is not None
    assert row.owner == storage.owner
    assert row.lease_until == AT + timedelta(seconds=15)
    assert await storage.read(lambda unit: unit.get(Outgoing, row.id)) == row
