"""The one call that waits: getUpdates. One poller at a time; a newer one sends the older away."""

from __future__ import annotations

import asyncio

from bot.sandbox.refusals import Json, conflict
from bot.sandbox.updates import Pending, Updates

OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
LONGEST = 50  # seconds, as Telegram's


class Polling:
    def __init__(self, updates: Updates) -> None:
        self.updates = updates
        self.waiting: asyncio.Future[None] | None = None
        self.awaited: list[asyncio.Future[None]] = []
        updates.watchers.append(self._wake)

    async def poll(self, offset: int, limit: int, seconds: int) -> list[Json]:
        """What waits, or the first that comes within so many seconds, or nothing."""
        self.end(conflict(OTHER_POLL))
        limit = min(max(limit, 1), 100)
        taken = self.updates.take(offset, limit)
        if taken or seconds <= 0:
            return taken
        self.waiting = arrived = asyncio.get_running_loop().create_future()
        self._greet()
        try:
            async with asyncio.timeout(min(seconds, LONGEST)):
                await arrived
        except TimeoutError:
            return []
        finally:
            if self.waiting is arrived:
                self.waiting = None
        return self.updates.take(0, limit)

    def end(self, why: Exception) -> None:
        """Whoever waits is answered so."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(why)
        self.waiting = None

    async def polled(self) -> None:
        """Until a poller waits."""
        if self.waiting is None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.awaited.append(future)
            await future

    def _greet(self) -> None:
        awaited, self.awaited = self.awaited, []
        for future in awaited:
            if not future.done():
                future.set_result(None)

    def _wake(self, _: Pending) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)
