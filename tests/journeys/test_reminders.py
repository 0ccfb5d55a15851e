"""Reminders as people meet them: at their time, with their button, put off, paused, quiet."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.sandbox.phones import Phone
from bot.sandbox.screens import Shown
from tests.journeys.clinic import AFTERNOON, ZONE, Clinic, asks, keys

EVENING = AFTERNOON.replace(hour=19, minute=0)
MINUTE = timedelta(minutes=1)


def nudges(phone: Phone) -> list[Shown]:
    return [m for m in phone.messages if "o:snooze" in str([b.data for b in keys(m)])]


async def test_the_evening_one_comes_at_its_time_once_and_opens_the_check_in(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed(remind="19:00")
    await clinic.until(EVENING - timedelta(seconds=1))
    assert nudges(clinic.sam) == []
    for _ in range(3):
        await clinic.until(EVENING + MINUTE)
    [nudge] = nudges(clinic.sam)
    [asked] = await clinic.press(clinic.sam, str(keys(nudge)[0].data))
    assert asks(asked)
    await clinic.walk(clinic.sam)
    assert [record["dialog"] for record in (await clinic.export(code))["records"]] == ["check_in"]


async def test_whoever_has_checked_in_is_not_reminded_that_evening(clinic: Clinic) -> None:
    await clinic.seed(remind="19:00")
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, {"used": "[no]"})
    await clinic.until(EVENING + MINUTE)
    assert nudges(clinic.sam) == []
    await clinic.until(EVENING + timedelta(days=1))
    assert len(nudges(clinic.sam)) == 1


@pytest.mark.parametrize(("label", "after"), [("In 30 min", 30), ("In 2 hours", 120)])
async def test_put_off_it_comes_back_so_much_later(clinic: Clinic, label: str, after: int) -> None:
    await clinic.seed(remind="19:00")
    await clinic.until(EVENING)
    await clinic.press(clinic.sam, label)
    pressed = clinic.clock.now()
    await clinic.until(pressed + timedelta(minutes=after - 1))
    assert len(nudges(clinic.sam)) == 1
    await clinic.until(pressed + timedelta(minutes=after))
    assert len(nudges(clinic.sam)) == 2


async def test_not_today_is_not_today(clinic: Clinic) -> None:
    await clinic.seed(remind="19:00")
    await clinic.until(EVENING)
    await clinic.press(clinic.sam, "Not today")
    await clinic.until(EVENING + timedelta(hours=23))
    assert len(nudges(clinic.sam)) == 1
    await clinic.until(EVENING + timedelta(days=1))
    assert len(nudges(clinic.sam)) == 2


@pytest.mark.parametrize("answer", ["o:pause:tell", "o:pause:quiet"])
async def test_stop_silences_everything_until_one_press(each_clinic: Clinic, answer: str) -> None:
    clinic = each_clinic
    [code] = await clinic.seed(remind="19:00")
    told = len(clinic.dana.messages)
    [asked] = await clinic.say(clinic.sam, "/stop")
    await clinic.push(clinic.sam, asked.message_id, answer)
    heard = [m for m in clinic.dana.messages[told:] if code in m.text]
    assert len(heard) == (answer == "o:pause:tell")
    await clinic.until(EVENING + timedelta(days=1, hours=1))
    assert nudges(clinic.sam) == []
    await clinic.press(clinic.sam, "Come back")
    await clinic.until(EVENING + timedelta(days=2))
    assert len(nudges(clinic.sam)) == 1


async def test_start_brings_back_whoever_paused(clinic: Clinic) -> None:
    await clinic.seed(remind="19:00")
    await clinic.say(clinic.sam, "/stop")
    await clinic.say(clinic.sam, "/start")
    await clinic.until(EVENING)
    assert len(nudges(clinic.sam)) == 1


async def test_another_time_typed_in_the_settings_counts_from_then_on(clinic: Clinic) -> None:
    [code] = await clinic.seed(remind="19:00")
    await clinic.say(clinic.sam, "/settings")
    await clinic.press(clinic.sam, "o:settings:evening")
    await clinic.say(clinic.sam, "half past 8 pm")
    assert [one["local_time"] for one in (await clinic.export(code))["reminders"]] == ["20:30"]
    await clinic.until(EVENING + MINUTE)
    assert nudges(clinic.sam) == []
    await clinic.until(EVENING + 90 * MINUTE)
    assert len(nudges(clinic.sam)) == 1


async def test_another_time_zone_moves_the_evening(clinic: Clinic) -> None:
    await clinic.seed(remind="19:00")
    await clinic.say(clinic.sam, "/settings")
    await clinic.press(clinic.sam, "o:settings:zone")
    await clinic.say(clinic.sam, "Los Angeles")
    await clinic.until(EVENING + MINUTE)
    assert nudges(clinic.sam) == []
    await clinic.until(EVENING + timedelta(hours=3))
    assert len(nudges(clinic.sam)) == 1


async def test_the_evening_stays_at_seven_when_the_clocks_go_forward(clinic: Clinic) -> None:
    await clinic.seed(remind="19:00")
    for day in range(3, 12):
        at = datetime(2026, 3, day, 19, 0, tzinfo=ZONE)
        before = len(nudges(clinic.sam))
        await clinic.until(at - MINUTE)
        assert len(nudges(clinic.sam)) == before
        await clinic.until(at)
        assert len(nudges(clinic.sam)) == before + 1


async def test_a_blocked_bot_stops_and_the_counselor_is_told_once(clinic: Clinic) -> None:
    [code] = await clinic.seed(remind="19:00")
    clinic.sam.block()
    await clinic.settle()
    for day in range(3):
        await clinic.until(EVENING + timedelta(days=day))
    told = [m for m in clinic.dana.messages if code in m.text and "blocked" in m.text]
    assert len(told) <= 1
    assert nudges(clinic.sam) == []
    clinic.sam.unblock()
    await clinic.settle()
    await clinic.until(EVENING + timedelta(days=3))
    assert len(nudges(clinic.sam)) == 1
