"""What a step, a history page and a caseload cost beside a thousand answers of other patients, and beside
three hundred thousand. And how large a patient's year is.

Two copies of one database, in which one has many more days of others. Both bots run all the time, and are
asked in turns; what counts is the CPU that each used.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import clinic, others, race
from tests.bench.figures import Figure, middle, scaled

FEW, MANY = 1_000, 300_000
OWN = 20
"""Patients of the counselor who is asked for, who take the steps; one page of the caseload holds ten."""
TURNS = 5
ASKED = 150
LEAST, MOST = 0.8, 1.2
_LINE = race.ENTRANTS[0]


@dataclass(frozen=True, slots=True)
class Clinic:
    """A bot on one of the databases."""

    folder: Path
    telegram: clinic.Telegram
    pid: int


async def measure(folder: Path, scale: float) -> list[Figure]:
    few, many = scaled(FEW, scale, 100), scaled(MANY, scale, 2_000)
    people, turns = scaled(OWN, scale, 4), scaled(TURNS, scale, 2)
    asked = scaled(ASKED, scale, 20)
    async with AsyncExitStack() as opened:
        small, large, grown = await _opened(folder, opened, people, few, many)
        costs: dict[str, list[float]] = {"an answered step": [], "a history page": [], "a caseload": []}
        for turn in range(turns + 1):
            pair = (small, large) if turn % 2 else (large, small)
            for name, work in (
                ("an answered step", _steps(people)),
                ("a history page", _said(range(clinic.FIRST, clinic.FIRST + people), "/history", asked)),
                ("a caseload", _said(range(clinic.FIRST - 1, clinic.FIRST), "/caseload", asked)),
            ):
                found = {id(one): await work(one) for one in pair}
                if turn:  # the first one warms up
                    costs[name].append(found[id(large)] / found[id(small)])
    figures = [
        Figure(
            f"{name} beside {many:,} answers of others, against {few:,}: CPU",
            middle(ratios),
            f"{LEAST} to {MOST}",
            LEAST <= median(ratios) <= MOST,
        )
        for name, ratios in costs.items()
    ]
    year = grown.kept / grown.days * 365 / 1e6
    recent = grown.forgotten / grown.days * min(others.DAYS, grown.days) / 1e3
    return [
        *figures,
        Figure(
            "a patient's year, of a check-in, two messages and a reminder a day (SQLite)", f"{year:.1f} MB"
        ),
        Figure("and what is forgotten again after eight days", f"{recent:.0f} kB a patient"),
    ]


async def _opened(
    folder: Path, opened: AsyncExitStack, people: int, few: int, many: int
) -> tuple[Clinic, Clinic, others.Grown]:
    """A day of our own patients, copied; then others beside it, few and many."""
    template = folder / "template"
    template.mkdir()
    async with clinic.telegram(template) as telegram:
        environment = clinic.handrail(template, telegram)
        await clinic.seed(template, environment, people)
        async with clinic.running(template, telegram, environment) as (pid, _):
            await race.run(_LINE, telegram, [pid], None, template, people, 0, 0.0)
    clinics = []
    for name, answers in (("small", few), ("large", many)):
        place = folder / name
        place.mkdir()
        shutil.copy(template / "handrail.sqlite3", place)
        grown = await asyncio.to_thread(others.add, place / "handrail.sqlite3", answers)
        telegram = await opened.enter_async_context(clinic.telegram(place))
        settings = {**environment, "TELEGRAM_API_URL": telegram.url, "PORT": str(clinic.free_port())}
        settings["DATABASE_URL"] = f"sqlite:///{place}/handrail.sqlite3"
        pid, _ = await opened.enter_async_context(clinic.running(place, telegram, settings))
        clinics.append(Clinic(place, telegram, pid))
    return clinics[0], clinics[1], grown


def _steps(people: int) -> Callable[[Clinic], Awaitable[float]]:
    async def work(at: Clinic) -> float:
        heat = await race.run(_LINE, at.telegram, [at.pid], None, at.folder, people, 4, 0.0)
        if heat.lost:
            raise clinic.Failed(f"{heat.lost} patients had no reply: {clinic.said_last(at.folder)}")
        return heat.cpu

    return work


def _said(chats: range, command: str, count: int) -> Callable[[Clinic], Awaitable[float]]:
    async def work(at: Clinic) -> float:
        before = clinic.cost(at.pid).cpu
        for place in range(count):
            await at.telegram.say(chats[place % len(chats)], command)
        return clinic.cost(at.pid).cpu - before

    return work
