"""Intake: what Telegram hands over is committed before Telegram is told so.

Danger goes first, for a whole batch at once (`bot.triage`). Then each turn runs in one unit, together with
its redelivery key (`bot.inbox`), each chat's in order and all chats side by side.

In a flood nobody's cry waits for the turns of those before. While more comes than there is time for, all of
it is screened and kept, so that the next can be handed over; the turns are taken from there, in the order of
arrival, as soon as everything is here. A message that the model has not read in time is kept too. Of a
stranger's no word is: their turn comes at once, with the lines, and a card follows if the model hears more.

A turn that fails is kept and tried again in its patient's order, and at last becomes a dead letter with an
honest apology. Only a database that cannot commit makes `receive` raise; then Telegram keeps the update and
hands it over again.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, cast

from bot import inbox, sos, triage, turns
from bot.concerns import Concern
from bot.host import Host
from bot.inbound import Inbound, Pressed
from bot.journal import Log
from bot.together import Together
from bot.triage import Heard, NotYet, Triage
from bot.unit import Storage, Unit

log = Log(__name__)

LISTENS, LISTENS_KEPT = 1.0, 5.0
"""Seconds that Telegram, and the turns of a flood, wait for the model before they go on without a message."""
MANY = 32
"""So many calls of `receive` at a time are a flood where they come late: a webhook called on most of its 40
connections."""
RESPITE = 0.25
"""Seconds for which there must be fewer before it is over, since the calls come in waves."""
_TURNS = 64
"""Turns of a flood that are taken together."""
_REMEMBERED = 5000
"""Kept messages that wait in memory too; beyond them, `retry` reads the others from the inbox."""


class Answering(Protocol):
    def __call__(self, callback_id: str, toast: str | None = None) -> None:
        """Stop a button's spinner; best effort, never waited for."""
        ...


@dataclass(slots=True)
class _Turnstile:
    """Lets one task at a time through for each chat, in the order of arrival."""

    locks: dict[int, asyncio.Lock] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @asynccontextmanager
    async def through(self, chat: int) -> AsyncIterator[None]:
        lock = self.locks.setdefault(chat, asyncio.Lock())
        self.waiting[chat] += 1
        try:
            async with lock:
                yield
        finally:
            self.waiting[chat] -= 1
            if not self.waiting[chat]:
                del self.waiting[chat], self.locks[chat]


class Intake:
    """Receives what `bot.telegram` has translated. `shared`: other processes work on the same inbox."""

    def __init__(
        self,
        storage: Storage,
        host: Host,
        triage: Triage,
        answer_press: Answering,
        *,
        shared: bool = False,
    ) -> None:
        self._storage = storage
        self._host = host
        self._triage = triage
        self._answer_press = answer_press
        self._shared = shared
        self._turnstile = _Turnstile()
        self._backlog = Together(self._catch_up, _TURNS)
        self._in_hand = 0
        self._crowded_until = 0.0
        self._all_here = asyncio.Event()
        self._all_here.set()
        self._stopping = False
        self._reading: set[asyncio.Task[None]] = set()

    async def receive(self, batch: Sequence[Inbound], more: bool = False, late: bool = True) -> None:
        """Return when all of it is committed; concerns of the whole batch go before any turn.

        `more`: Telegram is known to have more waiting, until a call says otherwise. `late`: some of it has
        waited already; without that nobody who cries now would wait long behind it.
        """
        if more and late:
            self._all_here.clear()
        if self._in_hand >= MANY and late:
            self._crowded_until = asyncio.get_running_loop().time() + RESPITE
        self._in_hand += 1
        try:
            heard = await self._triage.screen(batch, at_once=self._flooded)
            if not (self._flooded and heard and await self._kept(heard)):
                await self._by_chat(heard)
        finally:
            self._in_hand -= 1
            if not more:  # only now: the last of a flood cries for help no less than the first
                self._all_here.set()

    async def retry(self, most: int = 100) -> int:
        """Try again what is kept and due, each chat in its order; the number of turns tried."""
        if self._flooded:
            return 0
        chats: dict[int, list[Inbound]] = defaultdict(list)
        for inbound in await self._storage.read(lambda unit: inbox.due(unit, most)):
            chats[inbound.chat].append(inbound)
        return sum(await asyncio.gather(*map(self._again_in_order, chats.values())))

    async def caught_up(self) -> None:
        """Until the turns of a flood are taken."""
        await self._backlog.finished()

    async def stop(self) -> None:
        """Take no more turns of a flood: they are kept, and the next process takes them. What only memory has
        of strangers is read to its end, for a moment."""
        self._stopping = True
        self._all_here.set()
        await self.caught_up()
        if self._reading:
            await asyncio.wait(self._reading, timeout=LISTENS_KEPT)
        for reading in self._reading:
            reading.cancel()

    # A flood

    @property
    def _flooded(self) -> bool:
        """Whether more comes than there is time for, or turns of such a time are still to be taken."""
        crowded = asyncio.get_running_loop().time() < self._crowded_until
        return crowded or not self._all_here.is_set() or self._backlog.busy

    async def _flood_over(self) -> None:
        while not self._stopping:
            await self._all_here.wait()
            left = self._crowded_until - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await asyncio.sleep(left)

    async def _kept(self, heard: Sequence[Heard]) -> bool:
        """Keep all of it in one unit; False where that fails, since one that cannot be kept must not hold up
        the others."""
        inbounds = [inbound for inbound, _ in heard]
        try:
            new = await self._storage.write(lambda unit: inbox.keep(unit, inbounds, ours=self._shared))
        except Exception as error:
            log.error("intake.not_kept", count=len(inbounds), error=error)
            return False
        keys = {inbound.key for inbound in new[: max(0, _REMEMBERED - len(self._backlog))]}
        for inbound, concern in heard:
            if inbound.key in keys:
                self._backlog.add((inbound, concern))
        return True

    async def _catch_up(self, heard: list[Heard]) -> None:
        """Some turns of a flood that has gone by."""
        await self._flood_over()
        if self._stopping:
            return
        try:
            await self._by_chat(heard, kept=True)
        except Exception as error:
            log.error("intake.not_caught_up", count=len(heard), error=error)

    # Turns

    async def _by_chat(self, heard: Sequence[Heard], *, kept: bool = False) -> None:
        """The turns of these, each chat's in order and all chats side by side."""
        chats: dict[int, list[Heard]] = defaultdict(list)
        for inbound, concern in heard:
            chats[inbound.chat].append((inbound, concern))
        if len(chats) == 1:
            [only] = chats.values()
            await self._in_order(only, kept)
        else:
            await asyncio.gather(*(self._in_order(some, kept) for some in chats.values()))

    async def _in_order(self, heard: Sequence[Heard], kept: bool) -> None:
        async with self._turnstile.through(heard[0][0].chat):
            for place, (inbound, concern) in enumerate(heard):
                try:
                    goes_on = await self._read_and_turn(inbound, concern, kept)
                except Exception:  # nothing can be kept: no turn comes, but who presses for help must find it
                    await self._triage.answer_directly([left for left, _ in heard[place:]])
                    raise
                if kept and not goes_on:
                    return

    async def _read_and_turn(self, inbound: Inbound, concern: Concern | None, kept: bool) -> bool:
        """What the model hears in it, and then its turn; False while those behind it must wait."""
        if concern is not None and concern.expected:  # what asked for such words may be over by now
            [(_, concern)] = await self._triage.screen([inbound])
        try:
            concern = await self._triage.listen(inbound, concern, LISTENS_KEPT if kept else LISTENS)
        except NotYet:
            return await self._unread(inbound, concern, kept)
        return await self._turn(inbound, concern, kept)

    async def _unread(self, inbound: Inbound, concern: Concern | None, kept: bool) -> bool:
        """The model has not read it: it is kept until then. Strangers, of whom no word is, have their turn.

        False while those behind it must wait.
        """
        if await self._storage.read(lambda unit: inbox.knows(unit, inbound.chat)):
            if not kept:
                await self._storage.write(partial(inbox.keep, inbounds=[inbound]))
            return False
        if concern is not None:
            await self._triage.hear(inbound, concern)
        else:
            self._reading.add(asyncio.create_task(self._read_on(inbound)))
        return await self._turn(inbound, concern, kept)

    async def _read_on(self, inbound: Inbound) -> None:
        """What the model hears in it after all: best effort, since its words are in memory alone."""
        try:
            await self._triage.listen(inbound, None, triage.AT_MOST)
        except NotYet:
            log.warning("listening.too_late")
        except Exception as error:
            log.error("listening.failed", error=error)
        finally:
            self._reading.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _again_in_order(self, inbounds: Sequence[Inbound]) -> int:
        """The number tried, up to the first behind which the others must wait."""
        async with self._turnstile.through(inbounds[0].chat):
            for tried, inbound in enumerate(inbounds, 1):
                [(_, concern)] = await self._triage.screen([inbound])
                try:
                    concern = await self._triage.listen(inbound, concern, triage.AT_MOST)
                except NotYet:
                    log.warning("listening.too_late")
                    if concern is not None and not concern.expected:
                        await self._triage.hear(inbound, concern)
                if not await self._turn(inbound, concern, kept=True):
                    return tried
        return len(inbounds)

    async def _turn(self, inbound: Inbound, concern: Concern | None, kept: bool) -> bool:
        """Its turn, in one unit with its redelivery key; False while those behind it must wait."""
        toast, goes_on = None, True

        def take(unit: Unit) -> str | None:
            return turns.take(unit, self._host, inbound, concern)

        try:
            work = partial(inbox.again if kept else inbox.first, inbound=inbound, turn=take)
            toast = await self._triage.take(work, inbound)
        except inbox.Behind:
            return False
        except Exception as error:
            log.error("turn.failed", kind=type(inbound.event).__name__, error=error)
            give_up = partial(turns.apologise, host=self._host, inbound=inbound)
            unheard = isinstance(error, triage.Unheard)
            kept_now = partial(inbox.failed, inbound=inbound, give_up=give_up, presses=unheard)
            goes_on = await self._triage.take(kept_now, inbound)
            if not goes_on and sos.wants_help(self._host.program, inbound):
                await self._storage.write(partial(turns.stay, host=self._host, inbound=inbound))
            if unheard and kept and concern is not None:  # tried again at once, and it failed again
                tell = partial(turns.tell_unheard, host=self._host, inbound=inbound, concern=concern)
                await self._storage.write(tell, urgent=True)
        if isinstance(inbound.event, Pressed):
            self._answer_press(inbound.event.callback_id, toast)
        return goes_on
