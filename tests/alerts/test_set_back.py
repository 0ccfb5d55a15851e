"""The clock is set back by hours: an alert rings on within its minutes, and what was said is sent at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot import housekeeping, ledger, outbox, set_back
from bot.clock import SettableClock
from bot.concerns import Level
from bot.hours import DutyHours
from bot.outbox import Lane
from bot.rows import Flag, Incoming, Outgoing, Receipt
from bot.store.database import Store
from bot.unit import Unit
from tests.alerts.ward import HOUR, MINUTE, Ward
from tests.fakes import FakeStorage


async def turns_back(ward: Ward, by: timedelta) -> bool:
    """A pulse was the last that the old time saw; the new one looks at it."""
    await ward.do(lambda unit: housekeeping.beat(unit, "intake"))
    ward.clock.advance(-by)
    return await ward.do(lambda unit: set_back.look(unit, ward.program))


@pytest.mark.parametrize(("level", "pause"), [(Level.EMERGENCY, 5), (Level.URGENT, 30)])
@pytest.mark.parametrize("after", [3, 47, 200])
async def test_an_alert_rings_on_within_its_minutes(
    clock: SettableClock, level: Level, pause: int, after: int
) -> None:
    """On its first way up and on its later rounds; and goes on ringing as often as before."""
    ward = Ward(FakeStorage(clock), clock)
    await ward.opens()
    await ward.flag(level)
    await ward.pass_time(after * MINUTE)
    ward.heard.clear()
    await turns_back(ward, 6 * HOUR)
    begin = ward.now
    await ward.pass_time(3 * HOUR)
    rung = sorted({heard.at for heard in ward.heard if heard.flag is not None})
    assert rung[0] - begin <= pause * MINUTE
    assert max(later - sooner for sooner, later in pairwise(rung)) <= pause * MINUTE


async def test_seen_without_a_contact_rings_after_the_hour(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    ward.heard.clear()
    await turns_back(ward, 6 * HOUR)
    await ward.pass_time(60 * MINUTE, step=30 * MINUTE)
    assert [heard.who for heard in ward.heard] == [901]


async def test_what_can_wait_is_brought_up_in_duty_hours_a_day_later_at_most(ward: Ward) -> None:
    ward.program = replace(ward.program, duty_hours=DutyHours.read("mon-sun 09:00-17:00"))
    await ward.flag(Level.WATCH, rule="craving")
    await turns_back(ward, 72 * HOUR)
    [flag] = await ward.flags()
    assert flag.ring_at is not None
    assert flag.ring_at - ward.now <= 48 * HOUR


async def test_what_was_said_before_is_due_at_once_and_anybodys_after_a_lease(ward: Ward) -> None:
    """A reply that was committed by a process that died, and an update whose turn is to be tried again."""

    def say(unit: Unit) -> None:
        outbox.say(unit, outbox.Address(5, unit.digest(5)), "hello")
        row = Incoming(
            id=unit.new_id(), key=b"k", chat_hash=unit.digest(5), at=unit.now, state=Receipt.WAITING,
            due_at=unit.now + 2 * MINUTE, body={},
        )  # fmt: skip
        unit.add(row)

    await ward.do(say)
    await turns_back(ward, 6 * HOUR)
    [letter] = await ward.do(lambda unit: unit.find(Incoming))
    assert letter.due_at == ward.now
    assert isinstance(ward.storage, Store)
    ward.storage.owner = 7  # another process

    def left(unit: Unit) -> list[Outgoing]:
        return ledger.claim(unit, (Lane.REPLY,), 10, frozenset())

    assert await ward.do(left) == []
    ward.clock.advance(timedelta(seconds=16))
    assert [(row.body or {})["text"] for row in await ward.do(left)] == ["hello"]


async def test_a_second_look_changes_nothing_and_neither_does_a_clock_that_only_slipped(ward: Ward) -> None:
    await ward.flag()
    await ward.pass_time(7 * MINUTE)
    assert not await turns_back(ward, timedelta(seconds=3))
    assert await turns_back(ward, 6 * HOUR)
    before = await ward.do(lambda unit: unit.find(Flag))
    assert not await ward.do(lambda unit: set_back.look(unit, ward.program))
    assert await ward.do(lambda unit: unit.find(Flag)) == before


async def test_ids_of_a_new_process_go_on_from_the_last(ward: Ward) -> None:
    """So that what is said after the clock was set back comes after what was said before."""
    assert isinstance(ward.storage, Store)
    last = await ward.do(lambda unit: unit.new_id())
    await ward.do(lambda unit: housekeeping.beat(unit, "intake"))
    ward.clock.advance(-6 * HOUR)
    reborn = [Store(ward.storage.url, [b"k" * 32], ward.clock) for _ in range(2)]
    for store in reborn:
        store.unlock()
    ids = [[await store.write(lambda unit: unit.new_id()) for _ in range(20)] for store in reborn]
    for mine in ids:
        assert mine == sorted(mine)
        assert mine[0] > last
    assert not set(ids[0]) & set(ids[1]), "two processes do not meet"
    for store in reborn:
        await store.close()
