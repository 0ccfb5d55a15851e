"""The page in a real browser, before the real local Telegram; the test plays the bot and keeps the time.

Whatever the test does, the page may load nothing from elsewhere and may not complain on its console.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.sandbox import LocalTelegram, pages, serve
from bot.sandbox.control import routes

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

SAM, DANA = 7, 8
Opening = Callable[..., Awaitable["Page"]]


class Hands:
    """A clock that stands still until the page moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 17, 41, tzinfo=UTC)
        self.reminder: datetime | None = None

    def now(self) -> datetime:
        return self.at

    async def move(self, by: timedelta) -> None:
        self.at += by

    async def next_reminder(self) -> datetime | None:
        return self.reminder


@dataclass(frozen=True)
class View:
    """One phone on the page, by what is in it."""

    page: Page
    chat: int

    @property
    def node(self) -> Locator:
        return self.page.locator(f"#phone-{self.chat}")

    @property
    def log(self) -> Locator:
        return self.node.get_by_role("log")

    @property
    def field(self) -> Locator:
        return self.node.get_by_role("textbox")

    @property
    def messages(self) -> Locator:
        return self.log.get_by_role("article")

    @property
    def texts(self) -> Locator:
        return self.messages.locator(".text")

    def key(self, label: str) -> Locator:
        return self.messages.get_by_role("button", name=label, exact=True)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def tg(hands: Hands) -> LocalTelegram:
    """A patient's phone with an invitation, and a counselor's that has said hello."""
    tg = LocalTelegram(now=hands.now)
    tg.phone(SAM, "Sam", start="/start p-TOKEN")
    tg.phone(DANA, "Dana", role="counselor").start()
    return tg


@asynccontextmanager
async def serving(tg: LocalTelegram, hands: Hands, port: int = 0) -> AsyncIterator[str]:
    async with serve(tg, port=port, routes=[*routes(tg, hands), *pages.routes()]) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def url(tg: LocalTelegram, hands: Hands) -> AsyncIterator[str]:
    async with serving(tg, hands) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def browse(chromium: Browser, url: str) -> AsyncIterator[Opening]:
    """Open the page. At the end it must have asked nobody else, and complained of nothing but the network."""
    complaints: list[str] = []
    asked: list[tuple[str, str]] = []

    async def browse(url: str = url, width: int = 1280, height: int = 800, **about: Any) -> Page:
        about = {"locale": "en-US", "timezone_id": "America/New_York", **about}
        context = await chromium.new_context(viewport={"width": width, "height": height}, **about)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: asked.append((url, request.url)))
        await page.goto(url)
        await page.locator(".log[aria-busy=false]").first.wait_for(state="attached")
        return page

    yield browse
    for context in chromium.contexts:
        await context.close()
    assert [wrong for wrong in complaints if not wrong.startswith("Failed to load resource")] == []
    assert [there for here, there in asked if not there.startswith(here)] == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(browse: Opening) -> Page:
    return await browse()


@pytest.fixture
def sam(page: Page) -> View:
    return View(page, SAM)


@pytest.fixture
def dana(page: Page) -> View:
    return View(page, DANA)
