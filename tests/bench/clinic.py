"""Processes of the bench: the local Telegram, a bot, a crowd; what they cost, read from the system.

Everything is ended by the handle that started it.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.bench.telegram import TOKEN

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
FIRST = 5_000_000
"""The first patient's Telegram id."""
TICK = 2.0
"""Seconds from one look of the bot's at what is due to the next."""
_STARTING = 180.0


class Failed(Exception):
    """A process of the bench ended, or did not begin; its text says which and what it wrote last."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has used so far: seconds of CPU over all its threads, and its memory in bytes."""

    cpu: float
    resident: int


def cost(*pids: int) -> Cost:
    """Of all of them. Linux only: the process clock by pid is exact to nanoseconds and keeps what threads
    used that are gone."""
    cpu = sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return Cost(cpu, pages * os.sysconf("SC_PAGE_SIZE"))


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@asynccontextmanager
async def process(
    argv: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    listening: bool = False,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that lives as long as the block; standard output is a pipe when we are `listening`."""
    log = (folder / "log").open("ab")
    pipe = asyncio.subprocess.PIPE if listening else log
    started = await asyncio.create_subprocess_exec(
        *argv,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=pipe,
        stderr=log,
        limit=1 << 28,
    )
    log.close()
    try:
        yield started
    finally:
        if started.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                started.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(started.wait(), 15)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    started.kill()
                await started.wait()


@dataclass(frozen=True, slots=True)
class Telegram:
    """The local Telegram as the bench steers it."""

    url: str
    port: int
    pid: int
    session: aiohttp.ClientSession

    async def pile(self, said: Sequence[tuple[int, str]]) -> None:
        """Messages for whose replies nobody waits."""
        await self.ask("/pile", said)

    async def say(self, chat: int, words: str) -> float:
        """The seconds until the next message to that chat."""
        began = time.monotonic()
        await self.ask("/say", {"chat": chat, "text": words})
        return time.monotonic() - began

    async def sent(self) -> list[tuple[int, float]]:
        """Chat and moment, on this machine's monotonic clock, of each message from the bot."""
        return [(chat, at) for chat, at, _ in (await self.ask("/calls"))["sent"]]

    async def ask(self, path: str, given: Any = None) -> dict[str, Any]:
        body = b"" if given is None else orjson.dumps(given)
        async with self.session.post(f"{self.url}{path}", data=body) as response:
            answer: dict[str, Any] = orjson.loads(await response.read())
            return answer


@asynccontextmanager
async def telegram(folder: Path, trip: float = 0.0, limit: int = 0) -> AsyncIterator[Telegram]:
    argv = [PYTHON, "-m", "tests.bench.telegram", "--trip", str(trip), "--limit", str(limit)]
    async with process(argv, folder, listening=True) as started, aiohttp.ClientSession() as session:
        assert started.stdout is not None
        line = await asyncio.wait_for(started.stdout.readline(), _STARTING)
        if not line:
            raise Failed(f"the local Telegram did not begin: {said_last(folder)}")
        port = int(line)
        yield Telegram(f"http://127.0.0.1:{port}", port, started.pid, session)


@asynccontextmanager
async def running(
    folder: Path, at: Telegram, environment: Mapping[str, str], argv: Sequence[str] = ("-m", "bot", "run")
) -> AsyncIterator[tuple[int, float]]:
    """A bot: its pid, and the seconds until it asked for updates or gave its webhook."""
    await at.ask("/gone")
    began = time.monotonic()
    async with process([PYTHON, *argv], folder, environment) as bot:
        await ready(at, bot, folder)
        yield bot.pid, time.monotonic() - began


async def ready(at: Telegram, bot: asyncio.subprocess.Process, folder: Path) -> None:
    """Wait until the bot asks for updates, or has given its webhook."""
    asked = asyncio.create_task(at.ask("/ready"))
    ended = asyncio.create_task(bot.wait())
    await asyncio.wait({asked, ended}, timeout=_STARTING, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if not asked.done():
        asked.cancel()
        raise Failed(f"the bot did not begin: {said_last(folder)}")


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[tuple[int, int]]:
    """A Redis of our own that writes all it is told to its append-only file; its port and pid."""
    port = free_port()
    argv = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--appendonly",
        "yes",
    ]
    async with process([*argv, "--appendfsync", "everysec", "--save", ""], folder) as running:
        for _ in range(200):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.02)
        yield port, running.pid


def handrail(
    folder: Path, at: Telegram, *, webhook: bool = False, model: bool = False, port: int | None = None
) -> dict[str, str]:
    """The environment of Handrail in the bench: SQLite, no pacing, everything else as it comes."""
    port = port or free_port()
    made = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": at.url,
        "DATABASE_URL": f"sqlite:///{folder}/handrail.sqlite3",
        "MASTER_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "SEND_RATE": "0",
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "MODEL": "yes" if model else "no",
        "PTB_TIMEDELTA": "1",
    }
    if webhook:
        made |= {"WEBHOOK_URL": f"http://127.0.0.1:{port}/hook", "WEBHOOK_SECRET": "bench"}
    return made


async def seed(folder: Path, environment: Mapping[str, str], patients: int, *more: str) -> None:
    """Patients from `FIRST` on, and their counselor on the id before."""
    await command(
        folder, environment, "seed", "--patients", str(patients), "--telegram-id-from", str(FIRST), *more
    )


async def command(folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
    """Run `python -m bot …` to its end."""
    async with process([PYTHON, "-m", "bot", *arguments], folder, environment) as running:
        if await running.wait():
            raise Failed(f"bot {arguments[0]}: {said_last(folder)}")


@dataclass(frozen=True, slots=True)
class Appointment:
    """A minute for which everybody is to be reminded, and the file that moves the bot's clock there."""

    offset: Path
    due: datetime

    @classmethod
    def made(cls, folder: Path) -> "Appointment":
        offset = folder / "offset"
        offset.write_text("0")
        soon = datetime.now(UTC) + timedelta(hours=2)
        return cls(offset, soon.replace(second=0, microsecond=0))

    @property
    def settings(self) -> dict[str, str]:
        return {"CLOCK_FILE": str(self.offset), "TIME_ZONE": "UTC"}

    @property
    def at(self) -> str:
        return f"{self.due:%H:%M}"

    def come_in(self, seconds: float, days: int = 0) -> float:
        """Move the clock to so long before it, or up to a tick longer, `days` later; when it comes, on the
        monotonic clock. Moved by whole ticks, the bot looks on the round seconds on which it does in life.
        """
        away = (self.due + timedelta(days=days) - datetime.now(UTC)).total_seconds()
        moved = (away - seconds) // TICK * TICK
        came = time.monotonic() + away - moved
        self.offset.write_text(str(moved))
        return came


def said_last(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")[-2000:]
