"""The race: the same conversation on every bot, and what a step costs each.

One heat is one bot with one size of crowd. All bots run once, then all again: what the machine does to
one, it does to all, and only ratios within a run are worth reading.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from tests.bench import clinic


@dataclass(frozen=True, slots=True)
class Entrant:
    """A bot in the race: the words of its line in the table, and how it is started."""

    name: str
    shown: str
    argv: tuple[str, ...]
    model: bool = False


ENTRANTS: tuple[Entrant, ...] = (
    Entrant("handrail", "**Handrail**, getUpdates", ()),
    Entrant("handrail-webhook", "**Handrail**, webhook", ()),
    Entrant("handrail-model", "**Handrail**, getUpdates, with the model that hears danger", (), model=True),
    Entrant(
        "floor-aiohttp",
        "floor: python-telegram-bot that stores nothing, our HTTP client",
        ("ptb", "floor_aiohttp"),
    ),
    Entrant("floor-httpx", "floor: python-telegram-bot that stores nothing, httpx", ("ptb", "floor")),
    Entrant("aiogram-redis", "aiogram 3, FSM on Redis (AOF)", ("aiogram_fsm", "redis")),
    Entrant("aiogram-memory", "aiogram 3, FSM in memory", ("aiogram_fsm", "memory")),
    Entrant("aiogram-sqlite", "aiogram 3, FSM on SQLite", ("aiogram_fsm", "sqlite")),
    Entrant("ptb-pickle", "python-telegram-bot, ConversationHandler + PicklePersistence", ("ptb", "pickle")),
    Entrant("ptb-sqlmodel", "python-telegram-bot, SQLModel, a commit a step", ("ptb", "sqlmodel")),
    Entrant("ceiling", "the bench's own ceiling: a bot without library or storage", ("echo",)),
)
YARDSTICK = "aiogram-redis"


@dataclass(frozen=True, slots=True)
class Heat:
    """What one run of one bot showed: `cpu` in microseconds an update, times in milliseconds, memory in MB.

    `redis` is what the Redis server used besides, in microseconds an update.
    """

    entrant: str
    users: int
    updates: int
    lost: int
    rate: float
    cpu: float
    p50: float
    p99: float
    resident: float
    calls: float
    redis: float = 0.0


async def heat(entrant: Entrant, users: int, times: int, *, thought: float = 0.0, trip: float = 0.0) -> Heat:
    folder = Path(tempfile.mkdtemp(prefix="handrail-bench-"))
    try:
        async with (
            clinic.telegram(folder, trip) as telegram,
            _bot(entrant, telegram, users, folder) as (bot, redis),
        ):
            return await run(entrant, telegram, [bot], redis, folder, users, times, thought)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run(
    entrant: Entrant,
    telegram: clinic.Telegram,
    bots: Sequence[int],
    redis: int | None,
    folder: Path,
    users: int,
    times: int,
    thought: float,
) -> Heat:
    """A crowd meets the bot, whose processes are `bots`."""
    argv = [sys.executable, "-m", "tests.bench.crowd", "--port", str(telegram.port), "--users", str(users)]
    argv += ["--first", str(clinic.FIRST), "--times", str(times), "--thought", str(thought)]
    async with clinic.process(argv, folder, listening=True) as crowd:
        assert crowd.stdout is not None
        assert crowd.stdin is not None
        if await crowd.stdout.readline() != b"ready\n":
            raise clinic.Failed(f"{entrant.name}: {clinic.said_last(folder)}")
        await asyncio.sleep(0.3)
        await telegram.ask("/forget")
        before, store = clinic.cost(*bots), clinic.cost(redis).cpu if redis else 0.0
        crowd.stdin.write(b"go\n")
        await crowd.stdin.drain()
        line = await crowd.stdout.readline()
        if not line:
            raise clinic.Failed(f"{entrant.name}: {clinic.said_last(folder)}")
        await asyncio.sleep(0.3)  # what is written down after the last reply belongs to it
        after = clinic.cost(*bots)
        calls = sum((await telegram.ask("/calls"))["calls"].values())
        found = orjson.loads(line)
    seen = sorted(found["seen"])
    count = max(1, len(seen))
    return Heat(
        entrant=entrant.name,
        users=users,
        updates=len(seen),
        lost=len(found["lost"]),
        rate=count / found["seconds"],
        cpu=(after.cpu - before.cpu) / count * 1e6,
        p50=seen[count // 2] * 1e3 if seen else 0.0,
        p99=seen[min(count - 1, count * 99 // 100)] * 1e3 if seen else 0.0,
        resident=after.resident / 1e6,
        calls=calls / count,
        redis=(clinic.cost(redis).cpu - store) / count * 1e6 if redis else 0.0,
    )


@asynccontextmanager
async def _bot(
    entrant: Entrant, telegram: clinic.Telegram, users: int, folder: Path
) -> AsyncIterator[tuple[int, int | None]]:
    """The bot's pid and, where it has one, its Redis's."""
    if not entrant.argv:
        webhook = entrant.name.endswith("webhook")
        environment = clinic.handrail(folder, telegram, webhook=webhook, model=entrant.model)
        seeding = ("seed", "--patients", str(users), "--telegram-id-from", str(clinic.FIRST))
        await clinic.command(folder, environment, *seeding)
        async with clinic.process([sys.executable, "-m", "bot", "run"], folder, environment) as running:
            await clinic.ready(telegram, running, folder)
            yield running.pid, None
        return
    module, *kind = entrant.argv
    argv = [sys.executable, "-m", f"tests.bench.peers.{module}", telegram.url, str(folder), *kind]
    if "redis" in kind:
        async with (
            clinic.redis(folder) as (port, redis),
            clinic.process([*argv, str(port)], folder) as running,
        ):
            await clinic.ready(telegram, running, folder)
            yield running.pid, redis
        return
    async with clinic.process(argv, folder) as running:
        await clinic.ready(telegram, running, folder)
        yield running.pid, None


def times(users: int) -> int:
    """How many conversations each holds: enough steps to be steady, few enough to be done."""
    return {1: 50, 100: 4}.get(users, 1)


def repeats(users: int) -> int:
    """How many rounds: a large crowd takes long, and is steadier."""
    return 2 if users >= 1000 else 3


@dataclass(frozen=True, slots=True)
class Line:
    """A bot's heats with one size of crowd, by their medians; `spread`: half the range of the CPU, in %."""

    entrant: str
    users: int
    heats: int
    lost: int
    rate: float
    cpu: float
    spread: float
    p50: float
    p99: float
    resident: float
    calls: float
    redis: float
    ratio: float | None = None


def summed(heats: list[Heat]) -> list[Line]:
    """A line for each bot and size; `ratio` is the median of its CPU to the yardstick's in the same round.
    A yardstick that left somebody without a reply measures nothing."""
    groups: dict[tuple[str, int], list[Heat]] = {}
    for one in heats:
        groups.setdefault((one.entrant, one.users), []).append(one)
    lines = []
    for (name, users), group in groups.items():
        costs = [one.cpu for one in group]
        against = groups.get((YARDSTICK, users), [])
        stopped = any(one.lost for one in against)
        ratios = [] if stopped else [one.cpu / other.cpu for one, other in zip(group, against, strict=False)]
        middle: dict[str, Any] = {
            field: median(getattr(one, field) for one in group)
            for field in ("rate", "cpu", "p50", "p99", "resident", "calls", "redis")
        }
        lines.append(
            Line(
                entrant=name,
                users=users,
                heats=len(group),
                lost=sum(one.lost for one in group),
                spread=(max(costs) - min(costs)) / 2 / middle["cpu"] * 100,
                ratio=median(ratios) if ratios else None,
                **middle,
            )
        )
    return lines


def table(lines: list[Line]) -> str:
    """Markdown for the README."""
    shown = {entrant.name: entrant.shown for entrant in ENTRANTS}
    order = {entrant.name: place for place, entrant in enumerate(ENTRANTS)}
    rows = [
        "| bot | users | updates/s | CPU µs a step | against aiogram, Redis | p50 ms | p99 ms | MB | lost |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for line in sorted(lines, key=lambda line: (line.users, order[line.entrant])):
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else "–"
        rows.append(
            f"| {shown[line.entrant]} | {line.users:,} | {line.rate:,.0f} "
            f"| {line.cpu:,.0f} ±{line.spread:.0f} % "
            f"| {ratio} | {line.p50:,.1f} | {line.p99:,.1f} | {line.resident:,.0f} | {line.lost} |"
        )
    return "\n".join(rows)


def as_json(lines: list[Line]) -> list[dict[str, Any]]:
    return [asdict(line) for line in lines]
