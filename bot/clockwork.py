"""The clockwork: at each tick everything that is due, what cannot wait first.

Reminders come by the thousand at one minute. They are taken so many at a time that nobody who answers, or
cries for help, waits long for the database, and what rings meanwhile rings between them.
"""

from collections.abc import Callable
from functools import partial

from bot import alerts, channels, drill, rounds, set_back, vigils
from bot.due import Due
from bot.program import Program
from bot.unit import Storage, Unit

LEAST, MOST = 16, 128
"""How many reminders are taken at a time."""
LONGEST = 0.015
"""How many seconds of computing that may take."""


class Clockwork:
    """`seconds` are those that the calling thread has computed: on a busy machine a round takes longer by
    the clock, and smaller ones would not help."""

    def __init__(self, storage: Storage, program: Program, seconds: Callable[[], float]) -> None:
        self._storage = storage
        self._program = program
        self._seconds = seconds
        self.at_once = LEAST
        self.ticks = 0

    async def tick(self, waiting: frozenset[Due]) -> None:
        """Everything that is due, of these."""
        if Due.CLOCK in waiting:
            await self._storage.write(partial(set_back.look, program=self._program), urgent=True)
        if Due.ALERT in waiting:
            await self._all(alerts.ring_due)
        if Due.LATE in waiting:
            await self._storage.write(partial(channels.tell_late, program=self._program), urgent=True)
        if Due.DRILL in waiting:
            await self._storage.write(partial(drill.end_due, program=self._program))
        if Due.REMINDER in waiting:
            await self._all(vigils.fire)
            while await self._storage.write(self._round):
                await self._all(alerts.ring_due)
        self.ticks += 1

    async def _all(self, some: Callable[[Unit, Program], int]) -> None:
        """Do some of it, urgently, until there is no more."""
        while await self._storage.write(lambda unit: some(unit, self._program), urgent=True):
            pass

    def _round(self, unit: Unit) -> bool:
        """Send some reminders; whether there may be more."""
        began, asked = self._seconds(), self.at_once
        found = rounds.fire(unit, self._program, asked)
        if found < asked:
            return False
        took = max(self._seconds() - began, 1e-6)
        self.at_once = max(LEAST, min(MOST, int(found * LONGEST / took)))
        return True
