"""The whole way out over real HTTP: a row of the outbox, the sender, the courier, a strict Telegram."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram import Bot

from bot.clock import SystemClock
from bot.courier import Blocked, Gone, NotSent, Refused, SlowDown, Unsure
from bot.outbox import Address, Kind, Lane, say
from bot.rows import Outgoing, Sending
from bot.sandbox import LocalTelegram, serve
from bot.sandbox.phones import PIXEL, Phone
from bot.sender import Sender
from bot.telegram.outbound import Outbound
from bot.telegram.request import AiohttpRequest
from bot.telegram.request import bot as a_bot
from bot.unit import Unit
from tests.sender.stage import a_store

SAM = 1001
BUTTONS = [[["Go on", "o:checkin"], ["988", "https://988lifeline.org"]]]


@pytest.fixture
def tg() -> LocalTelegram:
    return LocalTelegram()


@pytest.fixture
def sam(tg: LocalTelegram) -> Phone:
    phone = tg.phone(SAM, first_name="Sam")
    phone.send("/start")
    return phone


@pytest.fixture
async def url(tg: LocalTelegram, sam: Phone) -> AsyncIterator[str]:
    async with serve(tg) as url:
        yield url


@pytest.fixture
async def bot(tg: LocalTelegram, url: str) -> AsyncIterator[Bot]:
    async with a_bot(tg.token, url) as bot:
        yield bot


@pytest.fixture
def courier(bot: Bot) -> Outbound:
    return Outbound(bot)


def body(kind: Kind, **more: Any) -> dict[str, Any]:
    return {"chat": SAM, "kind": kind, **more}


async def test_a_text_arrives_as_it_was_written(courier: Outbound, sam: Phone) -> None:
    sent = await courier.deliver(body(Kind.TEXT, text="<b>Hi</b> &amp; 😀", buttons=BUTTONS, protect=True))
    shown = sam.messages[-1]
    assert shown.message_id == sent
    assert (shown.html, shown.protected) == ("<b>Hi</b> &amp; 😀", True)
    [[go, link]] = shown.buttons
    assert (go.text, go.data, go.url) == ("Go on", "o:checkin", None)
    assert (link.text, link.data, link.url) == ("988", None, "https://988lifeline.org")


async def test_a_silent_text_makes_no_sound_and_any_other_does(courier: Outbound, tg: LocalTelegram) -> None:
    for silent in (True, False):
        await courier.deliver(body(Kind.TEXT, text="one", buttons=[], silent=silent))
    assert [call.params.get("disable_notification") for call in tg.calls if call.method == "sendMessage"] == [
        True,
        None,
    ]


async def test_a_message_is_changed_by_the_id_given_or_the_bodys_own(courier: Outbound, sam: Phone) -> None:
    sent = await courier.deliver(body(Kind.TEXT, text="one", buttons=BUTTONS))
    assert await courier.deliver(body(Kind.EDIT, text="two"), message_id=sent) == sent
    assert (sam.messages[-1].text, sam.messages[-1].buttons) == ("two", [])
    await courier.deliver(body(Kind.BUTTONS, message_id=sent, buttons=BUTTONS))
    assert sam.messages[-1].labels == ["Go on", "988"]
    await courier.deliver(body(Kind.BUTTONS, message_id=sent, buttons=[]))
    assert sam.messages[-1].labels == []


async def test_changing_nothing_is_a_success(courier: Outbound) -> None:
    sent = await courier.deliver(body(Kind.TEXT, text="one"))
    assert await courier.deliver(body(Kind.EDIT, text="one"), message_id=sent) == sent
    assert await courier.deliver(body(Kind.BUTTONS, message_id=sent)) == sent


async def test_changing_what_is_gone_is_gone(courier: Outbound, sam: Phone) -> None:
    sent = await courier.deliver(body(Kind.TEXT, text="one"))
    assert sent is not None
    await courier.deliver(body(Kind.DELETE, message_ids=[sent, 99999]))
    assert "one" not in [shown.text for shown in sam.messages]
    for gone in (body(Kind.EDIT, message_id=sent, text="two"), body(Kind.EDIT, text="no id at all")):
        with pytest.raises(Gone):
            await courier.deliver(gone)


async def test_files_arrive_with_caption_and_buttons(
    courier: Outbound, sam: Phone, tg: LocalTelegram
) -> None:
    file = {"name": "export.json", "content": b64encode(b'{"a": 1}').decode()}
    await courier.deliver(body(Kind.DOCUMENT, text="<i>yours</i>", buttons=BUTTONS, **file))
    shown = sam.messages[-1]
    assert shown.document is not None
    assert (shown.document["file_name"], shown.html, shown.labels) == (
        "export.json",
        "<i>yours</i>",
        ["Go on", "988"],
    )
    assert tg.files[shown.document["file_id"]].content == b'{"a": 1}'
    await courier.deliver(body(Kind.PHOTO, name="qr.png", content=b64encode(PIXEL).decode(), text=""))
    assert sam.messages[-1].photo


async def test_a_chat_gets_its_menu_and_everyone_else_the_default(
    courier: Outbound, tg: LocalTelegram
) -> None:
    await courier.deliver(body(Kind.MENU, commands=[["checkin", "Check in"]]))
    await courier.default_menus({"": [("start", "Begin")], "es": [("start", "Empezar")]})
    calls = [call.params for call in tg.calls if call.method == "setMyCommands"]
    assert [(call["scope"]["type"], call.get("language_code")) for call in calls] == [
        ("chat", None),
        ("all_private_chats", None),
        ("all_private_chats", "es"),
    ]


async def test_a_group_is_left(courier: Outbound, tg: LocalTelegram, sam: Phone) -> None:
    group = tg.group("Friends", sam)
    await courier.deliver({"chat": group.chat.id, "kind": "leave"})
    with pytest.raises(Blocked):
        await courier.deliver({"chat": group.chat.id, "kind": "text", "text": "hi"})


async def test_the_bot_says_who_it_is(courier: Outbound, tg: LocalTelegram) -> None:
    assert await courier.get_me() == (123456, "handrail_bot")


async def test_words_whose_markup_telegram_refuses_arrive_without_it(courier: Outbound, sam: Phone) -> None:
    """A slip of ours in a template is not paid for with silence."""
    await courier.deliver(body(Kind.TEXT, text="<b>You</i> are &lt;not&gt; alone", buttons=BUTTONS))
    assert sam.messages[-1].text == "You are <not> alone"
    assert sam.messages[-1].labels == ["Go on", "988"]
    await courier.deliver(body(Kind.TEXT, text="x" * 5000))
    assert len(sam.messages[-1].text) == 4096


@pytest.mark.parametrize(
    ("fault", "outcome", "times"),
    [
        ("429", SlowDown, 0),
        ("5xx", NotSent, 0),
        ("403", Blocked, 0),
        ("reset", Unsure, 0),
        ("timeout_before", Unsure, 0),
        ("timeout_after", Unsure, 1),
    ],
)
async def test_each_failure_has_its_outcome(
    courier: Outbound, tg: LocalTelegram, sam: Phone, fault: Any, outcome: type[Exception], times: int
) -> None:
    tg.faults.add("sendMessage", kind=fault, retry_after=7, hold=0.01)
    with pytest.raises(outcome) as raised:
        await courier.deliver(body(Kind.TEXT, text="hi"))
    assert [shown.text for shown in sam.messages].count("hi") == times
    if isinstance(raised.value, SlowDown):
        assert raised.value.retry_after == 7


async def test_who_cannot_be_reached_and_what_is_never_taken(courier: Outbound, tg: LocalTelegram) -> None:
    with pytest.raises(Blocked):
        await courier.deliver({"chat": 424242, "kind": "text", "text": "hi"})
    with pytest.raises(Refused, match="empty"):
        await courier.deliver(body(Kind.TEXT, text=""))
    with pytest.raises(Refused, match="button"):
        await courier.deliver(body(Kind.TEXT, text="hi", buttons=[[["Go", "x" * 65]]]))


async def test_without_a_connection_nothing_was_sent(tg: LocalTelegram) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    bot = a_bot(tg.token, f"http://127.0.0.1:{port}")
    with pytest.raises(NotSent):  # before the session is opened, too
        await Outbound(bot).deliver(body(Kind.TEXT, text="hi"))
    for request in bot._request:
        await request.initialize()
    with pytest.raises(NotSent):
        await Outbound(bot).deliver(body(Kind.TEXT, text="hi"))
    for request in bot._request:
        await request.shutdown()


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (200, b"<html>captive portal</html>", Unsure),
        (502, b"<html>Bad Gateway</html>", Unsure),
        (500, b'{"ok": false, "error_code": 500, "description": "Internal Server Error"}', NotSent),
        (429, b"<html>slow down</html>", SlowDown),
        (413, b'{"ok": false, "error_code": 413, "description": "Request Entity Too Large"}', Refused),
        (401, b'{"ok": false, "error_code": 401, "description": "Unauthorized"}', NotSent),
        (302, b"", Unsure),
    ],
)
async def test_answers_that_are_not_telegrams_own(
    tg: LocalTelegram, status: int, answer: bytes, outcome: type[Exception]
) -> None:
    """A gateway may give up on a call that Telegram goes on to do; Telegram's own word is believed."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        bot = a_bot(tg.token, f"http://127.0.0.1:{port}")
        await bot._request[1].initialize()
        with pytest.raises(outcome):
            await Outbound(bot).deliver(body(Kind.TEXT, text="hi"))
        await bot._request[1].shutdown()


SENT = b'{"ok": true, "result": {"message_id": 7}}'
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (OK + b"Transfer-Encoding: chunked\r\n\r\n29\r\n%b\r\n0\r\n\r\n" % SENT, 7),
        (b"HTTP/1.1 100 Continue\r\n\r\n%bContent-Length: 41\r\n\r\n%b" % (OK, SENT), 7),
        (OK + b"\r\n" + SENT, 7),
        (OK + b"Content-Length: 900\r\n\r\n" + SENT, Unsure),
        (b"no HTTP at all\r\n\r\n", Unsure),
        (b"", Unsure),
    ],
)
async def test_an_answer_is_read_whole_or_doubted(
    tg: LocalTelegram, answer: bytes, outcome: int | type[Exception]
) -> None:
    """However it is framed; and a connection on which one was cut off is not used again."""
    connections = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        bot = a_bot(tg.token, f"http://127.0.0.1:{port}")
        await bot._request[1].initialize()
        for _ in range(2):
            if isinstance(outcome, int):
                assert await Outbound(bot).deliver(body(Kind.TEXT, text="hi")) == outcome
            else:
                with pytest.raises(outcome):
                    await Outbound(bot).deliver(body(Kind.TEXT, text="hi"))
        await bot._request[1].shutdown()
    assert connections == 2


async def test_a_call_that_is_given_up_leaves_no_answer_for_the_next(tg: LocalTelegram) -> None:
    """Its answer comes later, on a connection that nobody reads any more."""
    asked = asyncio.Semaphore(0)
    answered = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.release()
        await answered.wait()
        writer.write(OK + b"Content-Length: 41\r\n\r\n" + SENT)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        bot = a_bot(tg.token, f"http://127.0.0.1:{port}")
        await bot._request[1].initialize()
        given_up = asyncio.create_task(Outbound(bot).deliver(body(Kind.TEXT, text="one")))
        await asked.acquire()
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        answered.set()
        assert await Outbound(bot).deliver(body(Kind.TEXT, text="two")) == 7
        await bot._request[1].shutdown()
    assert asked._value == 1


async def test_an_old_button_is_answered_in_vain_and_nobody_minds(
    courier: Outbound, tg: LocalTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    courier.answer_callback("no such query", "Too late")
    await courier.settled()
    assert [call.status for call in tg.calls if call.method == "answerCallbackQuery"] == [400]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_the_token_is_in_no_log(
    courier: Outbound, tg: LocalTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where a library would log at DEBUG."""
    caplog.set_level(logging.DEBUG)
    tg.faults.add("sendMessage", kind="reset")
    with pytest.raises(Unsure):
        await courier.deliver(body(Kind.TEXT, text="hi"))
    await courier.deliver(body(Kind.TEXT, text="hi"))
    ours = [record for record in caplog.records if not record.name.startswith(("telegram", "uvicorn"))]
    assert not any(tg.token in record.getMessage() for record in ours)


async def test_calls_share_their_connections(
    tg: LocalTelegram, url: str, courier: Outbound, bot: Bot
) -> None:
    for _ in range(20):
        await courier.deliver(body(Kind.TEXT, text="hi"))
    request = bot.request
    assert isinstance(request, AiohttpRequest)
    assert request._session is not None
    assert request._session.connector is not None
    assert sum(len(kept) for kept in request._session.connector._conns.values()) == 1


async def test_under_faults_every_word_arrives_and_nudges_at_most_once(
    tg: LocalTelegram, sam: Phone, courier: Outbound, database_url: str
) -> None:
    """A fifth of the calls go wrong, before or after the work is done, on a real database."""
    chance = random.Random(3)
    store = a_store(database_url, SystemClock())
    sender = Sender(store, courier, rate=0, shared=not store.on_sqlite, chance=chance)
    for phone in range(2000, 2010):
        tg.phone(phone, first_name="P").send("/start")
    for _ in range(16):
        kind: Any = chance.choice(["429", "5xx", "reset", "timeout_before", "timeout_after"])
        tg.faults.add("sendMessage", kind=kind, chat=chance.randrange(2000, 2010), hold=0.01)

    def work(unit: Unit) -> None:
        for count in range(80):
            chat = 2000 + count % 10
            say(
                unit,
                Address(chat, unit.digest(chat)),
                f"{Lane(count % 4).name} {count}",
                lane=Lane(count % 4),
            )

    await sender.start()
    await store.write(work)
    async with asyncio.timeout(30):
        await sender.idle()
    states = await store.read(lambda unit: [(row.state, row.body) for row in unit.find(Outgoing)])
    assert states == [(Sending.SENT, None)] * 80
    for chat in range(2000, 2010):
        seen = [shown.text for shown in tg.phone(chat).messages if not shown.mine]
        for count in range(chat - 2000, 80, 10):
            times = seen.count(f"{Lane(count % 4).name} {count}")
            assert times <= 1 if count % 4 == Lane.NUDGE else times >= 1
    await sender.stop(1)
    await store.close()
