"""What a person can do with their phone, and what the bot hears of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox import LocalTelegram
from bot.sandbox.refusals import Json


def _last(tg: LocalTelegram) -> Json:
    return list(tg.updates.waiting.values())[-1].update


def _keys(*rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "inline_keyboard": [[{"text": text, "callback_data": data} for text, data in row] for row in rows]
    }


def test_one_person_has_one_phone(tg: LocalTelegram) -> None:
    assert tg.phone(7, "Sam") is tg.phone(7)


@pytest.mark.parametrize("kind", ["voice", "photo", "sticker", "document", "contact", "location"])
def test_media_reach_the_bot(tg: LocalTelegram, kind: str) -> None:
    message_id = getattr(tg.phone(7), kind)()
    message = _last(tg)["message"]
    assert (message["message_id"], kind in message, "text" in message) == (message_id, True, False)


def test_an_edited_message_is_another_kind_of_update(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    message_id = phone.send("helo")
    phone.edit(message_id, "hello")
    assert _last(tg)["edited_message"]["text"] == "hello"
    assert [shown.text for shown in phone.messages] == ["hello"]


def test_the_newest_message_with_the_button_is_pressed(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    phone.start()
    old = tg.call(
        "sendMessage", chat_id=7, text="1", reply_markup=_keys([("✅ Done", "d1"), ("Back", "n:back")])
    )
    tg.call("sendMessage", chat_id=7, text="2", reply_markup=_keys([("✅ Done", "d2")]))
    for wanted, data in [("✅ Done", "d2"), ("done", "d2"), ("d1", "d1"), ("n:back", "n:back")]:
        phone.press(wanted)
        assert _last(tg)["callback_query"]["data"] == data
    phone.press("Done", old["message_id"])
    assert _last(tg)["callback_query"]["data"] == "d1"
    with pytest.raises(LookupError, match="no button 'Skip'"):
        phone.press("Skip")


def test_a_press_carries_the_message_as_it_was_when_pressed(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    phone.start()
    sent = tg.call("sendMessage", chat_id=7, text="1", reply_markup=_keys([("y", "z")]))
    phone.press("y")
    tg.call("editMessageText", chat_id=7, message_id=sent["message_id"], text="2")
    assert _last(tg)["callback_query"]["message"]["text"] == "1"
    phone.delete(sent["message_id"])
    phone.press_data(sent["message_id"], "z")
    assert _last(tg)["callback_query"]["message"]["date"] == 0


def test_a_link_button_tells_the_bot_nothing(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    phone.start()
    markup = {"inline_keyboard": [[{"text": "988", "url": "https://988lifeline.org"}]]}
    tg.call("sendMessage", chat_id=7, text="x", reply_markup=markup)
    with pytest.raises(LookupError, match="opens https://988"):
        phone.press("988")


def test_a_phone_sends_no_text_that_an_app_would_not(tg: LocalTelegram) -> None:
    for text in ("", " \n", "x" * 4097):
        with pytest.raises(ValueError, match="1 to 4096"):
            tg.phone(7).send(text)
    tg.phone(7).send(" x ")
    assert _last(tg)["message"]["text"] == "x"


async def test_waiting_finds_what_came_since_the_mark_and_what_is_to_come(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    phone.start()
    sent = tg.call("sendMessage", chat_id=7, text="one")
    assert (await phone.wait("one")).text == "one"
    phone.mark()
    with pytest.raises(TimeoutError, match=r"nothing that fits came(.|\n)*< \d+: one"):
        await phone.wait("one", timeout=0.01)
    waiting = asyncio.create_task(phone.wait(lambda shown: shown.edited))
    await asyncio.sleep(0)
    tg.call("editMessageText", chat_id=7, message_id=sent["message_id"], text="two")
    assert (await waiting).text == "two"
    phone.send("three")
    with pytest.raises(TimeoutError):
        await phone.wait("three", timeout=0.01)  # one's own words are no answer
    gone = asyncio.create_task(phone.gone(sent["message_id"]))
    await asyncio.sleep(0)
    tg.call("deleteMessage", chat_id=7, message_id=sent["message_id"])
    await gone


async def test_an_unanswered_press_is_said(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    phone.start()
    tg.call("sendMessage", chat_id=7, text="x", reply_markup=_keys([("y", "z")]))
    query = phone.press("y")
    with pytest.raises(TimeoutError, match="was not answered"):
        await phone.answered(query, timeout=0.01)
    answered = asyncio.create_task(phone.answered(query))
    await asyncio.sleep(0)
    tg.call("answerCallbackQuery", callback_query_id=query, text="ok", show_alert=True)
    assert (await answered).alert


def test_a_group_tells_of_the_bots_coming_and_of_commands_alone(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    group = tg.group("Friends", phone)
    kinds = [set(pending.update) - {"update_id"} for pending in tg.updates.waiting.values()]
    assert kinds == [{"my_chat_member"}, {"message"}]
    before = len(tg.updates.waiting)
    group.send(phone, "just among us")
    assert len(tg.updates.waiting) == before
    group.send(phone, "/help@handrail_bot")
    assert _last(tg)["message"]["chat"]["type"] == "group"


def test_one_process_bears_thousands_of_updates(tg: LocalTelegram) -> None:
    phones = [tg.phone(1000 + n) for n in range(100)]
    for phone in phones:
        phone.start()
    for n in range(50):
        for phone in phones:
            phone.send(str(n))
            tg.call("sendMessage", chat_id=phone.id, text=str(n))
    offset, taken = 0, 0
    while updates := tg.updates.take(offset, 100):
        taken += len(updates)
        offset = updates[-1]["update_id"] + 1
    assert taken == 5100
    assert tg.updates.waiting == {}
