"""Many at once come to what they would come to one by one, whoever else is about it, and whoever dies."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import nudges
from bot.clock import SettableClock, StillClock
from bot.clockwork import Clockwork
from bot.due import Due
from bot.nudges import Kind, Outcome
from bot.outbox import Lane
from bot.rows import Flag, Nudge, Outgoing, Record, Reminder, Sending, Standing
from bot.store.database import Store
from bot.unit import Unit, Work
from tests.fakes import FakeStorage
from tests.reminders.clinic import DAY, HOUR, MINUTE, Clinic, utc
from tests.reminders.conftest import MONDAY_NOON

SEVEN = utc("2026-03-03T00:00")
"""19:00 in New York on the Monday on which these tests begin."""
NEW_YORK = "America/New_York"


HOW = ["is silent", "is silent", "answers", "is not reached", "comes first", "pauses"]


async def everybody_once(clinic: Clinic, count: int) -> None:
    nudges = await clinic.do(lambda unit: unit.find(Nudge))
    rows = await clinic.do(lambda unit: unit.find(Outgoing))
    assert Counter(nudge.patient_id for nudge in nudges) == Counter(dict.fromkeys(nudged(nudges), 1))
    assert len(nudges) == count
    assert {nudge.outcome for nudge in nudges} == {Outcome.SENT}
    assert sorted(row.patient_id or 0 for row in rows) == sorted(nudged(nudges))


def nudged(nudges: list[Nudge]) -> list[int]:
    return [nudge.patient_id for nudge in nudges]


async def test_two_clocks_that_claim_five_hundred_at_once_miss_none_and_send_none_twice(
    clinic: Clinic, second_store: Store
) -> None:
    await clinic.enrol_many(500)
    clinic.clock.set(SEVEN)
    beside = Clinic(second_store, clinic.clock)
    while sum(await asyncio.gather(*(one.tick(30) for one in (clinic, beside, clinic, beside)))):
        pass
    await everybody_once(clinic, 500)


@pytest.mark.parametrize("after", [0, 1])
async def test_a_clock_killed_in_the_middle_of_a_round_leaves_it_to_the_next(
    clinic: Clinic, database_url: str, after: int
) -> None:
    """What it had written down and not committed never was: nobody is missed, and nobody asked twice."""
    await clinic.enrol_many(120)
    clinic.clock.set(SEVEN)
    words = ("-m", "tests.reminders.dying", database_url, SEVEN.isoformat(), str(after))
    dying = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=Path(__file__).parents[2])
    assert await dying.wait() == -9
    assert len(await clinic.nudges()) == 50 * after
    while await clinic.tick(50):
        pass
    await everybody_once(clinic, 120)


@given(
    people=st.lists(
        st.fixed_dictionaries(
            {
                "morning": st.sampled_from([None, "18:30", "19:00", "21:50"]),
                "evening": st.sampled_from([None, "17:45", "19:00", "22:30"]),
                "zone": st.sampled_from([NEW_YORK, "America/Chicago", "Asia/Kolkata"]),
                "discreet": st.booleans(),
                "standing": st.sampled_from([Standing.ENROLLED] * 4 + [Standing.DISCHARGED]),
                "paused_at": st.sampled_from([None] * 4 + [MONDAY_NOON]),
                "blocked_at": st.sampled_from([None] * 4 + [MONDAY_NOON]),
            }
        ),
        min_size=1,
        max_size=5,
    ),
    once=st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(0, 500)), max_size=4),
    checked_in=st.sets(st.integers(0, 4)),
    late=st.sampled_from([0, 30, 90, 1600, 5000]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_many_at_once_come_to_what_they_would_come_to_one_by_one(
    people: list[dict[str, Any]], once: list[tuple[Kind, int]], checked_in: set[int], late: int
) -> None:
    async def outcomes(at_once: int) -> tuple[list[tuple[str, str]], list[tuple[str, ...]], list[Any]]:
        clock = SettableClock(StillClock(MONDAY_NOON))
        clinic = Clinic(FakeStorage(clock), clock)
        ids = [await clinic.enrol(**person) for person in people]
        for place, (kind, minutes) in enumerate(once):
            await clinic.remind_once(ids[place % len(ids)], kind, MONDAY_NOON + minutes * MINUTE)
        clock.set(SEVEN + late * MINUTE)
        for place in checked_in & set(range(len(ids))):
            await clinic.check_in(ids[place])
        for _ in range(2):
            await clinic.tick(at_once)
        waiting = [await clinic.waiting(one) for one in ids]
        said = [(row.cause or "", (row.body or {})["text"]) for row in await clinic.queued()]
        return sorted((one.slot, one.outcome) for one in await clinic.nudges()), sorted(said), waiting

    assert await outcomes(100) == await outcomes(1)


@given(
    evenings=st.lists(
        st.tuples(st.sampled_from([1, 1, 1, 2, 6]), st.lists(st.sampled_from(HOW), min_size=3, max_size=3)),
        min_size=3,
        max_size=8,
    ),
    enrolled=st.sampled_from([MONDAY_NOON, MONDAY_NOON - 90 * DAY, None]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_silence_is_seen_for_many_at_once_as_for_one(
    evenings: list[tuple[int, list[str]]], enrolled: datetime | None
) -> None:
    """Days apart, each person in their own way, and told of once."""
    clock = SettableClock(StillClock(MONDAY_NOON))
    clinic = Clinic(FakeStorage(clock), clock)
    await clinic.opens()
    ids = [await clinic.enrol(evening="19:00", enrolled_at=enrolled) for _ in range(3)]
    day = SEVEN
    for gap, how in evenings:
        day += gap * DAY
        for one, what in zip(ids, how, strict=True):
            clock.set(day - HOUR)
            await clinic.change(one, paused_at=clinic.now if what == "pauses" else None)
            if what == "comes first":
                await clinic.check_in(one)
        clock.set(day)
        await clinic.tick()
        expected = await clinic.do(lambda unit: [one for one in ids if _silent(unit, one)])
        flags = await clinic.do(lambda unit: unit.find(Flag, at=unit.now))
        assert sorted(flag.patient_id for flag in flags) == sorted(expected)
        reached = {one for one, what in zip(ids, how, strict=True) if what != "is not reached"}
        await clinic.do(lambda unit, reached=reached: _deliver(unit, reached))  # type: ignore[misc]
        clock.set(day + HOUR)
        for one, what in zip(ids, how, strict=True):
            if what == "answers":
                await clinic.check_in(one)


def _silent(unit: Unit, patient_id: int) -> bool:
    """The rule as it is written, for one person who has just been asked."""
    own: dict[str, Any] = {"patient_id": patient_id}
    asked = unit.find(Nudge, kind=Kind.EVENING, outcome=Outcome.SENT, order="-id", **own)
    if len(asked) < 3 or asked[0].at != unit.now:
        return False
    before = asked[1:3]
    reached = all(unit.count(Outgoing, cause=f"nudge:{one.slot}", state=Sending.SENT) for one in before)
    since: dict[str, Any] = {**own, "at__ge": before[-1].at}
    answered = unit.count(Record, dialog="check_in", **since)
    told_before = unit.count(Flag, rule="unanswered", at__lt=unit.now, **since)
    return reached and not answered and not told_before


def _deliver(unit: Unit, reached: set[int]) -> None:
    for row in unit.find(Outgoing, state=Sending.QUEUED, lane=Lane.NUDGE):
        if row.patient_id in reached:
            unit.change(row, state=Sending.SENT, sent_at=unit.now)


async def test_of_many_that_are_due_for_one_person_at_once_a_day_has_only_three(small_clinic: Clinic) -> None:
    ids = await small_clinic.enrol_many(2)
    due = SEVEN

    def more(unit: Unit) -> None:
        evening: dict[str, Any] = {"kind": Kind.EVENING, "local_time": "19:00", "next_at": due}
        unit.add_all([Reminder(id=unit.new_id(), patient_id=ids[0], **evening) for _ in range(4)])

    await small_clinic.do(more)
    small_clinic.clock.set(SEVEN)
    assert await small_clinic.tick(100) == 6
    sent = Counter((nudge.patient_id == ids[0], nudge.outcome) for nudge in await small_clinic.nudges())
    assert sent == {(True, Outcome.SENT): 3, (True, Outcome.ENOUGH): 2, (False, Outcome.SENT): 1}


async def test_each_of_many_is_called_by_their_own_name_and_in_their_own_way(small_clinic: Clinic) -> None:
    """What is put into words once is for those alone who are told the same."""
    ids = await small_clinic.enrol_many(20)
    for place, one in enumerate(ids[:6]):
        await small_clinic.change(one, discreet=place < 3, name="Sam")
    for day in range(8):
        small_clinic.clock.set(SEVEN + day * DAY)
        await small_clinic.tick()
    named = set()
    for row in await small_clinic.queued(lane=Lane.NUDGE):
        patient = await small_clinic.patient(row.patient_id or 0)
        text = (row.body or {})["text"]
        assert text == nudges.words(small_clinic.program, patient, await _of(small_clinic, row))
        named |= {patient.id} if f"{patient.name}" in text else set()
    assert named == set(ids[3:])


async def _of(clinic: Clinic, row: Outgoing) -> Nudge:
    (nudge,) = await clinic.nudges(slot=nudges.slot_of(row))
    return nudge


async def test_what_falls_due_while_many_are_reminded_rings_between_them(clock: SettableClock) -> None:
    """Time goes on while a thousand are reminded; nobody's alert waits for the last of them."""
    storage = Ageing(clock)
    clinic = Clinic(storage, clock)
    dana = await clinic.opens()
    ids = await clinic.enrol_many(400)
    clock.set(SEVEN)
    await clinic.change(ids[0], counselor_id=dana.id)
    await clinic.do(lambda unit: unit.add(_a_flag(unit, ids[0], ring_at=clinic.now + 3 * MINUTE)))
    await Clockwork(storage, clinic.program, seconds=lambda: 0.0).tick(frozenset(Due))
    rows = [row for row in await clinic.queued(order="at id") if row.lane in (Lane.ALERT, Lane.NUDGE)]
    assert len(rows) == 401
    rang = [row.lane for row in rows].index(Lane.ALERT)
    assert 16 <= rang <= 200
    assert len(await clinic.went_out()) == 400


class Ageing(FakeStorage):
    """Every unit takes a minute."""

    async def write(self, work: Work[Any], *, urgent: bool = False) -> Any:
        self.clock.advance(MINUTE)  # type: ignore[attr-defined]
        return await super().write(work, urgent=urgent)


def _a_flag(unit: Unit, patient_id: int, ring_at: datetime) -> Flag:
    return Flag(
        id=unit.new_id(),
        patient_id=patient_id,
        rule="no_answer",
        level="urgent",
        category="suicide",
        cause="test",
        at=unit.now,
        ring_at=ring_at,
    )


async def test_so_many_are_taken_at_once_as_keep_nobody_waiting(small_clinic: Clinic) -> None:
    """Where a round takes long, the next one is smaller; where it does not, it grows up to a limit."""
    ticking = iter([0.0, 0.001, 1.0, 1.05, 2.0, 12.0, *(20.0 + n / 1000 for n in range(100))])
    clockwork = Clockwork(small_clinic.storage, small_clinic.program, seconds=lambda: next(ticking))
    await small_clinic.enrol_many(300)
    small_clinic.clock.set(SEVEN)
    sizes = []
    work = clockwork._round

    def seen(unit: Unit) -> bool:
        sizes.append(clockwork.at_once)
        return work(unit)

    clockwork._round = seen  # type: ignore[method-assign]
    await clockwork.tick(frozenset(Due))
    assert sizes[:4] == [16, 128, 38, 16]
    assert len(await small_clinic.went_out()) == 300
