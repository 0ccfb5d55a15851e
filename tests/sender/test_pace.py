"""Notices and nudges keep Telegram's pace, however many processes send them; the rest slows them only."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from datetime import timedelta

import pytest

from bot.courier import SlowDown
from bot.outbox import Address, Lane, say
from bot.unit import Unit, Work
from tests.fakes import FakeStorage
from tests.sender.conftest import MakeStage
from tests.sender.stage import HandTimer, Stage


def fan_out(count: int, lane: Lane = Lane.NUDGE, first: int = 0) -> Work[None]:
    def work(unit: Unit) -> None:
        for chat in range(first, first + count):
            say(unit, Address(chat, unit.digest(chat)), f"{lane.name} {chat}", lane=lane)

    return work


def most_in_a_second(times: list[float]) -> int:
    times = sorted(times)
    return max(place - bisect_left(times, at - 1 + 1e-9) + 1 for place, at in enumerate(times))


def paced(stage: Stage) -> list[float]:
    return [at for at, text in stage.courier.calls if not text.startswith(("ALERT", "REPLY"))]


async def test_a_fan_out_keeps_to_just_below_the_rate(stages: MakeStage) -> None:
    stage = stages(rate=30.0)
    await stage.sender.start()
    await stage.storage.write(fan_out(150))
    await stage.pass_time(6)
    times = paced(stage)
    assert len(times) == 150
    assert most_in_a_second(times) <= 30
    assert 0.96 * 30 <= 149 / (times[-1] - times[0]) <= 0.98 * 30


async def test_two_processes_keep_the_pace_of_one(stages: MakeStage) -> None:
    one, two = stages(rate=30.0, shared=True), stages(rate=30.0, shared=True)
    await asyncio.gather(one.sender.start(), two.sender.start())
    await one.storage.write(fan_out(70))
    await two.storage.write(fan_out(70, first=100))
    await one.pass_time(7, two)
    times = sorted(paced(one) + paced(two))
    assert (len(paced(one)), len(paced(two))) == (70, 70)
    assert most_in_a_second(times) <= 30
    assert 139 / (times[-1] - times[0]) >= 0.94 * 30


async def test_alerts_and_replies_are_not_paced_and_count_against_the_pace(stages: MakeStage) -> None:
    """Nudges make room for them, so that the bot as a whole stays below the rate."""
    stage = stages(rate=30.0)
    await stage.sender.start()
    await stage.storage.write(fan_out(120))
    for second in range(4):
        await stage.pass_time(0.9)
        at = stage.timer.time()
        for count in range(10):
            await stage.post(f"REPLY {second} {count}", chat=1000 + count)
        await stage.rest()
        await stage.pass_time(0.08)
        assert all(at <= stage.courier.times(f"REPLY {second} {n}")[0] <= at + 0.076 for n in range(10))
    await stage.pass_time(5)
    assert len(paced(stage)) == 120
    # Ten come at once, upon a window that is nearly full: no more than they can go beyond it.
    assert most_in_a_second([at for at, _ in stage.courier.calls]) <= 40


async def test_a_card_and_its_alert_never_make_a_fan_out_too_fast(timer: HandTimer) -> None:
    """Telegram would answer the one that is too many with seconds of silence for all: it waits a little."""
    stage = Stage(FakeStorage(timer), timer, shared=False, rate=30.0)
    await stage.sender.start()
    await stage.storage.write(fan_out(1000))
    waited = []
    for cry in range(14):
        await stage.pass_time(1.9 + cry * 0.013)
        at = stage.timer.time()
        await stage.post(f"ALERT {cry}", Lane.ALERT, chat=900)
        await stage.post(f"ALERT card {cry}", Lane.ALERT, chat=1000 + cry)
        await stage.pass_time(0.08)
        waited += [stage.courier.times(f"ALERT {what}{cry}")[0] - at for what in ("", "card ")]
    await stage.pass_time(9)
    times = [at for at, _ in stage.courier.calls]
    assert len(times) == 1028
    assert max(waited) <= 0.04
    assert most_in_a_second(times) <= 30
    assert 1027 / (times[-1] - times[0]) >= 0.96 * 30


async def test_without_a_fan_out_whatever_is_urgent_leaves_at_once(stages: MakeStage) -> None:
    stage = stages(rate=30.0)
    await stage.sender.start()
    for count in range(60):
        await stage.post(f"REPLY {count}", chat=1000 + count)
    await stage.rest()
    assert [at for at, _ in stage.courier.calls] == [0.0] * 60


async def test_a_busy_evening_does_not_hold_reminders_up_for_ever(timer: HandTimer) -> None:
    """Replies alone beyond the rate leave the paced lanes half of it."""
    stage = Stage(FakeStorage(timer), timer, shared=False, rate=30.0)
    await stage.sender.start()
    await stage.storage.write(fan_out(100))
    for step in range(80):
        await stage.storage.write(fan_out(5, Lane.REPLY, first=1000 + 5 * step))
        await stage.pass_time(0.1)
    assert len(paced(stage)) >= 0.45 * 30 * 8 * 0.9


async def test_no_pacing_at_rate_0(stages: MakeStage) -> None:
    stage = stages(rate=0.0)
    await stage.sender.start()
    await stage.storage.write(fan_out(300))
    await stage.rest()
    assert len(paced(stage)) == 300


async def test_a_429_moves_the_pace_of_every_process(stages: MakeStage) -> None:
    one, two = stages(rate=30.0, shared=True), stages(rate=30.0, shared=True)
    await asyncio.gather(one.sender.start(), two.sender.start())
    one.courier.fate["reply"].append(SlowDown(5))
    await one.post("reply", chat=5000)
    await one.rest(two)
    await two.storage.write(fan_out(10))
    await two.pass_time(4.9, one)
    assert two.courier.calls == []
    await two.pass_time(2, one)
    assert len(two.courier.calls) == 10


@pytest.mark.parametrize("jump", [timedelta(hours=-6), timedelta(hours=6)])
async def test_a_jump_of_the_clock_neither_stops_nor_bursts(stages: MakeStage, jump: timedelta) -> None:
    stage = stages(rate=30.0)
    await stage.sender.start()
    await stage.storage.write(fan_out(60, Lane.NOTICE))
    await stage.pass_time(1)
    stage.timer.skew = jump
    await stage.pass_time(3)
    assert len(paced(stage)) == 60
    assert most_in_a_second(paced(stage)) <= 30


async def test_a_slow_rate_is_kept_too(stages: MakeStage) -> None:
    stage = stages(rate=0.5)
    await stage.sender.start()
    await stage.storage.write(fan_out(5))
    await stage.pass_time(9)
    assert len(paced(stage)) == 5
    assert paced(stage)[1] - paced(stage)[0] > 2


async def test_ten_thousand_rows_at_once_do_not_stop_the_loop(timer: HandTimer) -> None:
    """Never over 20 ms of its time, and an alert in their midst is the first to leave."""
    storage = FakeStorage(timer)
    stage = Stage(storage, timer, shared=False, rate=30.0)
    await stage.sender.start()
    unit = storage._unit()
    fan_out(10_000)(unit)
    longest, done = 0.0, False

    async def watch() -> None:
        nonlocal longest
        while not done:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    stage.sender._posted(unit.posted)
    await stage.post("ALERT", Lane.ALERT, chat=20_000)
    await stage.rest()
    done = True
    await watching
    assert stage.courier.texts[0] == "ALERT"
    assert longest < 0.020
