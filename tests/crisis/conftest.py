"""A ward on each engine, and one on dictionaries for what is tried many times."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from bot.clock import SettableClock, StillClock
from bot.store.database import Store
from tests.crisis.clinic import Model, Ward
from tests.fakes import FakeStorage

MONDAY_NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""In New York, where the clinic is: 12:00 on 2 March."""


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(StillClock(MONDAY_NOON))


@pytest.fixture
async def store(database_url: str, clock: SettableClock) -> AsyncIterator[Store]:
    made = Store(database_url, [b"k" * 32], clock)
    made.unlock()
    yield made
    await made.close()


@pytest.fixture
async def second_store(database_url: str, clock: SettableClock, store: Store) -> AsyncIterator[Store]:
    """Another process on the same database."""
    made = Store(database_url, [b"k" * 32], clock)
    made.unlock()
    yield made
    await made.close()


@pytest.fixture
async def ward(store: Store, clock: SettableClock) -> Ward:
    made = Ward(store, clock)
    await made.opens()
    return made


@pytest.fixture
async def small_ward(clock: SettableClock) -> Ward:
    made = Ward(FakeStorage(clock), clock)
    await made.opens()
    return made


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    yield made
    made.open.set()
