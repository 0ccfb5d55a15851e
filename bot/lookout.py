"""The lookout: whether this process moves and hears, shown to others, and whether those beside it do.

What moves is a value that changes while it lives (`bot.standstill`). A pulse in the database is for the
process beside this one, `well` for whoever asks at `/healthz`, the monitor for somebody outside: it is
called only by a process that keeps the time, and misses us as soon as anything stands still, Telegram's
updates too. A process that hears nothing is alive and deaf: its pulse stops.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Protocol

from bot import housekeeping, second_channel, set_back, standstill
from bot.program import Program
from bot.standstill import Watch
from bot.unit import Storage

CLOCK, INTAKE, SENDER = "clock", "intake", "sender"
PULSES = (CLOCK, INTAKE)
"""The parts that show others that they live."""
Seconds = Callable[[], float]


class Ear(Protocol):
    async def hears(self) -> bool:
        """Whether Telegram's updates have reached us since this was asked last, or could have."""
        ...


class Lookout:
    """`moving`: each part of this process, and how to get a value that changes while it lives. `ear` is None
    where it takes nothing in. `awake` counts on while the machine sleeps, and `seconds` does not."""

    def __init__(
        self,
        storage: Storage,
        program: Program,
        moving: Mapping[str, Callable[[], object]],
        ear: Ear | None,
        monitor: str | None,
        seconds: Seconds,
        awake: Seconds,
    ) -> None:
        self._storage = storage
        self._program = program
        self._moving = moving
        self._ear = ear
        self._monitor = monitor if CLOCK in moving else None
        self._watch = Watch(seconds)
        self._awake = awake
        self._heard_at: float | None = None
        self._still: list[str] = []

    @property
    def calls(self) -> bool:
        """Whether there is somebody outside to call."""
        return self._monitor is not None

    def well(self) -> bool:
        """Whether every part of this process moves."""
        return not [part for part, shown in self._moving.items() if self._watch.still(part, shown())]

    async def mind_the_clock(self) -> None:
        """Nobody is to wait for the hours that come twice, if it was set back."""
        await self._storage.write(lambda unit: set_back.look(unit, self._program))

    async def beat(self) -> None:
        """Show the others that we live, as far as we do."""
        await self.mind_the_clock()
        if self._ear is not None and await self._ear.hears():
            await self.heard()
        if CLOCK in self._moving and self.well():
            await self._storage.write(partial(housekeeping.beat, name=CLOCK))

    async def heard(self) -> None:
        """Telegram's updates reach us; if they did not for longer than it keeps them, staff are told."""
        now, before = self._awake(), self._heard_at
        deaf = timedelta.max if before is None else timedelta(seconds=now - before)
        await self._storage.write(lambda unit: housekeeping.hear(unit, self._program, deaf))
        self._heard_at = now

    async def look(self) -> None:
        """Whether we move, and whether what we cannot see of ourselves does: by its pulse."""
        self.well()
        parts = tuple(part for part in PULSES if part not in self._moving)
        still = await self._storage.read(lambda unit: standstill.look(unit, self._watch, parts))
        self._still = list(still)
        if still:
            await self._storage.write(lambda unit: standstill.tell(unit, self._program, still))

    async def call(self) -> None:
        """The dead-man's switch: an outside monitor hears from us while all is well, and else misses us."""
        if self._monitor is not None and self.well() and not self._still:
            await second_channel.beat(self._monitor)
