"""What stands still is noticed by the time that runs, and told: by health, by the process beside it."""

from __future__ import annotations

from datetime import timedelta

from bot import housekeeping, standstill
from bot.standstill import STILL, Watch
from tests.alerts.ward import Ward


class Seconds:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_what_changes_is_not_still_and_what_stays_is_after_two_minutes() -> None:
    seconds = Seconds()
    watch = Watch(seconds)
    assert not watch.still("clock", 1)
    seconds.at = STILL - 1
    assert not watch.still("clock", 1)
    seconds.at = STILL
    assert watch.still("clock", 1)
    assert not watch.still("clock", 2)


async def test_a_process_beside_us_that_stands_still_is_told_once_on_every_way(ward: Ward) -> None:
    seconds = Seconds()
    watch = Watch(seconds)

    async def look() -> list[str]:
        found = await ward.do(lambda unit: standstill.look(unit, ward.program, watch, ("clock",)))
        await ward.deliver()
        return found

    assert await look() == [], "a process that never was is not missed"
    await ward.do(lambda unit: housekeeping.beat(unit, "clock"))
    assert await look() == []
    seconds.at = STILL
    for _ in range(3):
        assert await look() == ["clock"]
    assert [heard.who for heard in ward.heard] == [903, "email", "webhook"]
    ward.clock.advance(timedelta(minutes=3))
    await ward.do(lambda unit: housekeeping.beat(unit, "clock"))
    assert await look() == []


async def test_a_clock_that_is_moved_is_no_standstill(ward: Ward) -> None:
    watch = Watch(Seconds())
    await ward.do(lambda unit: housekeeping.beat(unit, "clock"))
    for _ in range(3):
        assert await ward.do(lambda unit: standstill.look(unit, ward.program, watch, ("clock",))) == []
        ward.clock.advance(timedelta(hours=5))
