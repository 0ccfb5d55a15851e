"""What goes wrong on purpose, as the caller meets it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import pytest
from telegram import Bot
from telegram.error import Forbidden, NetworkError, RetryAfter, TimedOut

from bot.sandbox import LocalTelegram


@pytest.fixture
def started(tg: LocalTelegram) -> LocalTelegram:
    tg.phone(7).start()
    tg.phone(8).start()
    return tg


def _seen(tg: LocalTelegram) -> list[str]:
    return [shown.text for shown in tg.phone(7).messages if not shown.mine]


async def test_429_names_the_seconds_and_strikes_as_often_as_asked(started: LocalTelegram, bot: Bot) -> None:
    started.faults.add("sendMessage", chat=7, kind="429", times=2, retry_after=5)
    await bot.send_message(8, "another chat's")
    for _ in range(2):
        with pytest.raises(RetryAfter) as told:
            await bot.send_message(7, "x")
        assert told.value.retry_after == timedelta(seconds=5)
    await bot.send_message(7, "y")
    assert _seen(started) == ["y"]
    assert started.refused == []
    assert [call.fault for call in started.calls if call.params.get("chat_id") == 7] == ["429", "429", None]


async def test_5xx_and_403_do_not_do_the_work(started: LocalTelegram, bot: Bot) -> None:
    started.faults.add(kind="5xx")
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(7, "x")
    started.faults.add(kind="403")
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(7, "x")
    assert _seen(started) == []


async def test_a_timeout_may_come_before_the_work_or_after(started: LocalTelegram, bot: Bot) -> None:
    for kind, seen in [("timeout_before", []), ("timeout_after", ["x"])]:
        started.faults.add("sendMessage", kind=kind)  # type: ignore[arg-type]
        with pytest.raises(TimedOut):
            await bot.send_message(7, "x", read_timeout=0.05)
        assert _seen(started) == seen


async def test_a_held_call_can_end_by_a_cut(started: LocalTelegram, bot: Bot) -> None:
    started.faults.add("sendMessage", kind="timeout_after", hold=0.01)
    with pytest.raises(NetworkError) as cut:
        await bot.send_message(7, "x")
    assert not isinstance(cut.value, TimedOut)
    assert _seen(started) == ["x"]


async def test_a_reset_cuts_the_connection(
    started: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    started.faults.add("getMe", kind="reset")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await http.post(f"{url}/bot{started.token}/getMe")
    async with http.get(f"{url}/bot{started.token}/getMe") as answer:
        assert answer.status == 200


async def test_an_outage_takes_everything_and_gives_it_back(started: LocalTelegram, bot: Bot) -> None:
    started.faults.outage(True)
    for call in (bot.get_me(), bot.send_message(7, "x"), bot.get_updates()):
        with pytest.raises(NetworkError):
            await call
    started.faults.outage(False)
    assert len(await bot.get_updates()) == 2
    assert _seen(started) == []


async def test_updates_whose_answer_was_lost_come_again(started: LocalTelegram, bot: Bot) -> None:
    started.faults.add("getUpdates", kind="timeout_after", hold=0.01)
    with pytest.raises(NetworkError):
        await bot.get_updates()
    assert len(await bot.get_updates()) == 2


async def test_an_outage_ends_a_poll_that_waits(tg: LocalTelegram, bot: Bot) -> None:
    polling = asyncio.create_task(bot.get_updates(timeout=30))
    await tg.polled()
    tg.faults.outage(True)
    with pytest.raises(NetworkError):
        await asyncio.wait_for(polling, 10)


def test_a_fault_that_is_none_is_refused(tg: LocalTelegram) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        tg.faults.add(kind="gremlins")  # type: ignore[arg-type]
