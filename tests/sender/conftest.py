"""A stage for the sender on each storage: dictionaries, SQLite, PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.fakes import FakeStorage
from tests.sender.stage import AnyStorage, HandTimer, Stage, a_store

MakeStage = Callable[..., Stage]


@pytest.fixture
def timer() -> HandTimer:
    return HandTimer()


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def processes(request: pytest.FixtureRequest, timer: HandTimer) -> Callable[[], AnyStorage]:
    """Makes storages of one database, as processes that share it have them."""
    made: list[AnyStorage] = []
    url = "" if request.param == "fake" else request.getfixturevalue(f"{request.param}_url")

    def make() -> AnyStorage:
        if request.param == "fake":
            first = made[0] if made else None
            storage: AnyStorage = FakeStorage(
                timer, len(made) + 1, first if isinstance(first, FakeStorage) else None
            )
        else:
            storage = a_store(url, timer)
        made.append(storage)
        return storage

    make.made = made  # type: ignore[attr-defined]
    return make


@pytest.fixture
async def stages(processes: Callable[[], AnyStorage], timer: HandTimer) -> AsyncIterator[MakeStage]:
    """Makes processes with a sender each. What is left of them at the end is let go."""
    made: list[Stage] = []

    def make(*, shared: bool = False, **options: Any) -> Stage:
        stage = Stage(processes(), timer, shared=shared, **options)
        made.append(stage)
        return stage

    async with AsyncExitStack() as ends:
        yield make
        for stage in made:
            ends.push_async_callback(stage.storage.close)
            await stage.crash()


@pytest.fixture
async def stage(stages: MakeStage) -> Stage:
    """One process alone on its database, without pacing, begun."""
    stage = stages()
    await stage.sender.start()
    return stage
