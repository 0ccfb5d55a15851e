"""A ward on each engine, and one of dictionaries for what takes many hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.clock import SettableClock, StillClock
from bot.store.database import Store
from tests.alerts.ward import Ward
from tests.fakes import FakeStorage

KEY = b"k" * 32
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(StillClock(MONDAY))


@pytest.fixture
async def ward(database_url: str, clock: SettableClock) -> AsyncIterator[Ward]:
    store = Store(database_url, [KEY], clock)
    store.unlock()
    made = Ward(store, clock)
    await made.opens()
    yield made
    await store.close()


@pytest.fixture
async def small_ward(clock: SettableClock) -> Ward:
    made = Ward(FakeStorage(clock), clock)
    await made.opens()
    return made
