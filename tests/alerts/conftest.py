"""A ward on each engine, and one on SQLite alone for what takes many hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.clock import SettableClock, StillClock
from tests.alerts.ward import Ward
from tests.store import conftest as stores

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(StillClock(MONDAY))


@pytest.fixture
async def ward(database_url: str, clock: SettableClock) -> AsyncIterator[Ward]:
    async with opened(database_url, clock) as made:
        yield made


@pytest.fixture
async def small_ward(sqlite_url: str, clock: SettableClock) -> AsyncIterator[Ward]:
    async with opened(sqlite_url, clock) as made:
        yield made


@asynccontextmanager
async def opened(url: str, clock: SettableClock) -> AsyncIterator[Ward]:
    async with stores.opened(url, clock) as store:
        made = Ward(store, clock)
        await made.opens()
        yield made
