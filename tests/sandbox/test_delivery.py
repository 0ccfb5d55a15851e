"""Webhooks: in order per queue, again until answered, never more at once than was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import LocalTelegram
from bot.sandbox.refusals import Json, Refusal
from tests.sandbox.conftest import Hands

KEYS = {"inline_keyboard": [[{"text": "y", "callback_data": "z"}]]}


@dataclass
class Hook:
    """A bot's webhook, which answers as it is told and otherwise 200."""

    url: str = ""
    heard: asyncio.Queue[tuple[Json, str | None]] = field(default_factory=asyncio.Queue)
    answer: Callable[[Json], Awaitable[web.Response]] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        update = await request.json()
        await self.heard.put((update, request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return web.Response() if self.answer is None else await self.answer(update)

    async def texts(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            return [(await self.heard.get())[0]["message"]["text"] for _ in range(count)]


@pytest.fixture
async def hook(tg: LocalTelegram, url: str) -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    tg.webhook.first_pause = 0.01
    yield hook
    tg.call("deleteWebhook")
    await runner.cleanup()


async def _drained(tg: LocalTelegram) -> None:
    async with asyncio.timeout(10):
        await tg.settled()


async def test_what_waited_is_delivered_in_order_with_the_secret(tg: LocalTelegram, hook: Hook) -> None:
    phone = tg.phone(7)
    phone.send("a")
    tg.call("setWebhook", url=hook.url, secret_token="s3-cret_")
    phone.send("b")
    got = [await hook.heard.get() for _ in range(2)]
    assert [(update["message"]["text"], secret) for update, secret in got] == [
        ("a", "s3-cret_"),
        ("b", "s3-cret_"),
    ]
    await _drained(tg)


async def test_what_is_not_answered_2xx_comes_again_and_holds_back_its_queue(
    tg: LocalTelegram, hook: Hook
) -> None:
    failures = 2

    async def fail_twice(update: Json) -> web.Response:
        nonlocal failures
        if update.get("message", {}).get("text") == "a" and failures:
            failures -= 1
            return web.Response(status=503)
        return web.Response()

    hook.answer = fail_twice
    tg.call("setWebhook", url=hook.url)
    tg.phone(7).send("a")
    tg.phone(7).send("b")
    assert await hook.texts(4) == ["a", "a", "a", "b"]
    await _drained(tg)
    info = tg.call("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"


async def test_an_answer_that_comes_too_late_is_none(tg: LocalTelegram, hook: Hook) -> None:
    slow, released = True, asyncio.Event()

    async def once_slow(update: Json) -> web.Response:
        nonlocal slow
        if slow:
            slow = False
            await released.wait()
        return web.Response()

    hook.answer = once_slow
    tg.webhook.patience = 0.05
    tg.call("setWebhook", url=hook.url)
    tg.phone(7).send("a")
    assert await hook.texts(2) == ["a", "a"]
    await _drained(tg)
    assert tg.call("getWebhookInfo")["last_error_message"] == "Read timeout expired"
    released.set()


async def test_a_persons_messages_and_presses_are_two_queues(tg: LocalTelegram, hook: Hook) -> None:
    phone = tg.phone(7)
    phone.start()
    tg.updates.waiting.clear()
    held = asyncio.Event()

    async def hold_messages(update: Json) -> web.Response:
        if "message" in update:
            await held.wait()
        return web.Response()

    hook.answer = hold_messages
    tg.call("setWebhook", url=hook.url)
    tg.call("sendMessage", chat_id=7, text="x", reply_markup=KEYS)
    phone.send("a")
    phone.send("b")
    phone.press("y")
    tg.phone(8).send("c")
    async with asyncio.timeout(10):
        first = [(await hook.heard.get())[0] for _ in range(3)]
    assert {"callback_query" in update or update["message"]["text"] for update in first} == {True, "a", "c"}
    assert hook.heard.empty()
    held.set()
    assert await hook.texts(1) == ["b"]
    await _drained(tg)


async def test_no_more_than_max_connections_at_once(tg: LocalTelegram, hook: Hook) -> None:
    held, now, most = asyncio.Event(), 0, 0

    async def count(update: Json) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await held.wait()
        now -= 1
        return web.Response()

    hook.answer = count
    tg.call("setWebhook", url=hook.url, max_connections=3)
    for person in range(10):
        tg.phone(100 + person).send("a")
    await hook.texts(3)
    held.set()
    await hook.texts(7)
    await _drained(tg)
    assert most == 3


async def test_an_answer_that_names_a_method_is_a_call(tg: LocalTelegram, hook: Hook) -> None:
    async def reply(update: Json) -> web.Response:
        return web.json_response({"method": "sendMessage", "chat_id": 7, "text": "heard"})

    hook.answer = reply
    tg.call("setWebhook", url=hook.url)
    phone = tg.phone(7)
    phone.send("a")
    assert (await phone.wait("heard")).text == "heard"


async def test_after_the_answer_is_lost_the_update_comes_twice(tg: LocalTelegram, hook: Hook) -> None:
    tg.faults.add("webhook", kind="timeout_after")
    tg.call("setWebhook", url=hook.url)
    tg.phone(7).send("a")
    assert await hook.texts(2) == ["a", "a"]
    await _drained(tg)


async def test_in_an_outage_nothing_is_delivered_and_nothing_lost(tg: LocalTelegram, hook: Hook) -> None:
    tg.call("setWebhook", url=hook.url)
    tg.faults.outage(True)
    tg.phone(7).send("a")
    failures: asyncio.Queue[str] = asyncio.Queue()
    tg.webhook.failures.append(failures.put_nowait)
    async with asyncio.timeout(10):
        assert await failures.get() == await failures.get() == "Connection refused"
    assert hook.heard.empty()
    tg.faults.outage(False)
    assert await hook.texts(1) == ["a"]


async def test_dropping_what_waits_is_the_bots_to_ask(tg: LocalTelegram, hook: Hook) -> None:
    tg.phone(7).send("a")
    tg.call("setWebhook", url=hook.url, drop_pending_updates=True)
    tg.phone(7).send("b")
    assert await hook.texts(1) == ["b"]


async def test_deleting_the_webhook_keeps_what_was_not_delivered(
    tg: LocalTelegram, url: str, hands: Hands, http: aiohttp.ClientSession
) -> None:
    tg.webhook.first_pause = 0.01
    tg.call("setWebhook", url="http://127.0.0.1:9/nobody")
    tg.phone(7).send("a")
    async with http.post(f"{url}/bot{tg.token}/deleteWebhook") as answer:
        assert await answer.json() == {"ok": True, "result": True, "description": "Webhook was deleted"}
    assert [update["message"]["text"] for update in await tg.get_updates({})] == ["a"]
    hands.at += timedelta(hours=25)
    assert await tg.get_updates({}) == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"url": "https://example.org/hook"}, "bad webhook: the local Telegram calls this machine only"),
        ({"url": "ftp://127.0.0.1/"}, "bad webhook: invalid webhook URL specified"),
        ({"url": "http://127.0.0.1/", "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1/", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
def test_a_webhook_that_cannot_be(tg: LocalTelegram, given: Json, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        tg.call("setWebhook", **given)
    assert refused.value.description == f"Bad Request: {why}"
