"""getUpdates: nothing is lost before it is confirmed, nothing comes back after."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import BadRequest, Conflict

from bot.sandbox import LocalTelegram
from bot.sandbox.updates import Updates
from tests.sandbox.conftest import Hands


def _texts(tg: LocalTelegram, offset: int = 0, limit: int = 100) -> list[str]:
    return [update["message"]["text"] for update in tg.updates.take(offset, limit)]


def _say(tg: LocalTelegram, *texts: str) -> list[int]:
    for text in texts:
        tg.phone(7).send(text)
    return list(tg.updates.waiting)[-len(texts) :]


def test_updates_come_again_until_an_offset_above_them(tg: LocalTelegram) -> None:
    ids = _say(tg, "a", "b", "c")
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
    assert _texts(tg) == _texts(tg) == ["a", "b", "c"]
    assert _texts(tg, offset=ids[1]) == ["b", "c"]
    assert _texts(tg) == ["b", "c"]
    assert _texts(tg, offset=ids[2] + 1) == []
    assert _texts(tg, offset=0) == []


def test_a_limit_keeps_the_rest_for_later(tg: LocalTelegram) -> None:
    _say(tg, "a", "b", "c")
    assert _texts(tg, limit=2) == ["a", "b"]


def test_a_negative_offset_forgets_all_but_the_last(tg: LocalTelegram) -> None:
    _say(tg, "a", "b", "c")
    assert _texts(tg, offset=-2) == ["b", "c"]
    assert _texts(tg) == ["b", "c"]
    assert _texts(tg, offset=-9) == ["b", "c"]


def test_an_offset_from_another_life_confirms_nothing(tg: LocalTelegram) -> None:
    ids = _say(tg, "a", "b")
    assert _texts(tg, offset=ids[-1] + 1000) == ["a", "b"]


def test_an_update_waits_for_a_day(tg: LocalTelegram, hands: Hands) -> None:
    _say(tg, "a")
    hands.at += timedelta(hours=23)
    _say(tg, "b")
    assert _texts(tg) == ["a", "b"]
    hands.at += timedelta(hours=2)
    assert _texts(tg) == ["b"]


def test_ids_begin_anew_after_an_idle_week(tg: LocalTelegram, hands: Hands) -> None:
    (first,) = _say(tg, "a")
    hands.at += timedelta(days=6)
    (second,) = _say(tg, "b")
    hands.at += timedelta(days=7)
    (third,) = _say(tg, "c")
    assert second == first + 1
    assert third != second + 1
    assert _texts(tg) == ["c"]
    assert _texts(tg, offset=second + 1) in (["c"], [])


def test_ids_can_be_told_to_rise_for_ever(hands: Hands) -> None:
    tg = LocalTelegram(now=hands.now, restarts=False)
    (first,) = _say(tg, "a")
    hands.at += timedelta(days=70)
    assert _say(tg, "b") == [first + 1]


@given(st.lists(st.integers(0, 12)))
def test_a_reader_that_confirms_what_it_read_reads_each_once_in_order(pauses: list[int]) -> None:
    hands = Hands()
    updates = Updates(hands.now, Random(0))
    sent = [number for number, _ in enumerate(pauses)]
    read: list[int] = []
    offset = 0

    def poll() -> None:
        nonlocal offset
        for update in updates.take(offset, 5):
            read.append(update["message"]["number"])
            offset = update["update_id"] + 1

    for number, pause in zip(sent, pauses, strict=True):
        updates.add("message", {"number": number}, "messages 7")
        if pause < 3:
            poll()
    for _ in range(len(pauses) + 1):
        poll()
    assert read == sent


async def test_only_kinds_that_were_asked_for_come(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    await tg.get_updates({"allowed_updates": ["callback_query"]})
    phone.start()
    tg.call(
        "sendMessage",
        chat_id=7,
        text="x",
        reply_markup={"inline_keyboard": [[{"text": "y", "callback_data": "z"}]]},
    )
    phone.press("y")
    await tg.get_updates({})  # what was asked for last still holds
    phone.send("a")
    assert [set(update) - {"update_id"} for update in await tg.get_updates({})] == [{"callback_query"}]
    await tg.get_updates({"allowed_updates": []})
    phone.send("b")
    assert [set(update) - {"update_id"} for update in await tg.get_updates({})] == [
        {"callback_query"},
        {"message"},
    ]


async def test_of_two_pollers_the_first_is_sent_away(tg: LocalTelegram, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await tg.polled()
    second = asyncio.create_task(tg.get_updates({"timeout": 30}))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await asyncio.wait_for(first, 10)
    await tg.polled()
    _say(tg, "a")
    assert len(await second) == 1


async def test_a_webhook_and_polling_exclude_each_other(tg: LocalTelegram, bot: Bot) -> None:
    polling = asyncio.create_task(bot.get_updates(timeout=30))
    await tg.polled()
    await bot.set_webhook("http://127.0.0.1:9/")
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await polling
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_a_poll_without_news_ends_empty(tg: LocalTelegram) -> None:
    assert await tg.get_updates({"timeout": 1}) == []


async def test_unknown_kinds_are_refused(bot: Bot) -> None:
    with pytest.raises(BadRequest, match='type "mesage" in allowed_updates'):
        await bot.get_updates(allowed_updates=["mesage"])
