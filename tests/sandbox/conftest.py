"""A local Telegram whose time is moved by hand, served over real HTTP where a test asks for `url`."""

from __future__ import annotations

import os

os.environ.setdefault("PTB_TIMEDELTA", "1")  # python-telegram-bot warns without it, and warnings are errors

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from telegram import Bot

from bot.sandbox import LocalTelegram, serve
from bot.sandbox.control import routes


class Hands:
    """A clock that stands still until it is moved, with one reminder to come."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.reminder: datetime | None = None

    def now(self) -> datetime:
        return self.at

    async def move(self, by: timedelta) -> None:
        self.at += by

    async def next_reminder(self) -> datetime | None:
        return self.reminder


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def tg(hands: Hands) -> LocalTelegram:
    return LocalTelegram(now=hands.now)


@pytest.fixture
async def url(tg: LocalTelegram, hands: Hands) -> AsyncIterator[str]:
    async with serve(tg, routes=routes(tg, hands)) as url:
        yield url


@pytest.fixture
async def bot(tg: LocalTelegram, url: str) -> AsyncIterator[Bot]:
    """python-telegram-bot's own client."""
    async with Bot(tg.token, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot") as bot:
        yield bot


@pytest.fixture
async def http(tg: LocalTelegram) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
