"""The pace at which notices and nudges leave: never above Telegram's rate, whoever sends.

All processes draw on one row: whoever needs slots moves `next_at` on by a batch of them, in one unit,
and owns the moments in between. So the slots of all processes together are evenly spaced, at 96.7 % of
the rate; the rest is air for what network and machine do to the moment of a call.

In the process a sliding window watches over the calls as they are really made, replies and alerts
among them: nudges and notices leave one place in it free, and are never crowded together. Replies can take
at most half of it, so that a busy evening does not hold the reminders up for ever.

A card takes the free place, at once. Its alert, in the same moment, would be one too many, and Telegram's
answer to that stops everything for seconds: it waits the few hundredths until the next place is free, which
is soon because nudges are evenly spaced.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from bot.journal import Log
from bot.rows import Pace
from bot.unit import Storage, Unit

log = Log(__name__)

HELD_AT = 0.967
WINDOW, NEARLY = 1.001, 1.0
SECOND = 1.006
"""How long a call is taken to fill a place in Telegram's window, when a card looks for one."""
GIVES_WAY = 0.075
SPACED = 0.985
"""How near the next slot may come to a late one, so that what was late is made up for little by little."""
KEEPS_FREE = 20  # from this rate on
LATE = 1.0
EARLY = 0.001  # an event loop counts in milliseconds, and may come that much too soon
FARTHEST = timedelta(minutes=10)
AGAIN = 0.5
_NAME = "telegram"
_LOCK = b"the pace"


class Handle(Protocol):
    def cancel(self) -> None: ...


class Timer(Protocol):
    """Seconds that only go forward, and a call when they have come; an event loop is one."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Handle: ...


class Pacer:
    """Slots for one process. `more` is called when new ones have come; rate 0 is no pacing at all."""

    def __init__(self, storage: Storage, rate: float, timer: Timer, more: Callable[[], None]) -> None:
        self._storage = storage
        self._timer = timer
        self._more = more
        self._free = rate == 0
        self._apart = 0.0 if self._free else 1 / (rate * HELD_AT)
        self._most = max(1, int(rate))
        self._room = self._most - (self._most >= KEEPS_FREE)
        self._batch = max(1, int(rate / 2))
        self._slots: deque[float] = deque()
        self._made: deque[float] = deque()
        self._others: deque[float] = deque(maxlen=max(1, self._most // 2))
        self._asking: asyncio.Task[None] | None = None

    @property
    def ahead(self) -> int:
        """How many rows to have ready before their slots come: a quarter of a second's."""
        return 64 if self._free else min(64, max(2, self._batch // 2))

    def take(self, now: float) -> bool:
        """Use up a slot whose moment has come, if there is one and the window has room."""
        if self._free:
            return True
        self._forget(now)
        if not self._slots or self._slots[0] > now + EARLY or self._room_at(now) > now:
            return False
        if self._made and now < self._made[-1] + self._apart * SPACED:
            return False
        self._slots.popleft()
        self._made.append(now)
        return True

    def give_way(self, now: float) -> float:
        """When an unpaced call is to be made: now, or at most `GIVES_WAY` later, where a fan-out fills the
        window until then. It is counted already."""
        if self._free:
            return now
        self._forget(now)
        recent = self._within(SECOND, now)
        over = len(recent) + 1 - self._most
        at = now if over <= 0 else min(recent[over - 1] + SECOND, now + GIVES_WAY)
        self._others.append(at)
        return at

    def next(self, wanted: int, now: float) -> float | None:
        """When `take` will succeed next; None while slots are being asked for (`more` comes then)."""
        self._forget(now)
        if self._asking is None and len(self._slots) < min(wanted, self._batch):
            count = min(wanted - len(self._slots), self._batch)
            self._asking = asyncio.get_running_loop().create_task(self._ask(count))
        if not self._slots:
            return None
        spaced = self._made[-1] + self._apart * SPACED if self._made else now
        return max(self._slots[0], self._room_at(now), spaced)

    async def hold(self, seconds: float) -> None:
        """Tell every process: no slot before so many seconds have passed."""
        self._slots.clear()
        if self._free:
            return
        try:
            await self._storage.write(lambda unit: _hold(unit, timedelta(seconds=seconds)))
        except Exception as error:
            log.warning("pace.not_held", error=error)

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _forget(self, now: float) -> None:
        while self._slots and self._slots[0] < now - LATE:
            self._slots.popleft()
        while self._made and self._made[0] <= now - SECOND:
            self._made.popleft()

    def _within(self, seconds: float, now: float) -> list[float]:
        """When the calls of the last seconds were made, and those that are to come, oldest first."""
        return sorted(at for at in (*self._made, *self._others) if at > now - seconds)

    def _room_at(self, now: float) -> float:
        """The moment when the window has room for one more."""
        recent = self._within(WINDOW, now)
        room = now
        # One place stays free, but for the little that a late call may come too near.
        for most, window in ((self._most, WINDOW + EARLY), (self._room, NEARLY)):
            if len(recent) >= most:
                room = max(room, recent[-most] + window)
        return room

    async def _ask(self, count: int) -> None:
        try:
            first = await self._storage.write(lambda unit: self._reserve(unit, count))
            self._slots.extend(first + place * self._apart for place in range(count))
        except Exception as error:
            log.warning("pace.no_slots", error=error)
            self._timer.call_at(self._timer.time() + AGAIN, self._more)
        else:
            asyncio.get_running_loop().call_soon(self._more)
        finally:
            self._asking = None

    def _reserve(self, unit: Unit, count: int) -> float:
        """The timer's time of the first of `count` slots that are now ours."""
        row = _row(unit)
        ahead = row.next_at - unit.now
        if not timedelta() < ahead < FARTHEST:  # nothing is reserved, or the clock was set back
            ahead = timedelta()
        unit.change(row, next_at=unit.now + ahead + count * timedelta(seconds=self._apart))
        return self._timer.time() + ahead.total_seconds()


def _row(unit: Unit) -> Pace:
    unit.lock(_LOCK)
    row = unit.one(Pace, name=_NAME)
    if row is None:
        row = Pace(id=unit.new_id(), name=_NAME, next_at=unit.now)
        unit.add(row)
    return row


def _hold(unit: Unit, until: timedelta) -> None:
    row = _row(unit)
    unit.change(row, next_at=max(row.next_at, unit.now + until))
