"""Where the sender's laws are watched: time that is moved by hand, a courier who does as told, and rows.

Nothing sleeps. `Stage.rest` waits until nothing is under way any more, so that whatever is then left
waits for a moment; `Stage.pass_time` lets moments come.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.outbox import Address, Lane, post, say
from bot.rows import Outgoing
from bot.sender import Sender
from bot.store.database import Store
from bot.unit import Unit
from tests.fakes import FakeStorage

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = b"k" * 32
AnyStorage = Store | FakeStorage


class Call:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class HandTimer:
    """A timer, and the clock that goes with it."""

    def __init__(self) -> None:
        self._now = 0.0
        self._calls: list[tuple[float, int, Call]] = []
        self._order = itertools.count()
        self.skew = timedelta()

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> Call:
        call = Call(callback)
        heapq.heappush(self._calls, (when, next(self._order), call))
        return call

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self._now) + self.skew

    def next_moment(self, until: float) -> Callable[[], None] | None:
        """The next callback that is due by then; time moves on to it, or to the end."""
        while self._calls and self._calls[0][0] <= until:
            when, _, call = heapq.heappop(self._calls)
            if call.callback is not None:
                self._now = max(self._now, when)
                return call.callback
        self._now = until
        return None


class HandCourier:
    """Delivers at once, unless told what becomes of a text: exceptions in turn, or an event to wait for."""

    def __init__(self, timer: HandTimer) -> None:
        self._timer = timer
        self._ids = itertools.count(1)
        self.fate: dict[str, deque[Exception]] = defaultdict(deque)
        self.held: dict[str, asyncio.Event] = {}
        self.holding = 0
        self.calls: list[tuple[float, str]] = []
        self.delivered: list[str] = []
        self.edits: dict[str, int | None] = {}
        self.on_call: Callable[[str], Any] | None = None

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        text = str(body["text"])
        self.calls.append((self._timer.time(), text))
        self.edits[text] = message_id
        if self.on_call is not None:
            await self.on_call(text)
        if text in self.held:
            self.holding += 1
            try:
                await self.held[text].wait()
            finally:
                self.holding -= 1
        if self.fate[text]:
            raise self.fate[text].popleft()
        self.delivered.append(text)
        return message_id if message_id is not None else next(self._ids)

    def hold(self, text: str) -> asyncio.Event:
        return self.held.setdefault(text, asyncio.Event())

    def times(self, text: str) -> list[float]:
        return [at for at, said in self.calls if said == text]

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.calls]


class Stage:
    """One process: a storage, a courier and a sender on it, with the timer that all of a test share."""

    def __init__(self, storage: AnyStorage, timer: HandTimer, *, shared: bool, **options: Any) -> None:
        self.storage = storage
        self.timer = timer
        self.courier = HandCourier(timer)
        options = {"rate": 0.0, "chance": random.Random(1), **options}
        self.sender = Sender(storage, self.courier, shared=shared, timer=timer, **options)

    async def post(
        self, text: str, lane: Lane = Lane.REPLY, chat: int = 1, edits: int | None = None, due: float = 0
    ) -> int:
        """Queue a row and return its id. `due`: so many seconds from now."""

        def work(unit: Unit) -> Outgoing | None:
            to = Address(chat, unit.digest(chat))
            if not edits and not due:
                return say(unit, to, text, lane=lane)
            at = unit.now + timedelta(seconds=due)
            return post(unit, to, {"kind": "text", "text": text}, lane=lane, edits=edits, due_at=at)

        row = await self.storage.write(work)
        assert row is not None
        return row.id

    async def row(self, id: int) -> Outgoing:
        row = await self.storage.read(lambda unit: unit.get(Outgoing, id))
        assert row is not None
        return row

    async def state(self, id: int) -> str:
        return (await self.row(id)).state

    async def rest(self, *others: Stage) -> None:
        """Wait until nothing is under way: what is left waits for a moment, or for the test."""
        while any([await stage._step() for stage in (self, *others)]):
            pass

    async def _step(self) -> bool:
        sender = self.sender
        await asyncio.sleep(0)
        going = {task for task in (sender._proofs._task, sender._marks._task, sender._pacer._asking) if task}
        going |= sender._chores
        if self.courier.holding < len(sender._flights):
            going |= sender._flights.keys()
        if self.napping:
            going.discard(sender._marks._task)
        if going:
            await asyncio.wait(going, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
        return bool(going) or sender._accepting

    @property
    def napping(self) -> bool:
        """The marks wait for a moment, after the database refused them."""
        return self.sender._marks.most < 128

    async def pass_time(self, seconds: float, *others: Stage) -> None:
        until = self.timer.time() + seconds
        await self.rest(*others)
        while (callback := self.timer.next_moment(until)) is not None:
            callback()
            await self.rest(*others)

    async def crash(self) -> None:
        """The process is gone: nothing is marked, nothing let go."""
        sender = self.sender
        sender._running = False
        for handle in (sender._ticking, sender._alarm and sender._alarm[1]):
            if handle is not None:
                handle.cancel()
        doomed = [*sender._flights, *sender._chores]
        doomed += [task for task in (sender._proofs._task, sender._marks._task) if task]
        for task in doomed:
            task.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)


def a_store(url: str, clock: Clock) -> Store:
    store = Store(url, [KEY], clock)
    store.unlock()
    return store
