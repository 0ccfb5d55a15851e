"""A flood: thousands of messages wait for a bot that has been away, and among them cries for help.

    python -m tests.bench.flood [--count 2000] [--trip 0.04] [--model] [--webhook] [--repeats 1]

How long each cry waits for its card, counted from the first getUpdates (with a webhook, from its first call)
and from the start of the process; how long everybody waits; what it all costs; and that every message was
answered, kept, and kept once.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.understanding import Screen
from tests.bench import clinic
from tests.bench.figures import Figure, scaled

COUNT = 2_000
SHARE = 20
"""One message in so many is a cry for help, and its writer's only one."""
CRIES = (
    "I am going to kill myself tonight",
    "i want to die",
    "I took all of my pills an hour ago",
    "me quiero morir",
    "I can't do this any more and I have decided to end my life",
    "work was fine and my sister called, but honestly i want to kill myself",
)
_ORDINARY = clinic.ROOT / "content" / "en" / "examples" / "ordinary.txt"
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Pile:
    """What waits: (chat, text) in the order of arrival, and the chats that cry for help."""

    said: list[tuple[int, str]]
    crying: frozenset[int]


@dataclass(frozen=True, slots=True)
class Flood:
    """Seconds until each card and until the last reply, and the seconds of CPU that the bot had used by the
    last card (`last_card`) and at the end (`spent`), which a busy machine changes less; memory in MB."""

    cards: list[float]
    last_card: float
    started: float
    done: float
    spent: float
    resident: float
    unanswered: int
    lost: int
    twice: int

    def card(self, share: float) -> float:
        return self.cards[min(len(self.cards) - 1, int(len(self.cards) * share))] if self.cards else 0.0

    def __str__(self) -> str:
        return (
            f"{len(self.cards)} cards: median {self.card(0.5):.2f} s, p99 {self.card(0.99):.2f} s, worst "
            f"{self.card(1):.2f} s ({self.started + self.card(1):.2f} s from the start on), CPU until "
            f"then {self.last_card:.2f} s; all answered within {self.done:.2f} s, CPU {self.spent:.2f} s; "
            f"{self.resident:.0f} MB; {self.unanswered} unanswered, {self.lost} lost, {self.twice} kept twice"
        )


def pile(count: int, chance: random.Random) -> Pile:
    """Ordinary messages of one or two sentences, one or two a person; the cries lie evenly among them."""
    screen = Screen()
    lines = [
        line
        for line in _ORDINARY.read_text("utf-8").splitlines()
        if line and line[0] not in "#[" and screen(line) is None
    ]
    said, crying, chat = [], set(), clinic.FIRST
    people: list[int] = []
    for place in range(count):
        if place % SHARE == SHARE // 2:
            crying.add(chat)
            said.append((chat, CRIES[place // SHARE % len(CRIES)]))
            chat += 1
        elif people and place % 3 == 2:
            said.append((people.pop(chance.randrange(len(people))), _ordinary(lines, chance)))
        else:
            people.append(chat)
            said.append((chat, _ordinary(lines, chance)))
            chat += 1
    return Pile(said, frozenset(crying))


def _ordinary(lines: Sequence[str], chance: random.Random) -> str:
    return ". ".join(chance.sample(lines, chance.choice((1, 2))))


async def flood(
    folder: Path,
    telegram: clinic.Telegram,
    count: int,
    *,
    model: bool = False,
    webhook: bool = False,
) -> Flood:
    """Let it pile up, start the bot, and wait until everybody has a reply."""
    made = pile(count, random.Random(count))
    environment = clinic.handrail(folder, telegram, model=model, webhook=webhook)
    people = {chat for chat, _ in made.said}
    seeding = ("seed", "--patients", str(len(people)), "--telegram-id-from", str(clinic.FIRST))
    await clinic.command(folder, environment, *seeding)
    await telegram.ask("/gone")
    await telegram.ask("/forget")
    if not webhook:
        await telegram.pile(made.said)
    born = time.monotonic()
    async with clinic.process([sys.executable, "-m", "bot", "run"], folder, environment) as bot:
        await telegram.ask("/watch", bot.pid)
        await clinic.ready(telegram, bot, folder)
        before, began = clinic.cost(bot.pid).cpu, time.monotonic()
        if webhook:
            await telegram.pile(made.said)
        told = await telegram.ask("/calls")
        while time.monotonic() - began < _PATIENCE and _unanswered(made, told["sent"]):
            await asyncio.sleep(0.25)
            told = await telegram.ask("/calls")
        await asyncio.sleep(3)
        after = clinic.cost(bot.pid)
        await telegram.ask("/watch", 0)
    began = told["asked"] or began
    first: dict[int, tuple[float, float]] = {}
    for chat, at, cpu in told["sent"]:
        first.setdefault(chat, (at, cpu))
    cards = sorted(first[chat] for chat in made.crying if chat in first)
    missing = Counter(chat for chat, _ in made.said)
    kept = _kept(folder)
    return Flood(
        cards=[at - began for at, _ in cards],
        last_card=max(cpu for _, cpu in cards) - before,
        started=began - born,
        done=max(at for chat, at, _ in told["sent"] if chat in people) - began,
        spent=after.cpu - before,
        resident=after.resident / 1e6,
        unanswered=_unanswered(made, told["sent"]),
        lost=sum((missing - kept).values()),
        twice=sum((kept - missing).values()),
    )


async def measure(folder: Path, scale: float) -> list[Figure]:
    """The flood by each way in, and with the model."""
    count = scaled(COUNT, scale, 60)
    figures = []
    for model, webhook in ((False, False), (True, False), (False, True)):
        place = folder / f"{model}{webhook}"
        place.mkdir()
        async with clinic.telegram(place) as telegram:
            found = await flood(place, telegram, count, model=model, webhook=webhook)
        kind = f"{', webhook' if webhook else ''}{', with the model' if model else ''}"
        whole = not (found.unanswered or found.lost or found.twice)
        figures.append(Figure(f"{count:,} updates waiting{kind}", str(found), "none lost, none twice", whole))
    return figures


def _unanswered(made: Pile, sent: Sequence[tuple[int, float, float]]) -> int:
    """Messages that brought nothing yet; a cry brings its card."""
    return sum((Counter(chat for chat, _ in made.said) - Counter(chat for chat, *_ in sent)).values())


def _kept(folder: Path) -> Counter[int]:
    """How many messages are kept, by chat: all of the pile are free words. Patients were seeded in the order
    of their chats."""
    database = sqlite3.connect(folder / "handrail.sqlite3")
    patients = [row[0] for row in database.execute("SELECT id FROM patient ORDER BY id")]
    found = dict(database.execute("SELECT patient_id, count(*) FROM message GROUP BY patient_id").fetchall())
    database.close()
    return Counter({clinic.FIRST + place: found.get(one, 0) for place, one in enumerate(patients)})


async def main(given: argparse.Namespace) -> None:
    for _ in range(given.repeats):
        folder = Path(tempfile.mkdtemp(prefix="handrail-bench-"))
        try:
            async with clinic.telegram(folder, given.trip) as telegram:
                found = await flood(folder, telegram, given.count, model=given.model, webhook=given.webhook)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stdout.write(f"{found}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asking = argparse.ArgumentParser(
        prog="python -m tests.bench.flood",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asking.add_argument("--count", type=int, default=COUNT)
    asking.add_argument("--trip", type=float, default=0.0)
    asking.add_argument("--repeats", type=int, default=1)
    asking.add_argument("--model", action="store_true")
    asking.add_argument("--webhook", action="store_true")
    asyncio.run(main(asking.parse_args()))
