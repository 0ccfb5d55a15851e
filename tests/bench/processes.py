"""One, two and four web processes with one worker on PostgreSQL, updates spread over them as they come.

Each step of a person goes to the next connection, so mostly to another process than the step before. Then
everybody writes three messages without waiting: they must be kept in their order, whoever took them.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp
import psycopg

from tests.bench import clinic, race
from tests.bench.figures import Figure, middle, scaled
from tests.bench.others import KEPT
from tests.fixtures.databases import SERVER, Server

WEBS = (1, 2, 4)
USERS = 200
CONVERSATIONS = 3
TURNS = 2
HELD = 0.9
"""Throughput that four must hold against one. On two cores they share what one had; noise is a tenth."""
AT_ONCE = ("first of three", "second of three", "third of three")
_LINE = next(one for one in race.ENTRANTS if one.name == "handrail-webhook")
_STARTING, _PATIENCE = 180.0, 60.0
_OUT_OF_ORDER = """
SELECT count(*) FROM (
    SELECT message_id < lag(message_id) OVER (PARTITION BY patient_id ORDER BY id) AS wrong FROM message
) AS kept WHERE wrong
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One crowd on so many processes: steps a second, µs of CPU a step of ours and of PostgreSQL's, and bytes
    that a conversation leaves behind. `amiss`: conversations and messages kept twice or not at all."""

    rate: float
    ours: float
    theirs: float
    lost: int
    amiss: int
    out_of_order: int
    size: float


async def measure(folder: Path, scale: float) -> list[Figure]:
    users, turns = scaled(USERS, scale), scaled(TURNS, scale, 1)
    runs: dict[int, list[Run]] = {webs: [] for webs in WEBS}
    for _ in range(turns):
        for webs in WEBS:
            place = folder / secrets.token_hex(4)
            place.mkdir()
            with Server(SERVER).database() as name:
                runs[webs].append(await _run(place, Server(SERVER).url(name), webs, users))
    against = [four.rate / one.rate for one, four in zip(runs[1], runs[4], strict=True)]
    every = [one for some in runs.values() for one in some]
    return [
        *(_figure(webs, users, some) for webs, some in runs.items()),
        Figure("4 against 1: steps a second", middle(against), f"≥ {HELD}", median(against) >= HELD),
        Figure(
            "a patient's year of a conversation a day on PostgreSQL",
            f"{median(one.size for one in every) * 365 / 1e6:.1f} MB",
        ),
    ]


def _figure(webs: int, users: int, runs: Sequence[Run]) -> Figure:
    lost, amiss, wrong = (
        sum(getattr(one, name) for one in runs) for name in ("lost", "amiss", "out_of_order")
    )
    return Figure(
        f"{webs} web and a worker on PostgreSQL, {users} users: steps a second; CPU µs a step, ours and "
        "PostgreSQL's; without a reply, amiss, out of order",
        f"{median(one.rate for one in runs):,.0f}; {median(one.ours for one in runs):,.0f}, "
        f"{median(one.theirs for one in runs):,.0f}; {lost}, {amiss}, {wrong}",
        "0, 0, 0",
        not (lost or amiss or wrong),
    )


async def _run(folder: Path, url: str, webs: int, users: int) -> Run:
    async with clinic.telegram(folder) as telegram, AsyncExitStack() as opened:
        environment = {**clinic.handrail(folder, telegram, webhook=True), "DATABASE_URL": url}
        await clinic.command(folder, environment, "migrate")
        await clinic.seed(folder, environment, users)
        ports = [clinic.free_port() for _ in range(webs + 1)]
        bots = []
        for place, port in enumerate(ports):
            argv = [clinic.PYTHON, "-m", "bot", "web" if place else "worker"]
            running = clinic.process(argv, folder, {**environment, "PORT": str(port)})
            bots.append((await opened.enter_async_context(running)).pid)
        for port in ports:
            await _healthy(telegram.session, port, folder)
        await telegram.ask("/spread", ports[1:])
        heat = await race.run(_LINE, telegram, bots, None, folder, users, CONVERSATIONS, 0.0)
        conversations = users * (CONVERSATIONS + 1)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as database:
            theirs = _theirs(database)
            size = _size(database) / conversations
            await _three_at_once(telegram, users)
            amiss = abs(_count(database, "SELECT count(*) FROM record") - conversations)
            amiss += abs(_count(database, "SELECT count(*) FROM message") - 2 * conversations - 3 * users)
            wrong = _count(database, _OUT_OF_ORDER)
    steps = conversations * 12
    return Run(heat.rate, heat.cpu, theirs / steps * 1e6, heat.lost, amiss, wrong, size)


async def _healthy(session: aiohttp.ClientSession, port: int, folder: Path) -> None:
    until = time.monotonic() + _STARTING
    while time.monotonic() < until:
        with suppress(aiohttp.ClientError):
            async with session.get(f"http://127.0.0.1:{port}/healthz") as response:
                if response.status == 200:
                    return
        await asyncio.sleep(0.1)
    raise clinic.Failed(f"no process is ready on port {port}: {clinic.said_last(folder)}")


async def _three_at_once(telegram: clinic.Telegram, users: int) -> None:
    """Everybody writes three messages, and waits only then."""
    await telegram.ask("/forget")
    everybody = range(clinic.FIRST, clinic.FIRST + users)
    await telegram.pile([(chat, words) for words in AT_ONCE for chat in everybody])
    until = time.monotonic() + _PATIENCE
    while len(await telegram.sent()) < len(AT_ONCE) * users:
        await asyncio.sleep(0.25)
        if time.monotonic() > until:
            break


def _theirs(database: psycopg.Connection[tuple[int]]) -> float:
    """Seconds of CPU of the backends that serve our processes, since they began; 0 on another machine."""
    backends = database.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    used = 0.0
    for (pid,) in backends.fetchall():
        with suppress(OSError):
            used += clinic.cost(pid).cpu
    return used


def _size(database: psycopg.Connection[tuple[int]]) -> int:
    """Bytes of the tables that nothing is forgotten of, their indexes included."""
    return sum(_count(database, f"SELECT pg_total_relation_size('{table}')") for table in KEPT)


def _count(database: psycopg.Connection[tuple[int]], question: str) -> int:
    found = database.execute(question).fetchone()
    assert found is not None
    return int(found[0])
