"""Whatever comes in whatever order, on both databases: a flag is one, is held on to, and never softens.

What is tried, and what holds after each step, stands in `machine`; `controls` proves that it can fail. With
LONG=1 each is tried many times more: `make chaos` does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.clock import SettableClock
from bot.store.database import Store
from tests.alerts.machine import of_dictionaries, over
from tests.fixtures.databases import Shared

LONG = os.environ.get("LONG", "") not in ("", "0")


def tried(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples * (20 if LONG else 1),
        stateful_step_count=steps,
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )


def test_over_rows_of_dictionaries_many_ways() -> None:
    run_state_machine_as_test(over(of_dictionaries), settings=tried(60, 30))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_over_each_database(
    request: pytest.FixtureRequest, engine: str, tmp_path: Path, migrated_file: Path
) -> None:
    numbers = count()

    def sqlite(clock: SettableClock) -> Callable[[], Store]:
        path = shutil.copy(migrated_file, tmp_path / f"{next(numbers)}.sqlite3")
        return lambda: _store(f"sqlite:///{path}", clock)

    def postgresql(clock: SettableClock) -> Callable[[], Store]:
        shared: Shared = request.getfixturevalue("shared_postgres")
        shared.clean()
        return lambda: _store(shared.url, clock)

    if engine == "postgresql":
        request.addfinalizer(request.getfixturevalue("shared_postgres").clean)
    run_state_machine_as_test(over(sqlite if engine == "sqlite" else postgresql), settings=tried(5, 20))


def _store(url: str, clock: SettableClock) -> Store:
    store = Store(url, [b"k" * 32], clock)
    store.unlock()
    return store
