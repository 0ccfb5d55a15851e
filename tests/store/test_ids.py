"""Ids: they grow within a process, and no two processes on one database make the same.

A shared id is a lost row: what is added once is then taken for what is there already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from bot.clock import SettableClock, StillClock
from bot.store.database import Store
from bot.store.ids import NUMBERS, Ids
from bot.unit import Unit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOST = 2000


def made(many: int) -> Callable[[Unit], list[int]]:
    return lambda unit: [unit.new_id() for _ in range(many)]


async def test_two_processes_in_the_same_millisecond_share_no_id(two: tuple[Store, Store]) -> None:
    """The clock stands still, as it all but does in a round that writes ten thousand rows."""
    one, other = await asyncio.gather(*(store.write(made(MOST)) for store in two))
    assert len({*one, *other}) == 2 * MOST


async def test_nor_do_they_after_the_clock_was_set_back(
    two: tuple[Store, Store], clock: SettableClock
) -> None:
    for store in two:
        await store.write(made(10))
    clock.advance(timedelta(hours=-1))
    one, other = [await store.write(made(MOST)) for store in two]
    assert len({*one, *other}) == 2 * MOST


async def test_whoever_starts_later_begins_above_what_is_kept(
    two: tuple[Store, Store], clock: SettableClock
) -> None:
    """Ids are an order: what a process adds comes after what was there when it started."""
    before, later = two
    [kept] = await before.write(made(1))
    later.ids.begin(77, kept + 5)
    clock.advance(timedelta(minutes=-1))
    assert min(await later.write(made(3))) > kept + 5


async def test_with_the_disk_full_a_start_still_has_a_number(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not be counted: then chance must do, for nothing can be added now anyway."""

    @contextmanager
    def full() -> Iterator[None]:
        raise OperationalError("", {}, OSError("disk full"))
        yield

    monkeypatch.setattr(store._engine, "begin", full)
    assert store._number() != store._number()


@given(
    numbers=st.lists(st.integers(0, NUMBERS - 1), min_size=2, max_size=4, unique=True),
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 600), st.sampled_from([0, 0, 0, 1, 2, 5000, -5000])),
        min_size=1,
        max_size=12,
    ),
)
def test_whatever_the_clock_does_ids_grow_and_stay_apart(
    numbers: list[int], steps: list[tuple[int, int, int]]
) -> None:
    """`steps`: which process makes how many, and by how many milliseconds the clock then moves."""
    clock = SettableClock(StillClock(NOON))
    processes = [Ids(clock, number) for number in numbers]
    given: list[list[int]] = [[] for _ in processes]
    for who, many, moved in steps:
        place = who % len(processes)
        given[place] += [processes[place]() for _ in range(many)]
        clock.advance(timedelta(milliseconds=moved))
    for ids in given:
        assert ids == sorted(set(ids))
    together = [one for ids in given for one in ids]
    assert len(together) == len(set(together))
    assert max(together) < 2**63
