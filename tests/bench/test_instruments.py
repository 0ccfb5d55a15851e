"""The instruments of the bench can find what they look for. What they find people read: `make bench`."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.bench import fan_out, figures, others, sides
from tests.bench.figures import Figure
from tests.bench.hook import Hook
from tests.bench.limit import Limit
from tests.bench.watched import watch
from tests.bench.wire import Reply, Served, refusal
from tests.journeys.clinic import Clinic, built_once, opened

__all__ = ["built_once"]


def test_the_window_of_telegrams_limit_slides() -> None:
    """Thirty at the end of one second and thirty at the beginning of the next are too many."""
    limit = Limit(30)
    assert not any(limit.seconds_to_wait(0.9 + place / 1000) for place in range(30))
    assert limit.seconds_to_wait(1.1) > 0
    assert limit.seconds_to_wait(1.9005) == 0
    assert limit.refused == 1


def test_the_most_in_any_second_is_counted_by_a_window_that_slides() -> None:
    assert fan_out._most([0.0, 0.6, 0.7, 0.8, 1.1, 1.2]) == 5


async def test_what_one_person_did_reaches_a_webhook_in_its_order_even_when_it_is_refused() -> None:
    taken: list[tuple[int, int]] = []
    everything = asyncio.Event()
    refused = {2}

    def handle(path: str, body: bytes, kind: bytes, reply: Reply) -> None:
        update = orjson.loads(body)
        if update["update_id"] in refused:
            refused.discard(update["update_id"])
            reply(refusal(503, "not yet"))
            return
        taken.append((update["message"]["from"]["id"], update["update_id"]))
        asyncio.get_running_loop().call_later(0.01, reply, b"{}")
        if len(taken) == 40:
            everything.set()

    async with _ports(2, handle) as (ports, met):
        hook = Hook(f"http://127.0.0.1:{ports[0]}/hook", "secret")
        hook.ports = ports
        for number in range(1, 41):
            hook.post({"update_id": number, "message": {"from": {"id": number % 4}}})
        async with asyncio.timeout(5):
            await everything.wait()
    for person in range(4):
        assert [n for who, n in taken if who == person] == [n for n in range(1, 41) if n % 4 == person]
    assert set(met) == set(ports)


@asynccontextmanager
async def _ports(count: int, handle: Any) -> AsyncIterator[tuple[list[int], list[int]]]:
    """Servers that share one way to answer, and on which ports they were called."""
    met: list[int] = []
    transports: list[Any] = []

    class Noted(Served):
        def connection_made(self, transport: Any) -> None:
            transports.append(transport)
            met.append(transport.get_extra_info("sockname")[1])
            super().connection_made(transport)

    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(lambda: Noted(handle), "127.0.0.1", 0) for _ in range(count)]
    try:
        yield [server.sockets[0].getsockname()[1] for server in servers], met
    finally:
        for closing in (*servers, *transports):
            closing.close()
        await asyncio.sleep(0.05)  # both ends notice


async def test_an_event_loop_that_is_held_up_is_seen() -> None:
    held_up: list[tuple[float, float]] = []
    watching = asyncio.create_task(watch(held_up))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    time.sleep(0.05)  # noqa: ASYNC251 (what is looked for)
    await asyncio.sleep(0.02)
    watching.cancel()
    assert max(late for at, late in held_up if at > began) > 40


async def test_other_patients_days_are_whole_and_on_nobodys_caseload(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_url, monkeypatch) as clinic:
        await _a_day(clinic)
    copied = Path(shutil.copy(sqlite_url.removeprefix("sqlite:///"), tmp_path / "grown.sqlite3"))
    grown = others.add(copied, 1_000)
    database = sqlite3.connect(copied)

    def count(question: str) -> int:
        return int(database.execute(f"SELECT count(*) FROM {question}").fetchone()[0])

    own = count("answer WHERE patient_id = (SELECT max(id) FROM patient)")
    assert own > 5
    assert 1_000 <= grown.answers == count("answer") - own
    assert count("answer WHERE session_id NOT IN (SELECT id FROM session)") == 0
    assert count("record") == grown.days + 1 == count("session")
    assert count(f"patient WHERE counselor_id = {others._COUNSELOR}") == grown.days // others.DAYS
    assert 0 < count("outbox") < count("answer")
    database.close()


async def _a_day(clinic: Clinic) -> None:
    await clinic.seed()
    await clinic.say(clinic.sam, "Work was fine and my sister called.")
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam)


async def test_a_side_that_fails_is_shown_as_not_met_and_the_next_one_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(folder: Path, scale: float) -> list[Figure]:
        raise OSError

    async def whole(folder: Path, scale: float) -> list[Figure]:
        return [Figure("of it", f"{100 * scale:.0f}", "≥ 10", True)]

    monkeypatch.setattr(sides, "SIDES", {"broken": broken, "whole": whole})
    found = await sides.measure(["broken", "whole"], 0.5)
    assert [one.met for one in found] == [False, True]
    assert "| of it | 50 | ≥ 10: met |" in figures.table(found)
    before = figures.as_json([Figure("of it", "40")])
    assert "| of it | 40 | 50 |" in figures.compared(before, found)
