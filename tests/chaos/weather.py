"""Foul weather: Telegram fails, and is gone for hours; the disk fills up, PostgreSQL crashes; clocks jump."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

from tests.chaos.clinic import Clinic
from tests.chaos.cluster import Cluster
from tests.chaos.crawl import Crowd, Fair
from tests.chaos.disk import Disk
from tests.chaos.judge import Finding
from tests.chaos.patients import Patient, Silence
from tests.chaos.test_outage import Flaky

JUMPS = (-180, -50, -1, 1, 10)
"""Minutes by which a process may find the clock moved. Forward only a little: who waits for a reply must not
come to the two hours after which words are no answer."""
FARTHEST = -12 * 60
HALF_HOURS = 10
"""For which Telegram is gone."""


class Foul(Fair):
    """Over one clinic, until it clears up. `crashing` is its PostgreSQL; on SQLite its disk fills up."""

    def __init__(self, made: Clinic, chance: Random, crashing: Cluster | None) -> None:
        self._made = made
        self._chance = chance
        self._crashing = crashing
        self._disk = Disk(made)
        self._flaky = made.tg.faults = Flaky(chance, made.tg.faults)
        self._jumped = self._jumps = self._outages = 0
        self._storage: asyncio.Task[Any] = asyncio.create_task(
            self._disk.fill_at_times(lambda: chance.uniform(0.5, 6))
            if crashing is None
            else crashing.restart_at_times(lambda: chance.uniform(5, 15))
        )

    def between_lives(self) -> None:
        """The next process may find another time."""
        jump = self._chance.choice(JUMPS)
        if self._chance.random() < 0.3 and self._jumped + jump > FARTHEST:
            self._jumped += jump
            self._jumps += 1
            self._made.move(timedelta(minutes=jump))

    async def at_rest(self, crowd: Crowd) -> None:
        """Telegram is gone for hours, in which some speak and the team is still to be rung."""
        self._outages += 1
        self._flaky.outage(True)
        speaking = [
            asyncio.create_task(_speaks(patient, cries=number == 0))
            for number, patient in enumerate(crowd.patients[:4])
            if patient.question is None
        ]
        for _ in range(HALF_HOURS):
            self._made.move(timedelta(minutes=30))
            await asyncio.sleep(0.3)  # the clock may tick meanwhile
        self._flaky.outage(False)
        await asyncio.gather(*speaking)

    async def clears_up(self) -> None:
        self._flaky.share = 0
        self._storage.cancel()
        await asyncio.gather(self._storage, return_exceptions=True)
        self._disk.free()

    def __str__(self) -> str:
        crashes = f"{self._crashing.restarts} crashes of the database" if self._crashing else ""
        storage = crashes or f"the disk full {self._disk.times} times"
        return f"{storage}, {self._jumps} jumps of the clock, {self._outages} outages of hours"


async def _speaks(patient: Patient, *, cries: bool) -> None:
    """A silence is written down for the judge: it ends nothing."""
    try:
        await (patient._cry() if cries else patient._say_something())
    except Silence as silence:
        patient.diary.troubles.append(f"in the outage: {silence}")


def is_weather(finding: Finding) -> bool:
    """Whether that is only what Handrail says of the weather: it may complain in its log."""
    return finding.rule == "no error in the log"
