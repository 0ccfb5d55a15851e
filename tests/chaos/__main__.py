"""`make chaos KILLS=n`: kill Handrail until convinced, on SQLite and on PostgreSQL.

python -m tests.chaos [--kills 30] [--patients 20] [--days 3] [--seed N] [--database sqlite|postgresql]
                      [--only falls|calm|foul]

Three parts. Falls: at every boundary of the way of a message and of a reminder, in every flow. Calm: kills at
random moments under load, and on the first evening a release whose check-in is another. Foul: as many kills
while one call to Telegram in five fails, before or after it was done, some with 429; while Telegram is gone
for hours, the clock jumps between two lives, and the disk fills up, or PostgreSQL crashes and recovers.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

import psycopg

from tests.chaos.boundaries import BOUNDARIES
from tests.chaos.clinic import clinic
from tests.chaos.cluster import cluster, tools
from tests.chaos.crawl import Deploying, crawl
from tests.chaos.falls import Round, walk
from tests.chaos.flows import FLOWS, POLLING
from tests.chaos.judge import Finding
from tests.chaos.processes import nursery
from tests.chaos.traces import traces
from tests.chaos.weather import Foul, is_weather
from tests.fixtures.databases import SERVER, Server

AT_ONCE = 3
PARTS = ("falls", "calm", "foul")


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--only", choices=PARTS, action="append")
    asked = parser.parse_args()
    names = ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]
    parts = {"falls": _falls, "calm": _calm, "foul": _foul}
    found = [asyncio.run(parts[part](name, asked)) for part in asked.only or PARTS for name in names]
    return 1 if any(found) else 0


async def _falls(name: str, asked: argparse.Namespace) -> int:
    """Every flow with all its falls, some flows at a time; on PostgreSQL Telegram calls, and is not asked."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        born = await stack.enter_async_context(nursery())
        room = asyncio.Semaphore(AT_ONCE)

        async def walked(number: int, flow: str) -> Round:
            async with room, AsyncExitStack() as mine:
                folder = _folder(mine)
                url = _database(name, mine, folder)
                chance = Random(asked.seed + number)
                called = name == "postgresql" and flow not in POLLING
                return await walk(born, url, folder, flow, chance, webhook=called)

        rounds = await asyncio.gather(*(walked(number, flow) for number, flow in enumerate(FLOWS)))
    for one in rounds:
        _say(f"{name}, {one}", one.findings)
    left = [f"{one.flow}: {boundary}" for one in rounds for boundary in one.crossed.keys() - one.hit]
    left += BOUNDARIES - {boundary for one in rounds for boundary in one.hit}
    falls = sum(len(one.falls) for one in rounds)
    _say(f"{name}: {falls} falls in {time.monotonic() - began:.0f} s (--seed {asked.seed}); not hit: {left}")
    return len(left) + sum(len(one.findings) for one in rounds)


async def _calm(name: str, asked: argparse.Namespace) -> int:
    chance, began = Random(asked.seed), time.monotonic()
    async with AsyncExitStack() as stack:
        folder = _folder(stack)
        born = await stack.enter_async_context(nursery())
        url = _database(name, stack, folder)
        made = await stack.enter_async_context(
            clinic(born, url, folder, patients=asked.patients, chance=chance)
        )
        weather = Deploying(made)
        outcome = await crawl(made, kills=asked.kills, days=asked.days, chance=chance, weather=weather)
        findings = [*outcome.findings, *traces(made, outcome.diaries)]
    _say(f"{name}: {outcome} in {time.monotonic() - began:.0f} s (--seed {asked.seed})", findings)
    return len(findings)


async def _foul(name: str, asked: argparse.Namespace) -> int:
    chance, began = Random(asked.seed), time.monotonic()
    async with AsyncExitStack() as stack:
        folder = _folder(stack)
        url, crashing = f"sqlite:///{folder / 'handrail.sqlite3'}", None
        if name == "postgresql":
            where = tools()
            if where is None:
                _say(f"{name}: no initdb on this machine, not run")
                return 1
            crashing = await stack.enter_async_context(cluster(where))
            server = Server(crashing.url)
            url = server.url(stack.enter_context(server.database()))
        born = await stack.enter_async_context(nursery())
        made = await stack.enter_async_context(
            clinic(born, url, folder, patients=asked.patients, chance=chance)
        )
        weather = Foul(made, chance, crashing)
        outcome = await crawl(made, kills=asked.kills, days=asked.days, chance=chance, weather=weather)
        findings = [one for one in outcome.findings if not is_weather(one)]
        findings += traces(made, outcome.diaries)
        outcome = replace(outcome, findings=findings)
    took = time.monotonic() - began
    _say(f"{name} in foul weather: {outcome}; {weather}; in {took:.0f} s (--seed {asked.seed})", findings)
    return len(findings)


def _folder(stack: AsyncExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))


def _database(name: str, stack: AsyncExitStack, folder: Path) -> str:
    """A database of this kind, empty, until the stack is left."""
    if name == "sqlite":
        return f"sqlite:///{folder / 'handrail.sqlite3'}"
    try:
        server = Server(SERVER)
    except psycopg.OperationalError:
        raise SystemExit(f"{name}: no server at {SERVER}") from None
    return server.url(stack.enter_context(server.database()))


def _say(line: str, findings: Sequence[Finding] = ()) -> None:
    print("\n  ".join((line, *map(str, findings))), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
