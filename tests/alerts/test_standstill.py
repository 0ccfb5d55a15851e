"""What stands still is noticed by the time that runs, and told: by health, by the process beside it, and by
an outside monitor that is called no longer. A process that hears nothing is one of those."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot import housekeeping, second_channel, standstill
from bot.lookout import CLOCK, INTAKE, SENDER, Lookout
from bot.rows import Pulse
from bot.standstill import STILL, Watch
from tests.alerts.ward import HOUR, Ward


class Seconds:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Ear:
    def __init__(self) -> None:
        self.works = True

    async def hears(self) -> bool:
        return self.works


class Process:
    """One process on a ward: its parts move with each `passes`, unless they are named as standing."""

    def __init__(self, ward: Ward, *parts: str, ear: Ear | None = None, monitor: str | None = None) -> None:
        self.ward = ward
        self.seconds = Seconds()
        self.ear = ear
        moving: Mapping[str, Callable[[], object]] = {part: self._shown(part) for part in parts}
        self.standing: set[str] = set()
        self._values = dict.fromkeys(parts, 0)
        self.lookout = Lookout(ward.storage, ward.program, moving, ear, monitor, self.seconds, self.seconds)

    def _shown(self, part: str) -> Callable[[], object]:
        return lambda: self._values[part]

    async def passes(self, seconds: float) -> None:
        """Time in which it beats and looks, as the schedule makes it."""
        end = self.seconds.at + seconds
        while True:
            for part in self._values.keys() - self.standing:
                self._values[part] += 1
            await self.lookout.beat()
            await self.lookout.look()
            await self.ward.deliver()
            if self.seconds.at >= end:
                return
            step = min(30.0, end - self.seconds.at)
            self.seconds.at += step
            self.ward.clock.advance(timedelta(seconds=step))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls to the outside monitor."""
    calls: list[str] = []

    async def beat(url: str) -> bool:
        calls.append(url)
        return True

    monkeypatch.setattr(second_channel, "beat", beat)
    return calls


def told(ward: Ward) -> list[Any]:
    return [heard.who for heard in ward.heard if "not responded" in str(heard.body)]


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
    web = Process(ward, SENDER)
    await web.passes(STILL)
    assert told(ward) == [], "a process that never was is not missed"
    await ward.do(lambda unit: housekeeping.beat(unit, CLOCK))
    await web.passes(STILL + 30)
    assert told(ward) == [903, "email", "webhook"]
    await ward.do(lambda unit: housekeeping.beat(unit, CLOCK))
    await web.passes(0)
    assert len(told(ward)) == 3


async def test_a_clock_that_is_moved_is_no_standstill(ward: Ward) -> None:
    watch = Watch(Seconds())
    await ward.do(lambda unit: housekeeping.beat(unit, CLOCK))
    for _ in range(3):
        assert await ward.do(lambda unit: standstill.look(unit, watch, (CLOCK,))) == {}
        ward.clock.advance(timedelta(hours=5))


@pytest.mark.parametrize("part", [CLOCK, SENDER])
async def test_a_process_with_a_part_that_stands_still_is_not_well_and_the_monitor_misses_it(
    ward: Ward, called: list[str], part: str
) -> None:
    run = Process(ward, SENDER, CLOCK, ear=Ear(), monitor="http://monitor")
    await run.passes(STILL)
    assert run.lookout.well()
    await run.lookout.call()
    assert len(called) == 1
    run.standing.add(part)
    await run.passes(STILL + 30)
    assert not run.lookout.well()
    await run.lookout.call()
    assert len(called) == 1


async def test_a_process_without_a_clock_does_not_calm_the_monitor(ward: Ward, called: list[str]) -> None:
    """Else nobody would miss the worker while a web process lives."""
    web = Process(ward, SENDER, ear=Ear(), monitor="http://monitor")
    await web.passes(60)
    assert not web.lookout.calls
    await web.lookout.call()
    assert called == []


async def test_a_process_that_is_deaf_is_told_of_and_the_monitor_misses_it(
    ward: Ward, called: list[str]
) -> None:
    ear = Ear()
    run = Process(ward, SENDER, CLOCK, ear=ear, monitor="http://monitor")
    await run.passes(STILL)
    ear.works = False
    await run.passes(STILL + 30)
    assert told(ward) == [903, "email", "webhook"]
    assert run.lookout.well(), "a restart, or no more calls by a load balancer, would not mend it"
    await run.lookout.call()
    assert called == []
    ear.works = True
    await run.passes(30)
    await run.lookout.call()
    assert len(called) == 1


async def test_a_gap_longer_than_telegram_keeps_messages_is_told_when_it_is_over(ward: Ward) -> None:
    ear = Ear()
    run = Process(ward, SENDER, CLOCK, ear=ear)
    await run.passes(60)
    ear.works = False
    run.seconds.at += 30 * 3600
    ward.clock.advance(30 * HOUR)
    await run.passes(0)
    assert not ward.said("dana", "Telegram keeps messages for 24 hours")
    ear.works = True
    await run.passes(30)
    assert ward.said("dana", "I was away for longer (30 hours)")
    await run.passes(60)
    assert str(ward.phones[901]).count("Telegram keeps messages") == 1


async def test_a_gap_before_the_start_is_told_at_the_start(ward: Ward) -> None:
    await ward.do(lambda unit: housekeeping.beat(unit, INTAKE))
    ward.clock.advance(25 * HOUR)
    run = Process(ward, SENDER, CLOCK, ear=Ear())
    await run.lookout.heard()
    await ward.deliver()
    assert ward.said("ben", "I was away for longer (25 hours)")


async def test_a_clock_that_is_moved_while_we_listen_is_no_gap(ward: Ward) -> None:
    run = Process(ward, SENDER, CLOCK, ear=Ear())
    await run.passes(60)
    ward.clock.advance(50 * HOUR)
    await run.passes(60)
    assert not ward.said("dana", "Telegram keeps messages")
    [pulse] = await ward.do(lambda unit: unit.find(Pulse, name=INTAKE))
    assert pulse.at == ward.now


async def test_one_deaf_process_beside_one_that_hears_is_no_gap(ward: Ward) -> None:
    deaf, other = Ear(), Process(ward, SENDER, ear=Ear())
    web = Process(ward, SENDER, ear=deaf)
    await web.passes(30)
    deaf.works = False
    web.seconds.at += 30 * 3600
    ward.clock.advance(30 * HOUR)
    await ward.do(lambda unit: housekeeping.beat(unit, INTAKE))
    await other.passes(30)
    deaf.works = True
    await web.passes(30)
    assert not ward.said("dana", "Telegram keeps messages")
