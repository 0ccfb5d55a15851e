"""The updates that wait for the bot, kept as Telegram keeps them.

An update waits until it is confirmed (an offset above it, or a webhook's 2xx), a day at most. Ids rise
by one; after a week without updates they begin anew at random, as Telegram's may. A webhook's queue is
named with each update: a chat's messages and a person's button presses are two queues. Where they are not
`ordered`, none waits for the one before it, which is worse than Telegram.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bot.sandbox.methods import ONLY_WHEN_ASKED, UPDATES
from bot.sandbox.refusals import Json, bad

KEPT = timedelta(hours=24)
IDLE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pending:
    id: int
    update: Json
    queue: str
    at: datetime


@dataclass(slots=True)
class Updates:
    now: Callable[[], datetime]
    chance: Random
    restarts: bool = True
    ordered: bool = True
    allowed: frozenset[str] = UPDATES - ONLY_WHEN_ASKED
    waiting: dict[int, Pending] = field(default_factory=dict)  # in order of arrival, which is order of id
    watchers: list[Callable[[Pending], None]] = field(default_factory=list)
    hoping: list[asyncio.Future[None]] = field(default_factory=list)
    last: int = 0
    last_at: datetime | None = None

    def allow(self, names: list[str] | None) -> None:
        """None keeps what was asked for last; an empty list is Telegram's default."""
        if names is None:
            return
        unknown = set(names) - UPDATES
        if unknown:
            raise bad(f'unknown type "{unknown.pop()}" in allowed_updates')
        self.allowed = frozenset(names) or UPDATES - ONLY_WHEN_ASKED

    def restart(self) -> None:
        """Ids begin anew at random with the next update."""
        self.last = 0

    def add(self, kind: str, body: Json, queue: str) -> int | None:
        """The new update's id; None when the bot did not ask for this kind."""
        if kind not in self.allowed:
            return None
        now = self.now()
        if self.restarts and self.last_at is not None and now - self.last_at >= IDLE:
            self.expire()
            self.restart()
        self.last = self.last + 1 if self.last else self.chance.randrange(10**8, 10**9)
        self.last_at = now
        queue = queue if self.ordered else f"{queue} {self.last}"
        pending = Pending(self.last, {"update_id": self.last, kind: body}, queue, now)
        self.waiting[self.last] = pending
        for watcher in self.watchers:
            watcher(pending)
        return self.last

    def expire(self) -> None:
        oldest = self.now() - KEPT
        while self.waiting:
            first = next(iter(self.waiting.values()))
            if first.at >= oldest:
                return
            self.forget(first.id)

    def forget(self, update_id: int) -> None:
        """Confirmed, delivered or too old."""
        self.waiting.pop(update_id, None)
        if not self.waiting:
            self._rejoice()

    def drop(self) -> None:
        self.waiting.clear()
        self._rejoice()

    async def settled(self) -> None:
        """Until nothing waits: the bot has confirmed all that it was told."""
        while self.waiting:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.hoping.append(future)
            await future

    def _rejoice(self) -> None:
        hoping, self.hoping = self.hoping, []
        for future in hoping:
            if not future.done():
                future.set_result(None)

    def take(self, offset: int, limit: int) -> list[Json]:
        """What getUpdates answers. A positive offset forgets all below it, a negative one all but the last.

        An offset far above the last id is no confirmation (ids may have begun anew): Telegram then
        answers from the oldest.
        """
        self.expire()
        if offset < 0:
            for key in list(self.waiting)[:offset]:
                self.forget(key)
        elif 0 < offset <= self.last + 10:
            while self.waiting and (first := next(iter(self.waiting))) < offset:
                self.forget(first)
        taken: list[Json] = []
        for pending in self.waiting.values():
            if len(taken) == limit:
                break
            taken.append(pending.update)
        return taken
