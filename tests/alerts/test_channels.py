"""The second channel against real servers: a mail server and an HTTP receiver on this machine."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope

from bot import channels, gaps
from bot.channels import EMAIL, WEBHOOK
from bot.courier import NotSent, Refused, Unsure
from bot.second_channel import Couriers, Mail, Webhook, beat
from bot.sender import Sender
from tests.alerts.ward import MINUTE, Ward

BODY = {
    "chat": 0,
    "kind": EMAIL,
    "id": "unanswered:1:0",
    "why": "unanswered",
    "code": "P-SAM",
    "level": "emergency",
    "reason": "Words in the chat that point to thoughts of suicide",
    "at": "2026-03-02T12:00:00+00:00",
    "subject": "Riverside: P-SAM\r\nBcc: everyone@example.org",
    "text": "An alert about P-SAM has no answer.",
}


class Post:
    """What the mail server did with each letter; `refuse` is said instead of 250."""

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.to: list[str] = []
        self.refuse: list[str] = []
        self.came = asyncio.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse.pop(0)
        assert isinstance(envelope.content, bytes)
        self.letters.append(envelope.content.decode())
        self.to += envelope.rcpt_tos
        self.came.set()
        return "250 taken"


class Receiver:
    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.calls = 0
        self.statuses: list[int] = []
        self.url = ""
        self.came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        self.calls += 1
        status = self.statuses.pop(0) if self.statuses else 200
        if request.method == "POST" and status == 200:
            self.said.append(await request.json())
            self.came.set()
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})


@asynccontextmanager
async def mail_server(post: Post) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(post, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    made.url = f"http://127.0.0.1:{port}/page?token=secret"
    yield made
    await runner.cleanup()


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_an_alarm_arrives_by_mail_with_code_and_reason_and_no_header_of_its_making() -> None:
    post = Post()
    async with mail_server(post) as port:
        mail = Mail(f"smtp://127.0.0.1:{port}", "lead@example.org,night@example.org")
        await mail.deliver(BODY)
    assert post.to == ["lead@example.org", "night@example.org"]
    head, _, text = post.letters[0].partition("\r\n\r\n")
    assert "Subject: Riverside: P-SAM Bcc: everyone@example.org" in head
    assert not any(line.startswith("Bcc") for line in head.splitlines())
    assert "An alert about P-SAM has no answer." in text


@pytest.mark.parametrize(("said", "outcome"), [("451 later", NotSent), ("554 never", Refused)])
async def test_what_the_mail_server_says_decides_whether_it_is_tried_again(
    said: str, outcome: type[Exception]
) -> None:
    post = Post()
    post.refuse = [said]
    async with mail_server(post) as port:
        with pytest.raises(outcome):
            await Mail(f"smtp://127.0.0.1:{port}", "lead@example.org").deliver(BODY)


async def test_without_a_server_nothing_was_sent() -> None:
    with pytest.raises(NotSent):
        await Mail(f"smtp://127.0.0.1:{closed_port()}", "lead@example.org").deliver(BODY)
    with pytest.raises(NotSent):
        await Webhook(f"http://127.0.0.1:{closed_port()}/").deliver(BODY)


async def test_a_webhook_gets_json_that_a_pager_can_read(receiver: Receiver) -> None:
    await Webhook(receiver.url).deliver(BODY)
    [said] = receiver.said
    assert said == {key: value for key, value in BODY.items() if key not in ("chat", "kind")}


@pytest.mark.parametrize(
    ("status", "outcome"), [(500, NotSent), (503, NotSent), (429, NotSent), (404, Refused), (302, Refused)]
)
async def test_the_status_decides_whether_the_webhook_is_called_again(
    receiver: Receiver, status: int, outcome: type[Exception]
) -> None:
    receiver.statuses = [status]
    with pytest.raises(outcome):
        await Webhook(receiver.url).deliver(BODY)
    assert receiver.calls == 1


async def test_a_webhook_that_hangs_up_may_have_heard_us() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unsure):
        await Webhook(f"http://127.0.0.1:{port}/").deliver(BODY)
    server.close()


async def test_the_monitor_is_called_and_a_monitor_that_is_down_harms_nothing(receiver: Receiver) -> None:
    assert await beat(receiver.url)
    receiver.statuses = [500]
    assert not await beat(receiver.url)
    assert not await beat(f"http://127.0.0.1:{closed_port()}/")


async def test_an_alarm_that_a_channel_refuses_is_told_to_the_team_once_an_hour(
    ward: Ward, receiver: Receiver
) -> None:
    """A pager whose address is wrong takes none of them; nobody would hear of it else."""
    receiver.statuses = [404, 404, 404]
    phones = Phones()
    phones.down = False
    couriers = Couriers(phones, {WEBHOOK: Webhook(receiver.url)})
    ward.program = replace(ward.program, channels=(WEBHOOK,))
    sender = Sender(
        ward.storage,
        couriers,
        rate=0,
        shared=False,
        chance=random.Random(1),
        on_refused=lambda unit, row: gaps.tell_refused(unit, ward.program, row),
    )
    await sender.start()
    for minutes in (0, 1, 60):
        ward.clock.advance(minutes * MINUTE)
        await ward.do(
            partial(channels.alarm, program=ward.program, why=channels.Why.STANDSTILL, key=f"{minutes}")
        )
        async with asyncio.timeout(10):
            await sender.idle()
    await sender.stop(1)
    told = [body for body in phones.taken if "refused an alert" in str(body.get("text"))]
    assert [body["chat"] for body in told] == [903, 903]


class Phones:
    """A Telegram that takes everything, or nothing."""

    def __init__(self) -> None:
        self.down = True
        self.taken: list[dict[str, Any]] = []

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        if self.down:
            raise NotSent
        self.taken.append(body)
        return len(self.taken)


async def test_with_telegram_down_both_channels_get_it_through_the_real_sender(
    ward: Ward, receiver: Receiver
) -> None:
    """A webhook that fails once is called again; Telegram's silence holds neither up."""
    post, phones = Post(), Phones()
    receiver.statuses = [503]
    ward.telegram_down = True
    await ward.flag()
    async with mail_server(post) as port:
        mail = Mail(f"smtp://127.0.0.1:{port}", "lead@example.org")
        couriers = Couriers(phones, {EMAIL: mail, WEBHOOK: Webhook(receiver.url)})
        sender = Sender(ward.storage, couriers, rate=0, shared=False, chance=random.Random(1))
        await sender.start()

        ward.clock.advance(3 * MINUTE)
        await ward.do(lambda unit: channels.tell_late(unit, ward.program))
        async with asyncio.timeout(10):
            await post.came.wait()
            await receiver.came.wait()
        assert receiver.calls == 2
        assert phones.taken == []
        phones.down = False
        async with asyncio.timeout(10):
            await sender.idle()
        await sender.stop(1)
    assert "P-SAM" in phones.taken[0]["text"]
    assert len(post.letters) == len(receiver.said) == 1
