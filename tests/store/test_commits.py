"""What the real stores promise beyond a single unit: commits together, order, urgency, many processes."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.clock import SettableClock
from bot.outbox import Address, say
from bot.rows import Outgoing, Pulse
from bot.store.connections import engine
from bot.store.database import Store
from bot.unit import Unit
from tests.store.conftest import opened
from tests.store.test_units import a_pulse


async def test_a_unit_that_fails_takes_nobody_with_it(store: Store) -> None:
    """Also where many are committed together, and where the database itself refuses one."""

    def work(name: str) -> Any:
        def unit_of(unit: Unit) -> str:
            a_pulse(unit, name)
            if name.startswith("bad"):
                raise KeyError(name)
            return name

        return unit_of

    names = [f"{'bad' if count % 5 == 0 else 'good'} {count}" for count in range(40)] + ["good 1"]
    results = await asyncio.gather(*(store.write(work(name)) for name in names), return_exceptions=True)
    kept = await store.read(lambda unit: sorted(row.name for row in unit.find(Pulse)))
    assert kept == sorted({name for name in names if name.startswith("good")})
    for name, result in zip(names, results, strict=True):
        assert isinstance(result, KeyError) if name.startswith("bad") else name == "good 1" or result == name
    assert sum(not isinstance(result, str) for result in results) == 9


async def test_on_sqlite_what_arrives_together_is_committed_together(sqlite: Store) -> None:
    commits: list[object] = []
    gate = threading.Event()
    event.listen(sqlite._engine, "commit", commits.append)
    first = asyncio.ensure_future(sqlite.write(lambda _: gate.wait(10)))
    rest = [asyncio.ensure_future(sqlite.write(partial(a_pulse, name=f"{count}"))) for count in range(100)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)
    assert len(commits) <= 3


async def test_on_sqlite_an_urgent_unit_goes_before_all_that_wait(sqlite: Store) -> None:
    order: list[str] = []
    begun, gate = threading.Event(), threading.Event()

    def slow(_: Unit) -> None:
        begun.set()
        gate.wait(10)

    first = asyncio.ensure_future(sqlite.write(slow))
    await asyncio.to_thread(begun.wait, 10)
    waiting = [asyncio.ensure_future(sqlite.write(lambda _: order.append("ordinary"))) for _ in range(50)]
    urgent = asyncio.ensure_future(sqlite.write(lambda _: order.append("urgent"), urgent=True))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, urgent, *waiting)
    assert order == ["urgent"] + ["ordinary"] * 50


async def test_on_sqlite_an_urgent_unit_does_not_wait_for_all_that_were_taken_together(sqlite: Store) -> None:
    """A cry for help that comes while many small things are committed waits for one of them, not for all."""
    order: list[str] = []
    gates = [threading.Event(), threading.Event()]
    begun = [threading.Event(), threading.Event()]

    def slow(_: Unit, place: int) -> None:
        begun[place].set()
        gates[place].wait(10)

    first = asyncio.ensure_future(sqlite.write(partial(slow, place=0)))
    await asyncio.to_thread(begun[0].wait, 10)
    waiting = [asyncio.ensure_future(sqlite.write(partial(slow, place=1)))]
    waiting += [
        asyncio.ensure_future(sqlite.write(partial(lambda _, name: order.append(name), name=f"{name}")))
        for name in range(3)
    ]
    await asyncio.sleep(0)
    gates[0].set()
    await asyncio.to_thread(begun[1].wait, 10)
    urgent = asyncio.ensure_future(sqlite.write(lambda _: order.append("urgent"), urgent=True))
    await asyncio.sleep(0)
    gates[1].set()
    await asyncio.gather(first, urgent, *waiting)
    assert order == ["urgent", "0", "1", "2"]


async def test_rows_are_told_in_the_order_of_their_commits(sqlite: Store) -> None:
    told: list[int] = []
    sqlite.on_posted(lambda rows: told.extend(row.id for row in rows))

    def post(unit: Unit) -> int:
        row = say(unit, Address(1, unit.digest(1)), "hi")
        assert row is not None
        return row.id

    ids = await asyncio.gather(*(sqlite.write(post) for _ in range(60)))
    assert told == ids == sorted(ids)


async def test_two_processes_never_claim_one_row(two: tuple[Store, Store]) -> None:
    """Whoever comes second passes over what the first one holds."""
    poster = two[0].owner

    def post(unit: Unit) -> None:
        for count in range(30):
            say(unit, Address(count, unit.digest(count)), f"{count}")

    def claim(unit: Unit) -> list[int]:
        rows = unit.find(Outgoing, state="queued", owner=poster, limit=10, claim=True)
        return [unit.change(row, state="claimed").id for row in rows]

    await two[0].write(post)
    claimed = await asyncio.gather(*(store.write(claim) for store in two * 3))
    every = [row_id for some in claimed for row_id in some]
    assert len(every) == len(set(every)) > 0


async def test_two_turns_of_one_chat_never_run_side_by_side(two: tuple[Store, Store]) -> None:
    """Counting up by reading and writing back loses nothing, in two processes."""
    await two[0].write(lambda unit: say(unit, Address(1, unit.digest(1)), "x", cause="counter"))

    meeting = threading.Barrier(2)

    def turn(unit: Unit) -> None:
        unit.lock(unit.digest(1))
        row = unit.one(Outgoing, cause="counter")
        assert row is not None
        with suppress(threading.BrokenBarrierError):
            meeting.wait(0.3)  # whoever reads first gives the other every chance to read the same
        unit.change(row, attempts=row.attempts + 1)

    await asyncio.gather(*(store.write(turn) for store in two * 5))
    row = await two[0].read(lambda unit: unit.one(Outgoing, cause="counter"))
    assert row is not None
    assert row.attempts == 10


async def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    await store.write(lambda unit: a_pulse(unit, "before"))
    reached, gate = threading.Event(), threading.Event()

    def slow(unit: Unit) -> None:
        a_pulse(unit, "during")
        reached.set()
        gate.wait(10)

    writing = asyncio.ensure_future(store.write(slow))
    await asyncio.to_thread(reached.wait, 10)
    async with asyncio.timeout(5):
        assert await store.read(lambda unit: unit.count(Pulse)) == 1
    gate.set()
    await writing
    assert await store.read(lambda unit: unit.count(Pulse)) == 2


async def test_closing_commits_what_is_waiting(sqlite_url: str, clock: SettableClock) -> None:
    async with opened(sqlite_url, clock) as store:
        writing = [
            asyncio.ensure_future(store.write(partial(a_pulse, name=f"{count}"))) for count in range(20)
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*writing)
    with pytest.raises(RuntimeError):
        await store.write(partial(a_pulse, name="late"))
    async with opened(sqlite_url, clock) as again:
        assert await again.read(lambda unit: unit.count(Pulse)) == 20


def test_the_file_is_safe_against_a_loss_of_power(sqlite_url: str) -> None:
    made = engine(sqlite_url)
    with made.connect() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    made.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
