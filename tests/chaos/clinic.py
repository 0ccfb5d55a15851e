"""A clinic under test: a database, a local Telegram, a clock that can be moved, and people seeded into it.

Handrail is driven from outside alone: by its commands, its settings and what its people do on their phones.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, bindparam, create_engine, text
from sqlalchemy.exc import OperationalError

from bot.clock import OffsetClock
from bot.outbox import Lane
from bot.sandbox import Event, LocalTelegram, serve
from bot.settings import new_key
from bot.store.tables import Instant
from tests.chaos.processes import Nursery, Process

FIRST_ID = 7_301_558_200_341
"""The first patient's Telegram id: long, so that it is found wherever it was left."""
REMINDED_AT = "20:00"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    code: str
    telegram_id: int


@dataclass
class Clinic:
    """`environment` is all that the processes are told; `kills` counts how often one was killed."""

    nursery: Nursery
    folder: Path
    tg: LocalTelegram
    clock: OffsetClock
    environment: dict[str, str]
    fault: str = ""
    patients: list[Person] = field(default_factory=list)
    staff: list[Person] = field(default_factory=list)
    kills: int = 0
    process: Process | None = None
    _killed: Process | None = None

    # Commands

    async def seed(self, patients: int, team: int = 0, remind: str = REMINDED_AT) -> None:
        """Enrolled people, their counselor on the id below the first, and so many backups and supervisors."""
        file = self.folder / "seeded.json"
        if self.on_postgresql:
            await self.done(["migrate"])
        argv = ["seed", "--patients", str(patients), "--telegram-id-from", str(FIRST_ID)]
        argv += ["--backups", str(team), "--supervisors", str(team)]
        argv += ["--remind", remind] if remind else []
        await self.done([*argv, "--json", str(file)])
        made = json.loads(file.read_text())
        self.patients = [Person(one["code"], one["telegram_id"]) for one in made["patients"]]
        self.staff = [Person(one["code"], one["telegram_id"]) for one in made["staff"]]
        for person in self.staff:
            self.tg.phone(person.telegram_id, "Staff").chat.started = True
        for person in self.patients:
            self.tg.phone(person.telegram_id, "Patient").chat.started = True

    async def done(self, *argvs: list[str]) -> str:
        """What these commands print; they must succeed."""
        code, out, err = await self.nursery.run(
            *argvs, environment=self.environment, folder=self.folder, fault=self.fault
        )
        assert code == 0, f"{argvs} ended with {code}: {err}"
        return out

    async def exports(self) -> dict[str, Json]:
        """`export` of every patient, by code."""
        out = await self.done(*(["export", person.code] for person in self.patients))
        documents = [json.loads(line) for line in out.splitlines()]
        return {document["patient"]["code"]: document for document in documents}

    # Processes

    def called(self) -> dict[str, str]:
        """Settings with which Telegram calls, and is not asked."""
        url = f"http://127.0.0.1:{self.environment['PORT']}/telegram"
        return {"WEBHOOK_URL": url, "WEBHOOK_SECRET": "a-secret-of-this-test"}

    async def start(self, command: str = "run", **settings: str) -> Process:
        """Bear one; it is not up yet."""
        self.process = await self.nursery.bear(
            [[command]], self.environment | settings, self.folder, log=str(self.log), fault=self.fault
        )
        return self.process

    async def up(self) -> None:
        """Until the bot speaks or waits for updates: where much is said, it never has to wait."""
        assert self.process is not None
        spoken = asyncio.Event()

        def look(event: Event) -> None:
            if event.about.get("message", {}).get("from", {}).get("id") == self.tg.me["id"]:
                spoken.set()

        self.tg.listeners.append(look)
        signs: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self.tg.polled()),
            asyncio.ensure_future(spoken.wait()),
        ]
        ended = asyncio.ensure_future(asyncio.wait([self.process.exit]))
        signs.append(ended)
        await asyncio.wait(signs, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        self.tg.listeners.remove(look)
        for sign in signs:
            sign.cancel()
        assert self.process.alive, f"the bot ended by itself:\n{self.log.read_text()[-3000:]}"

    def kill(self) -> None:
        """kill -9, at once."""
        if self.process is not None and self.process is not self._killed:
            self._killed = self.process
            self.kills += 1
            self.process.kill()

    async def buried(self) -> None:
        """After a kill: until it is gone, and Telegram has noticed."""
        if self.process is not None:
            await self.process.ended()
        self.tg.polling.end(ConnectionResetError())

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.signal(15)
        code = await self.process.ended()
        self.tg.polling.end(ConnectionResetError())
        return code

    # Time and what lies in the database

    def move_to(self, at: datetime) -> None:
        """Set the clock that all share, in one stroke: half a number is none."""
        clock, new = self.folder / "clock", self.folder / "clock.new"
        offset = float(clock.read_text()) + (at - self.clock.now()).total_seconds()
        new.write_text(f"{offset:.3f}")
        new.replace(clock)

    def move(self, by: timedelta) -> None:
        self.move_to(self.clock.now() + by)

    def next(self, hour: int, minute: int, second: int = 0) -> datetime:
        """The next time that clocks show this, in UTC, which is the clinic's zone."""
        now = self.clock.now()
        at = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
        return at if at > now else at + timedelta(days=1)

    async def drained(self, within: float = 60) -> None:
        """Until nothing is due, queued or kept for later: that has no event, so it is looked up."""
        engine = create_engine(self.environment["DATABASE_URL"])
        try:
            async with asyncio.timeout(within):
                while waiting := await asyncio.to_thread(self._waiting, engine):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(
                f"after {within} s there still wait: {waiting}: {self._which(engine)}"
            ) from None
        finally:
            engine.dispose()

    def left(self) -> dict[str, int]:
        """Rows that should not be there once all is quiet: queued, kept or dead."""
        engine = create_engine(self.environment["DATABASE_URL"])
        try:
            with engine.connect() as connection:
                found = {
                    f"{table} {state}": connection.execute(
                        text(f"SELECT count(*) FROM {table} WHERE state = :state"), {"state": state}
                    ).scalar_one()
                    for table, state in (
                        ("outbox", "queued"),
                        ("outbox", "failed"),
                        ("inbox", "waiting"),
                        ("inbox", "dead"),
                    )
                }
        finally:
            engine.dispose()
        return {name: count for name, count in found.items() if count}

    def in_the_air(self) -> int:
        """Nudges marked as sent, of whose call nobody has heard: under way, or lost by a kill."""
        engine = create_engine(self.environment["DATABASE_URL"])
        asked = "SELECT count(*) FROM outbox WHERE lane = :lane AND state = 'sent' AND message_id IS NULL"
        try:
            with engine.connect() as connection:
                return int(connection.execute(text(asked), {"lane": Lane.NUDGE}).scalar_one())
        except OperationalError:
            return 0
        finally:
            engine.dispose()

    def _which(self, engine: Engine) -> list[dict[str, object]]:
        """What waits to be sent, without its words."""
        columns = "id, lane, attempts, due_at, lease_until, owner, edits, cause"
        try:
            with engine.connect() as connection:
                found = connection.execute(
                    text(f"SELECT {columns} FROM outbox WHERE state = 'queued' LIMIT 5")
                )
                return [dict(row) for row in found.mappings()]
        except OperationalError:
            return []

    def _waiting(self, engine: Engine) -> dict[str, int]:
        """What is due and still there, by table; while the database is down, whatever waits waits on."""
        try:
            return self._counted(engine)
        except OperationalError:
            return {"the database": 1}

    def _counted(self, engine: Engine) -> dict[str, int]:
        looks = {
            "outbox": "state = 'queued' AND due_at <= :now",
            "inbox": "state = 'waiting' AND at <= :now",
            "reminder": "next_at <= :now",
        }
        with engine.connect() as connection:
            found = {
                table: connection.execute(
                    text(f"SELECT count(*) FROM {table} WHERE {where}").bindparams(
                        bindparam("now", self.clock.now(), Instant())
                    )
                ).scalar_one()
                for table, where in looks.items()
            }
        return {table: count for table, count in found.items() if count}

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def on_postgresql(self) -> bool:
        return self.environment["DATABASE_URL"].startswith("postgresql")


@asynccontextmanager
async def clinic(
    nursery: Nursery,
    database_url: str,
    folder: Path,
    *,
    patients: int,
    chance: Random,
    fault: str = "",
    team: int = 0,
    remind: str = REMINDED_AT,
) -> AsyncIterator[Clinic]:
    """A clinic in the early afternoon, its people seeded, nothing running yet.

    `fault` is built into its processes; `team` is how many backups and how many supervisors there are.
    """
    clock_file = folder / "clock"
    clock_file.write_text("0")
    clock = OffsetClock(clock_file)
    tg = LocalTelegram(token=f"123456:{chance.getrandbits(120):x}", now=clock.now, chance=chance)
    async with serve(tg) as url:
        environment = {
            "PATH": os.environ["PATH"],
            "PTB_TIMEDELTA": "1",
            "BOT_TOKEN": tg.token,
            "TELEGRAM_API_URL": url,
            "DATABASE_URL": database_url,
            "MASTER_KEYS": new_key(),
            "SEND_RATE": "0",
            "CLOCK_FILE": str(clock_file),
            "TIME_ZONE": "UTC",
            "PORT": str(free_port()),
            "MODEL": "no",
        }
        if mark := os.environ.get("HANDRAIL_TEST_OF"):
            environment["HANDRAIL_TEST_OF"] = mark
        made = Clinic(nursery, folder, tg, clock, environment, fault)
        made.move_to(made.next(13, 0))
        await made.seed(patients, team, remind)
        try:
            yield made
        finally:
            if made.process is not None and made.process.alive:
                made.process.kill()
                await made.process.ended()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
