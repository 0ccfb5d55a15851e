"""Hands random and bent updates to the door, at thousands a minute, and looks at what came of each.

python -m tests.chaos.fuzz [--updates 100000] [--seed N]

Everything behind the door is real but the sender: what is to be sent is read where it was committed, and
marked as sent. Nothing may raise, nobody who wrote in private may meet silence, an update that comes again
changes nothing, and memory stays flat.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from bot import app, endings, inbox, journal, seeding, triage
from bot.clock import SettableClock, StillClock
from bot.direct import Direct
from bot.intake import Intake
from bot.program import Program
from bot.rows import Incoming, Outgoing, Receipt, Sending
from bot.sandbox import LocalTelegram, serve
from bot.store import schema
from bot.store.database import Store
from bot.telegram.receiving import Door
from bot.telegram.request import bot as telegram_bot
from bot.triage import Triage
from bot.understanding import Screen
from bot.unit import Unit
from bot.wording import Wording
from dialogs import CATALOGUE
from tests.chaos import updates
from tests.chaos.updates import WRONG, Json

FIRST = 7_000_000_000
PATIENTS, STRANGERS = 40, 20
BATCH = 50
FLAT = 48.0
"""MiB by which the process may grow after its first fifth: caches fill, and a leak goes on."""


@dataclass
class Fuzz:
    door: Door
    store: Store
    clock: SettableClock
    chance: Random
    answered: set[str]
    log: Log
    findings: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    buttons: dict[int, deque[str]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))
    sent: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.chats = [*range(FIRST - 3, FIRST + PATIENTS + STRANGERS)]
        self.posted: list[Outgoing] = []
        self.store.on_posted(self.posted.extend)

    async def batch(self, size: int) -> None:
        """So many updates at once, each from another chat, and some of them twice."""
        chats = self.chance.sample(self.chats, size)
        batch = [self._one(chat) for chat in chats]
        again = [one for one in batch if self.chance.random() < 0.1]
        await self._hand_over(batch)
        heard = Counter(row.body["chat"] for row in self.posted if row.body)
        for one in batch:
            self._judge(one, heard)
        replies = len(self.posted)
        await self._hand_over(again)
        # A dead letter of an update without an id has no key of its own: only those are told twice.
        if len(self.posted) > replies:
            self.findings.append(f"said twice: {[row.body for row in self.posted[replies:]]} to {again}")
        await self.store.write(self._send)
        self.posted.clear()
        self.clock.advance(timedelta(seconds=self.chance.choice([1, 5, 60, 3600])))

    def _one(self, chat: int) -> Json:
        made = updates.update(self.chance, chat, next(self.numbers), [*self.buttons.get(chat, ())])
        self.kinds.update(made.keys() - {"update_id"})
        return updates.bent(self.chance, made) if self.chance.random() < 0.3 else made

    async def _hand_over(self, batch: list[Json]) -> None:
        before = len(self.log.entries)
        try:
            await self.door.hand_over(batch)
        except Exception as error:
            self.findings.append(f"{error!r} for {batch if len(batch) < 3 else len(batch)}")
        for entry in self.log.entries[before:]:
            self.findings.append(f"{entry} for one of {batch if len(batch) < 3 else len(batch)}")

    def _judge(self, one: Json, heard: Counter[int]) -> None:
        chat = updates.speaks(one) or updates.edits(one)
        if chat is not None and not heard[chat] and not self._came_before(one):
            self.findings.append(f"silence after {one}")
        query = updates.presses(one)
        if query is not None and query not in self.answered:
            self.findings.append(f"a button spins: {one}")

    def _came_before(self, one: Json) -> bool:
        """Whether a bent one lost its own numbers: then it may be the same as another by all its marks."""
        found = one.get("message") or one["edited_message"]
        return one.get("update_id") in WRONG or "update_id" not in one or found["message_id"] in WRONG

    def _send(self, unit: Unit) -> None:
        """All that waits has arrived; its buttons can be pressed."""
        for row in unit.find(Outgoing, state=Sending.QUEUED):
            body = row.body or {}
            seen = self.buttons.setdefault(body.get("chat", 0), deque(maxlen=40))
            seen += [data for line in body.get("buttons", ()) for _, data in line]
            unit.change(row, state=Sending.SENT, sent_at=unit.now, message_id=next(self.sent), body=None)
        unit.remove(Outgoing, state=Sending.SENT, sent_at__lt=unit.now - timedelta(hours=12))
        unit.remove(Incoming, state=Receipt.DONE, at__lt=unit.now - timedelta(days=8))


class Log(logging.Handler):
    """Everything that is logged as an error, where it came from and of what type."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.entries: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(
            f"{record.getMessage()} {record.exc_info[1]!r}" if record.exc_info else record.getMessage()
        )


@asynccontextmanager
async def fuzzing(url: str, seed: int) -> AsyncIterator[Fuzz]:
    """A clinic behind a door, on this database."""
    clock, words = SettableClock(StillClock(datetime(2026, 3, 2, 12, tzinfo=UTC))), Wording(app.CONTENT)
    schema.migrate(url)
    store = Store(url, [b"k" * 32], clock)
    store.unlock()
    answered: set[str] = set()
    program = Program(
        name="Riverside", region="US", time_zone="UTC", username="handrail_bot", words=words,
        dialogs=CATALOGUE, lines={"en": ("Call or text 988",)},
    )  # fmt: skip
    tg, log = LocalTelegram(now=clock.now), Log()
    triage.PATIENCE = 60.0  # the machine may be slow; the card past the storage has a test of its own
    async with serve(tg, 0) as api:
        bot = telegram_bot(tg.token, api)
        await bot.initialize()
        host = endings.host(program)
        taking = Intake(
            store, host, Triage(store, host, Screen(app.CONTENT), Direct(NoCourier()), None),
            lambda callback_id, toast=None: answered.add(callback_id),
        )  # fmt: skip

        async def bury(key: bytes, body: Json) -> None:
            await store.write(lambda unit: inbox.bury(unit, key, body))

        logging.getLogger().addHandler(log)
        try:
            await store.write(_seed)
            yield Fuzz(Door(bot, clock, taking.receive, bury), store, clock, Random(seed), answered, log)
        finally:
            logging.getLogger().removeHandler(log)
            await bot.shutdown()
            await store.close()


class NoCourier:
    """Nothing is sent past the storage here: the storage is well."""

    async def deliver(self, body: Json, *, message_id: int | None = None) -> int | None:
        raise AssertionError(body)


def _seed(unit: Unit) -> None:
    staff = seeding.seed_staff(unit, FIRST, 1, 1)
    seeding.seed_patients(unit, range(FIRST, FIRST + PATIENTS), staff[0].code, None, "UTC", "20:00")


def resident() -> float:
    """MiB of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


async def run(number: int, seed: int, folder: Path) -> list[str]:
    async with fuzzing(f"sqlite:///{folder / 'handrail.sqlite3'}", seed) as fuzz:
        began, done, settled = time.monotonic(), 0, 0.0
        while done < number:
            await fuzz.batch(BATCH)
            done += BATCH
            if not settled and done >= number / 5:
                settled = resident()
            if done % 10_000 == 0:
                print(f"{done} updates, {resident():.0f} MiB, {len(fuzz.findings)} findings", flush=True)  # noqa: T201
        grown = resident() - settled
        took = time.monotonic() - began
        kinds = ", ".join(f"{kind} {times}" for kind, times in fuzz.kinds.most_common())
        print(f"{done} updates in {took:.0f} s, {grown:+.1f} MiB since the first fifth: {kinds}")  # noqa: T201
        if grown > FLAT:
            fuzz.findings.append(f"memory grew by {grown:.1f} MiB")
        return fuzz.findings


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.fuzz")
    parser.add_argument("--updates", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    journal.configure("ERROR")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        found = asyncio.run(run(asked.updates, asked.seed, Path(folder)))
    print(f"{len(found)} findings (--seed {asked.seed})")  # noqa: T201
    for finding in found[:20]:
        print(f"  {ascii(finding)[:2000]}")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
