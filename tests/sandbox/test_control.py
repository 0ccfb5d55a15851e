"""The page's HTTP: what the phones show, live, and every tap."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import orjson
import pytest

from bot.sandbox import LocalTelegram
from bot.sandbox.refusals import Json
from tests.sandbox.conftest import Hands

TOLD = ["message", "message", "answer", "edit", "delete", "action", "commands"]


async def _events(response: aiohttp.ClientResponse, count: int) -> list[Json]:
    events: list[Json] = []
    while len(events) < count:
        line = await response.content.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            events.append(orjson.loads(line[6:]))
    return events


async def test_the_page_lists_the_phones_and_their_start_links(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    tg.phone(7, "Sam", start="/start TOKEN")
    tg.phone(8, "Dana", last_name="Reyes", role="counselor")
    async with http.get(f"{url}/sandbox/phones") as answer:
        assert await answer.json() == [
            {"chat_id": 7, "name": "Sam", "role": "patient", "start": "/start TOKEN"},
            {"chat_id": 8, "name": "Dana Reyes", "role": "counselor", "start": None},
        ]


async def test_whatever_happens_in_a_chat_is_told_as_it_happens(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    phone = tg.phone(7)
    async with http.get(f"{url}/sandbox/events") as stream:
        await stream.content.readline()
        async with http.post(f"{url}/sandbox/chats/7/messages", json={"text": "/start"}) as answer:
            said = (await answer.json())["message_id"]
        keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
        sent = tg.call("sendMessage", chat_id=7, text="<b>Hi</b>", parse_mode="HTML", reply_markup=keyboard)
        about = {"message_id": sent["message_id"], "data": "y"}
        async with http.post(f"{url}/sandbox/chats/7/press", json=about) as answer:
            query = (await answer.json())["callback_query_id"]
        tg.call("answerCallbackQuery", callback_query_id=query, text="Noted")
        tg.call("editMessageText", chat_id=7, message_id=sent["message_id"], text="Bye")
        tg.call("deleteMessage", chat_id=7, message_id=sent["message_id"])
        tg.call("sendChatAction", chat_id=7, action="typing")
        tg.call("setMyCommands", commands=[{"command": "help", "description": "Help"}])
        events = await _events(stream, 7)
    assert [event["type"] for event in events] == TOLD
    assert {event["chat_id"] for event in events} == {7}
    assert events[0]["message"]["message_id"] == said
    assert events[1]["message"]["entities"] == [{"type": "bold", "offset": 0, "length": 2}]
    assert (events[2]["text"], events[2]["alert"], events[2]["callback_query_id"]) == ("Noted", False, query)
    assert [message.text for message in phone.messages] == ["/start"]


async def test_a_page_that_opens_late_sees_the_chat_as_it_stands(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    tg.phone(7).start()
    tg.call("sendMessage", chat_id=7, text="Hello")
    tg.call("setMyCommands", commands=[{"command": "help", "description": "Help"}])
    async with http.get(f"{url}/sandbox/chats/7") as answer:
        chat = await answer.json()
    assert [message["text"] for message in chat["messages"]] == ["/start", "Hello"]
    assert chat["commands"] == [{"command": "help", "description": "Help"}]
    assert chat["menu_button"] == {"type": "commands"}
    assert chat["user"]["first_name"] == "Sam"


async def test_taps_that_cannot_be_are_told_why(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    tg.phone(7)
    for path, sent, status in [
        ("chats/9/messages", {"text": "hi"}, 404),
        ("chats/7/messages", {"text": " "}, 400),
        ("chats/7/messages", {"words": "hi"}, 400),
        ("chats/7/delete", {"message_id": 5}, 400),
        ("chats/7/media", {"kind": "hologram"}, 400),
        ("clock", {"to": "next_reminder"}, 409),
        ("clock", {"seconds": -5}, 400),
        ("clock", {"to": "soon"}, 400),
    ]:
        async with http.post(f"{url}/sandbox/{path}", json=sent) as answer:
            assert (path, answer.status) == (path, status)
            assert (await answer.json())["error"]


@pytest.mark.parametrize("kind", ["voice", "photo", "sticker", "document", "contact"])
async def test_a_phone_can_send_media(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession, kind: str
) -> None:
    phone = tg.phone(7)
    async with http.post(f"{url}/sandbox/chats/7/media", json={"kind": kind}) as answer:
        assert answer.status == 200
    assert kind in phone.messages[-1].json


async def test_time_is_moved_to_an_instant_by_seconds_and_to_the_next_reminder(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession, hands: Hands
) -> None:
    begin = hands.now()
    hands.reminder = begin + timedelta(hours=8)
    for move, since in [
        ({"seconds": 90}, timedelta(seconds=90)),
        ({"to": "next_reminder"}, timedelta(hours=8)),
        ({"to": (begin + timedelta(days=1)).isoformat()}, timedelta(days=1)),
    ]:
        async with http.post(f"{url}/sandbox/clock", json=move) as answer:
            assert (await answer.json())["now"] == (begin + since).isoformat()


async def test_a_document_never_runs_as_a_page_of_ours(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    phone = tg.phone(7)
    phone.document("ü.html", content=b"<script>", kind="text/html")
    document = phone.messages[-1].document
    assert document is not None
    async with http.get(f"{url}/sandbox/files/{document['file_id']}") as answer:
        assert await answer.read() == b"<script>"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%C3%BC.html"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_other_sites_cannot_reach_the_phones(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    tg.phone(7)
    say = f"{url}/sandbox/chats/7/messages"
    async with http.post(say, data=b'{"text":"hi"}', headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415
    async with http.post(say, json={"text": "hi"}, headers={"Origin": "https://example.org"}) as answer:
        assert answer.status == 403
    async with http.get(f"{url}/sandbox/phones", headers={"Host": "example.org"}) as answer:
        assert answer.status == 403
