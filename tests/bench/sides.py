"""The other figures: starting, standing idle, ten thousand reminders at once, a fan-out at Telegram's pace
with an alert in its midst, whether a step costs more as data grows, and cries for help in a flood.

Times here are of one machine in one state; counts are facts, and "against" compares two runs that were made
one after the other.
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import clinic, flood, race


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many of each; `--scale` makes them smaller where a machine is slow."""

    crowd: int = 10_000
    reminders: int = 100_000
    fan_out: int = 600
    answers: int = 300_000
    flood: int = 2_000

    def times(self, scale: float) -> "Sizes":
        return Sizes(*(max(100, int(count * scale)) for count in astuple(self)))


IDLE_SECONDS = 10.0
_CRY = "I am going to kill myself tonight"
_FEW = 20


async def measure(scale: float = 1.0) -> dict[str, Any]:
    """All of it; some minutes."""
    found: dict[str, Any] = {}
    sizes = Sizes().times(scale)
    for part in (_standing, _fan_out, _growth, *_FLOODS):
        with tempfile.TemporaryDirectory(prefix="handrail-bench-") as name:
            folder = Path(name)
            async with clinic.telegram(folder) as telegram:
                found |= await part(folder, telegram, sizes)
    return found


async def _flood(
    folder: Path, telegram: clinic.Telegram, sizes: Sizes, *, model: bool = False, webhook: bool = False
) -> dict[str, Any]:
    found = await flood.flood(folder, telegram, sizes.flood, model=model, webhook=webhook)
    kind = f"{', webhook' if webhook else ''}{', with the model' if model else ''}"
    return {f"{sizes.flood:,} updates waiting{kind}": str(found)}


_FLOODS = (_flood, partial(_flood, model=True), partial(_flood, webhook=True))


def table(measured: dict[str, Any]) -> str:
    rows = ["| what | measured |", "|---|--:|"]
    rows += [f"| {what} | {value} |" for what, value in measured.items()]
    return "\n".join(rows)


@asynccontextmanager
async def _running(
    folder: Path, telegram: clinic.Telegram, environment: Mapping[str, str]
) -> AsyncIterator[tuple[int, float]]:
    """Handrail, and the seconds until it asked for updates."""
    await telegram.ask("/gone")
    began = time.monotonic()
    async with clinic.process([sys.executable, "-m", "bot", "run"], folder, environment) as bot:
        await clinic.ready(telegram, bot, folder)
        yield bot.pid, time.monotonic() - began


async def _say(telegram: clinic.Telegram, chat: int, words: str) -> float:
    """The seconds until the next message to that chat."""
    began = time.monotonic()
    async with telegram.session.post(f"{telegram.url}/say", json={"chat": chat, "text": words}) as response:
        await response.read()
    return time.monotonic() - began


async def _standing(folder: Path, telegram: clinic.Telegram, sizes: Sizes) -> dict[str, Any]:
    """Empty against a hundred thousand reminders; idle; then ten thousand due in one minute."""
    offset = folder / "offset"
    offset.write_text("0")
    environment = {**clinic.handrail(folder, telegram), "CLOCK_FILE": str(offset), "TIME_ZONE": "UTC"}
    due = datetime.now(UTC) + timedelta(hours=2)
    seeding = ("seed", "--patients", str(sizes.crowd), "--telegram-id-from", str(clinic.FIRST))
    await clinic.command(folder, environment, "migrate")
    async with _running(folder, telegram, environment) as (pid, empty):
        few = clinic.cost(pid).resident
    await clinic.command(folder, environment, *seeding, "--remind", f"{due:%H:%M}")
    _more(folder, "reminder", sizes.reminders - sizes.crowd, {"next_at": "'2099-01-01 12:00:00.000000'"})
    async with _running(folder, telegram, environment) as (pid, full):
        many = clinic.cost(pid).resident
        first = await _say(telegram, clinic.FIRST, "/help")
        await asyncio.sleep(3)
        before = clinic.cost(pid).cpu
        await asyncio.sleep(IDLE_SECONDS)
        idle = (clinic.cost(pid).cpu - before) / IDLE_SECONDS
        await telegram.ask("/forget")
        ahead = due.replace(second=0, microsecond=0) - datetime.now(UTC)
        offset.write_text(str(ahead.total_seconds() + 5))
        moved, sent = time.monotonic(), 0
        while sent < sizes.crowd and time.monotonic() - moved < 120:
            await asyncio.sleep(0.25)
            sent = (await telegram.ask("/calls"))["calls"].get("sendmessage", 0)
        took = time.monotonic() - moved
        await asyncio.sleep(3)
        chats = Counter(chat for chat, *_ in (await telegram.ask("/calls"))["sent"])
    return {
        "start to the first getUpdates, empty database": f"{empty:.2f} s",
        f"the same with {sizes.reminders:,} reminders": f"{full - empty:+.2f} s",
        "from there to the first reply": f"{first * 1000:.0f} ms",
        "resident memory after the start": f"{few / 1e6:.0f} MB",
        f"more with {sizes.reminders:,} reminders": f"{(many - few) / 1e6:+.1f} MB",
        "idle, CPU a second": f"{idle * 1000:.1f} ms",
        f"{sizes.crowd:,} due in one minute: reached, and how many twice": (
            f"{len(chats):,}, {sum(count > 1 for count in chats.values())}"
        ),
        "all of them sent within": f"{took:.1f} s",
    }


async def _fan_out(folder: Path, telegram: clinic.Telegram, sizes: Sizes) -> dict[str, Any]:
    """Nudges at Telegram's 30 a second, and cries for help meanwhile."""
    offset = folder / "offset"
    offset.write_text("0")
    environment = {**clinic.handrail(folder, telegram), "CLOCK_FILE": str(offset), "TIME_ZONE": "UTC"}
    environment["SEND_RATE"] = "30"
    due = datetime.now(UTC) + timedelta(hours=2)
    seeding = ("seed", "--patients", str(sizes.fan_out + _FEW), "--telegram-id-from", str(clinic.FIRST))
    await clinic.command(folder, environment, *seeding, "--remind", f"{due:%H:%M}")
    quiet = range(clinic.FIRST + sizes.fan_out, clinic.FIRST + sizes.fan_out + _FEW)
    with sqlite3.connect(folder / "handrail.sqlite3") as database:
        database.execute(
            "DELETE FROM reminder WHERE patient_id IN (SELECT id FROM patient ORDER BY id DESC LIMIT ?)",
            (_FEW,),
        )
    database.close()
    async with _running(folder, telegram, environment):
        ahead = due.replace(second=0, microsecond=0) - datetime.now(UTC)
        offset.write_text(str(ahead.total_seconds() + 5))
        await asyncio.sleep(6)
        cries = []
        for chat in quiet:
            cries.append(await _say(telegram, chat, _CRY))
            await asyncio.sleep(0.25)
        done: list[Any] = []
        for _ in range(240):
            done = [sent for sent in (await telegram.ask("/calls"))["sent"] if sent[0] < quiet[0]]
            done = [sent for sent in done if sent[0] >= clinic.FIRST]
            if len(done) >= sizes.fan_out:
                break
            await asyncio.sleep(0.25)
    moments = [at for _, at, _ in done]
    most = max(
        sum(at <= other < at + 1.0 for other in moments[place : place + 64])
        for place, at in enumerate(moments)
    )
    rate = (len(moments) - 1) / (moments[-1] - moments[0])
    return {
        f"fan-out of {sizes.fan_out} nudges at 30 a second": f"{rate:.1f} a second, {len(moments)} sent",
        "the most in any one second": str(most),
        f"a card in the midst of it, of {len(cries)}: median, worst": (
            f"{sorted(cries)[len(cries) // 2] * 1000:.0f} ms, {max(cries) * 1000:.0f} ms"
        ),
    }


async def _growth(folder: Path, telegram: clinic.Telegram, sizes: Sizes) -> dict[str, Any]:
    """A step beside few answers of other people and beside very many, in turns on one database."""
    environment = clinic.handrail(folder, telegram)
    seeding = ("seed", "--patients", str(_FEW), "--telegram-id-from", str(clinic.FIRST))
    await clinic.command(folder, environment, *seeding)
    handrail = race.ENTRANTS[0]
    costs = []
    for answers in (0, sizes.answers):
        if answers:
            _more(folder, "answer", answers, {"patient_id": "1", "session_id": "abs(random()) % 30000"})
        async with _running(folder, telegram, environment) as (pid, _):
            heats = [await race.run(handrail, telegram, pid, None, folder, _FEW, 6, 0.0) for _ in range(2)]
            costs.append(min(heat.cpu for heat in heats))
    few, many = costs
    return {f"a step beside {sizes.answers:,} answers of others, against beside few": f"{many / few:.2f}"}


def _more(folder: Path, table: str, count: int, changed: Mapping[str, str]) -> None:
    """Multiply the rows of a table, some columns changed. What is sealed in the copies nobody opens."""
    database = sqlite3.connect(folder / "handrail.sqlite3")
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    values = [changed.get(name, name) if name != "id" else "abs(random())" for name in names]
    (there,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    columns = ", ".join(f'"{name}"' for name in names)
    source = ", ".join(
        value if value in changed.values() or "(" in value else f'"{value}"' for value in values
    )
    for _ in range(-(-count // there)):
        room = min(there, count)
        database.execute(
            f'INSERT INTO "{table}" ({columns}) SELECT {source} '
            f'FROM (SELECT * FROM "{table}" ORDER BY id LIMIT {room})'
        )
        count -= room
    database.commit()
    database.close()
