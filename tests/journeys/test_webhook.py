"""Called by Telegram instead of asking it: the same answers, and a door that opens only to Telegram."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from tests.journeys.clinic import PATIENTS, Clinic, asks, opened, with_value

SECRET = "s3cret_of-this-test"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
async def hooked(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clinic]:
    port = _free_port()
    settings = {
        "PORT": str(port),
        "WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram/hook",
        "WEBHOOK_SECRET": SECRET,
    }
    async with opened(database_url, monkeypatch, **settings) as clinic:
        await clinic.seed()
        yield clinic


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def update(number: int, text: str) -> dict[str, Any]:
    person = {"id": PATIENTS, "is_bot": False, "first_name": "Sam"}
    chat = {"id": PATIENTS, "type": "private", "first_name": "Sam"}
    message = {"message_id": number, "from": person, "chat": chat, "date": 1772569800, "text": text}
    return {"update_id": number, "message": message}


async def post(browser: aiohttp.ClientSession, clinic: Clinic, body: Any, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {HEADER: secret}
    sent = {"data": BytesIO(body)} if isinstance(body, bytes) else {"json": body}
    url = clinic.environment["WEBHOOK_URL"]
    async with browser.post(url, headers=headers, **sent) as answer:
        return answer.status


async def test_a_dialog_goes_its_way_and_a_delivery_told_twice_counts_once(hooked: Clinic) -> None:
    [code] = await hooked.app.store.read(_codes)
    await hooked.say(hooked.sam, "/checkin")
    await hooked.give(hooked.sam, "[5]")
    hooked.expected = {"query is too old"}  # its press was answered the first time
    # The bot commits, and Telegram never hears that it did: it delivers again.
    hooked.tg.faults.add("webhook", kind="timeout_after", hold=0.01)
    shown = await hooked.open_prompt(hooked.sam)
    asked = await hooked.heard(
        hooked.sam, lambda: hooked.sam.press_data(shown.message_id, with_value(shown, "4"))
    )
    assert [asks(m) for m in asked] == [True]
    await hooked.walk(hooked.sam)
    exported = await hooked.export(code)
    assert [record["values"]["craving"] for record in exported["records"]] == [4]
    assert [a["key"] for a in exported["answers"]].count("craving") == 1


async def test_only_telegram_comes_in(hooked: Clinic, browser: aiohttp.ClientSession) -> None:
    [code] = await hooked.app.store.read(_codes)
    for secret in (None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper()):
        assert await post(browser, hooked, update(7, "words of a forger"), secret) == 403
    assert await post(browser, hooked, b"x" * 2_000_000) == 413
    assert await post(browser, hooked, b"x" * 2_000_000, "wrong") == 403
    for body in (b"{", b"", b"[1]", b'"words"'):
        assert await post(browser, hooked, body) == 400
    url = hooked.environment["WEBHOOK_URL"]
    async with browser.get(url) as answer:
        assert answer.status == 405
    async with browser.get(url.replace("/hook", "/elsewhere")) as answer:
        assert answer.status == 404
    assert (await hooked.export(code))["messages"] == []


async def test_a_redelivery_changes_nothing_and_another_update_with_its_number_does(
    hooked: Clinic, browser: aiohttp.ClientSession
) -> None:
    [code] = await hooked.app.store.read(_codes)
    for _ in range(3):
        assert await post(browser, hooked, update(70, "said once")) == 200
    await hooked.quiet()
    assert len([m for m in hooked.sam.messages if not m.mine]) == 1
    assert [m["text"] for m in (await hooked.export(code))["messages"]] == ["said once"]
    again = update(70, "after a quiet week ids begin anew")
    again["message"]["message_id"] = 71
    assert await post(browser, hooked, again) == 200
    assert len((await hooked.export(code))["messages"]) == 2


async def test_what_cannot_be_committed_is_not_acknowledged(
    hooked: Clinic, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked.expected = {"not_committed", "turn.failed", "tick.failed"}
    [code] = await hooked.app.store.read(_codes)

    async def fail(*given: Any, **named: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as breaking:
        breaking.setattr(hooked.app.store, "write", fail)
        assert await post(browser, hooked, update(70, "kept by Telegram")) == 503
    assert await post(browser, hooked, update(70, "kept by Telegram")) == 200
    assert [m["text"] for m in (await hooked.export(code))["messages"]] == ["kept by Telegram"]


async def test_an_update_that_nobody_can_read_is_kept_and_the_queue_moves_on(
    hooked: Clinic, browser: aiohttp.ClientSession
) -> None:
    hooked.expected = {"update.unreadable"}
    for body in ({"update_id": 5, "message": {"text": 7}}, {"message": "no"}, {}):
        assert await post(browser, hooked, body) == 200
    assert asks((await hooked.say(hooked.sam, "/checkin"))[-1])


async def test_words_are_heard_whatever_came_along_with_them(
    hooked: Clinic, browser: aiohttp.ClientSession
) -> None:
    """A part that is new or broken, half an emoji, a number that no column holds: none of it hides a cry."""
    words, cry = update(80, "A long day")["message"], update(82, "I want to kill myself \ud83d")["message"]
    for broken in (
        {"update_id": 1 << 70, "message": {**words, "date": "?", "entities": 7}},
        {"update_id": 81, "message": {**words, "message_id": 81, "quote": [[]], "poll": {"x": 1}}},
        {"update_id": 82, "message": {**cry, "sender_chat": "?"}},
    ):
        assert await post(browser, hooked, broken) == 200
        await hooked.settle()
    [code] = await hooked.app.store.read(_codes)
    kept = [row["text"] for row in (await hooked.export(code))["messages"]]
    assert kept == ["A long day", "A long day", "I want to kill myself ?"]
    assert any("988" in shown.text for shown in hooked.sam.messages)


async def test_health_is_told_truly(hooked: Clinic, browser: aiohttp.ClientSession) -> None:
    url = f"http://127.0.0.1:{hooked.app.web.port}/healthz"
    await hooked.tick()
    async with browser.get(url) as answer:
        assert answer.status == 200
    hooked.app._ready = hooked.app._taking = False
    async with browser.get(url) as answer:
        assert answer.status == 503
    assert await post(browser, hooked, update(70, "too early")) == 503
    hooked.app._ready = hooked.app._taking = True


def _codes(unit: Any) -> list[str]:
    from bot.rows import Patient

    return [patient.code for patient in unit.find(Patient)]
