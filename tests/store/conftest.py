"""A storage on each engine, and the one of dictionaries, for the suite that all three pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.clock import SettableClock, StillClock
from bot.store.database import Store
from tests.fakes import FakeStorage

KEY = b"k" * 32
AnyStorage = Store | FakeStorage


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(StillClock(datetime(2026, 3, 2, 12, tzinfo=UTC)))


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def storage(request: pytest.FixtureRequest, clock: SettableClock) -> AsyncIterator[AnyStorage]:
    if request.param == "fake":
        yield FakeStorage(clock)
        return
    async with opened(request.getfixturevalue(f"{request.param}_url"), clock) as store:
        yield store


@pytest.fixture
async def store(database_url: str, clock: SettableClock) -> AsyncIterator[Store]:
    """The real one, on each engine."""
    async with opened(database_url, clock) as store:
        yield store


@pytest.fixture
async def sqlite(sqlite_url: str, clock: SettableClock) -> AsyncIterator[Store]:
    """The one with a single writer."""
    async with opened(sqlite_url, clock) as store:
        yield store


@pytest.fixture
async def two(database_url: str, clock: SettableClock) -> AsyncIterator[tuple[Store, Store]]:
    """Two processes on one database."""
    async with opened(database_url, clock) as one, opened(database_url, clock) as other:
        yield one, other


@asynccontextmanager
async def opened(url: str, clock: SettableClock) -> AsyncIterator[Store]:
    store = Store(url, [KEY], clock)
    store.unlock()
    yield store
    await store.close()
