"""Intake: what Telegram hands over is committed before Telegram is told so.

For each inbound: its words are screened; a concern is committed first, in a unit of its own (danger
goes first); then its turn runs in one unit, together with its redelivery key. What explicit phrases hear in a
whole batch goes before everything. What only the model can hear, or what a phrase is not sure of, takes the
time that it takes, off the event loop and in the chat's order, and also goes before its own turn. When the
model cannot keep up, a message is kept and handled a little later. A turn that fails is kept,
encrypted, and tried again in its patient's order; after `TRIES` it becomes a dead letter and the person
gets an honest apology. Only a database that cannot commit makes `receive` raise; then Telegram keeps the
update and hands it over again.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Protocol

from bot import crisis, safety, turns
from bot.concerns import Concern, Hearer
from bot.conversations import Host
from bot.courier import Courier
from bot.inbound import Inbound, Pressed
from bot.journal import Log
from bot.listening import Deaf, Listening
from bot.rows import Incoming, Receipt
from bot.unit import Storage, Unit

log = Log(__name__)

TRIES = 5
PATIENCE = 1.5
"""Seconds that a concern may take to be committed before its card is sent directly (law 3)."""
_ASIDE = 0.5
"""Seconds that it may take to learn which dialog is open, before a concern is committed."""
LISTENS = 1.0
"""Seconds that Telegram waits for the model before a message is kept for later."""
AT_MOST = 30.0
"""Seconds that a kept message waits for it; then what the phrases heard must do."""
_BACKOFF = timedelta(seconds=2)


class NotYet(Exception):
    """The model has not read the message in time."""


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
    """Receives what `bot.telegram` has translated."""

    def __init__(
        self,
        storage: Storage,
        host: Host,
        hearer: Hearer,
        courier: Courier,
        answer_press: Answering,
        listening: Listening | None = None,
    ) -> None:
        self._storage = storage
        self._host = host
        self._hearer = hearer
        self._courier = courier
        self._answer_press = answer_press
        self._listening = listening
        self._turnstile = _Turnstile()
        self._warned: set[bytes] = set()

    async def receive(self, batch: Iterable[Inbound]) -> None:
        """Return when all of it is committed; concerns of the whole batch go before any turn."""
        heard = [(inbound, await self._screened(inbound)) for inbound in batch]
        concerns = [
            self._hear(inbound, concern)
            for inbound, concern in heard
            if concern is not None and not concern.expected and not self._listens(inbound, concern)
        ]
        if concerns:
            await asyncio.gather(*concerns)
        chats: dict[int, list[tuple[Inbound, Concern | None]]] = defaultdict(list)
        for inbound, concern in heard:
            chats[inbound.chat].append((inbound, concern))
        if len(chats) == 1:
            [only] = chats.values()
            await self._in_order(only)
        else:
            await asyncio.gather(*(self._in_order(inbounds) for inbounds in chats.values()))

    async def retry(self, most: int = 100) -> int:
        """Try again what is kept and due, each chat in its order; the number of turns tried."""
        due = await self._storage.read(
            lambda unit: unit.find(Incoming, state=Receipt.WAITING, due_at__le=unit.now, limit=most)
        )
        chats: dict[bytes | None, list[Inbound]] = defaultdict(list)
        for row in due:
            if row.body is not None:
                chats[row.chat_hash].append(Inbound.from_json(row.body))
        return sum(await asyncio.gather(*(self._again_in_order(inbounds) for inbounds in chats.values())))

    async def _again_in_order(self, inbounds: list[Inbound]) -> int:
        """The number tried, up to the first behind which the others must wait."""
        async with self._turnstile.through(inbounds[0].chat):
            for tried, inbound in enumerate(inbounds, 1):
                concern = await self._concern(inbound)
                try:
                    concern = await self._listen(inbound, concern, AT_MOST)
                except NotYet:
                    log.warning("listening.too_late")
                    if concern is not None and not concern.expected:
                        await self._hear(inbound, concern)
                if not await self._again(inbound, concern):
                    return tried
        return len(inbounds)

    async def _screened(self, inbound: Inbound) -> Concern | None:
        """Its concern; a fault of ours in hearing one message must not keep all others from being heard."""
        try:
            return await self._concern(inbound)
        except Exception as error:
            log.error("concern.not_heard", kind=type(inbound.event).__name__, error=error)
            return None

    async def _concern(self, inbound: Inbound) -> Concern | None:
        """What is heard in it. Answers to a safety plan or to ASQ name danger by design: there only present
        intent is heard. Which dialog is open is looked up only when something was heard, so that ordinary
        words cost nothing; when that cannot be looked up, what was heard stands."""
        if isinstance(inbound.event, Pressed):
            return crisis.pressed(inbound.event.data)
        words = inbound.words
        heard = self._hearer(words) if words else None
        return await self._meant(inbound, words, heard) if words and heard else None

    async def _meant(self, inbound: Inbound, words: str, heard: Concern) -> Concern:
        """The same concern, or what it is worth where such words are asked for."""
        try:
            asked_for = self._storage.read(
                lambda unit: safety.asks_for(unit, self._host, inbound.chat, heard.category)
            )
            if await asyncio.wait_for(asked_for, _ASIDE):
                return self._hearer(words, planning=True) or replace(heard, expected=True)
        except Exception as error:
            log.warning("concern.dialog_unknown", error=error)
        return heard

    def _listens(self, inbound: Inbound, concern: Concern | None) -> bool:
        """Whether the model is to be asked: where a phrase is sure, it has nothing to add."""
        if self._listening is None or self._listening.deaf or inbound.prose is None:
            return False
        return concern is None or not (concern.crisis or concern.expected)

    async def _listen(self, inbound: Inbound, concern: Concern | None, seconds: float) -> Concern | None:
        """What phrases and model hear in it, committed if it is anything. Raises `NotYet`."""
        prose = inbound.prose
        if self._listening is None or prose is None or not self._listens(inbound, concern):
            return concern
        if self._listening.behind and seconds < AT_MOST:
            raise NotYet
        try:
            heard = await asyncio.wait_for(self._listening.hear(prose), seconds)
        except Deaf:
            heard = concern
        except TimeoutError:
            raise NotYet from None
        if heard is not None:
            heard = await self._meant(inbound, prose, heard)
            if not heard.expected:
                await self._hear(inbound, heard)
        return heard

    async def _hear(self, inbound: Inbound, concern: Concern) -> None:
        """Commit a concern within `PATIENCE`, or send the card past the storage, once."""

        def commit(unit: Unit) -> None:
            # Asked when it runs: a commit that hung may come after the card that it was too late for.
            crisis.hear(unit, self._host, inbound, concern, told_directly=inbound.key in self._warned)

        writing = asyncio.ensure_future(self._storage.write(commit, urgent=True))
        try:
            await asyncio.wait_for(asyncio.shield(writing), PATIENCE)
        except Exception as error:
            log.error("concern.not_committed", level=concern.level, error=error)
            if inbound.key not in self._warned and crisis.needs_help_first(concern):
                await self._send_directly(inbound, concern)
            if isinstance(error, TimeoutError):
                await writing
            else:
                raise
        self._warned.discard(inbound.key)

    async def _send_directly(self, inbound: Inbound, concern: Concern) -> None:
        text = crisis.unsaved_card(self._host.program, inbound.language or "en", concern)
        try:
            await self._courier.deliver({"chat": inbound.chat, "kind": "text", "text": text, "buttons": []})
        except Exception as error:
            log.error("card.not_sent", error=error)
        else:
            self._warned.add(inbound.key)

    async def _in_order(self, inbounds: list[tuple[Inbound, Concern | None]]) -> None:
        async with self._turnstile.through(inbounds[0][0].chat):
            for inbound, concern in inbounds:
                try:
                    heard = await self._listen(inbound, concern, LISTENS)
                except NotYet:
                    await self._storage.write(partial(_defer, inbound=inbound))
                else:
                    await self._turn(inbound, heard)

    async def _turn(self, inbound: Inbound, concern: Concern | None) -> None:
        toast = None
        try:
            toast = await self._storage.write(
                lambda unit: _first(unit, lambda: turns.take(unit, self._host, inbound, concern), inbound)
            )
        except Exception as error:
            log.error("turn.failed", kind=type(inbound.event).__name__, error=error)
            await self._storage.write(lambda unit: _keep(unit, self._host, inbound))
        if isinstance(inbound.event, Pressed):
            self._answer_press(inbound.event.callback_id, toast)

    async def _again(self, inbound: Inbound, concern: Concern | None) -> bool:
        """One more try at a kept inbound; False while those behind it must wait."""

        def turn(unit: Unit) -> None:
            unit.lock(unit.digest(inbound.chat))
            row = unit.one(Incoming, key=inbound.key, state=Receipt.WAITING)
            if row is not None:
                turns.take(unit, self._host, inbound, concern)
                unit.change(row, state=Receipt.DONE, body=None, due_at=None)

        try:
            await self._storage.write(turn)
        except Exception as error:
            log.error("turn.failed_again", kind=type(inbound.event).__name__, error=error)
            return await self._storage.write(lambda unit: _keep(unit, self._host, inbound))
        return True


def _first(unit: Unit, turn: Callable[[], str | None], inbound: Inbound) -> str | None:
    """Run a turn unless it was run before, or must wait behind earlier ones of its chat."""
    chat_hash = unit.digest(inbound.chat)
    unit.lock(chat_hash)
    waits = unit.one(Incoming, chat_hash=chat_hash, state=Receipt.WAITING) is not None
    return turn() if _note(unit, inbound, waits=waits) and not waits else None


def _defer(unit: Unit, inbound: Inbound) -> None:
    """Keep an inbound that the model has not read yet, for the next tick."""
    unit.lock(unit.digest(inbound.chat))
    _note(unit, inbound, waits=True)


def _note(unit: Unit, inbound: Inbound, *, waits: bool) -> bool:
    """Its redelivery key, and all of it while it waits; False if it came before."""
    row = Incoming(
        id=unit.new_id(),
        key=inbound.key,
        chat_hash=unit.digest(inbound.chat),
        at=unit.now,
        state=Receipt.WAITING if waits else Receipt.DONE,
        due_at=unit.now if waits else None,
        body=inbound.to_json() if waits else None,
    )
    return unit.add_once(row)


def _keep(unit: Unit, host: Host, inbound: Inbound) -> bool:
    """Keep an inbound whose turn failed, to try again later; True once it is given up."""
    chat_hash = unit.digest(inbound.chat)
    row = unit.one(Incoming, key=inbound.key)
    if row is None:
        row = Incoming(
            id=unit.new_id(),
            key=inbound.key,
            chat_hash=chat_hash,
            at=unit.now,
            state=Receipt.WAITING,
            body=inbound.to_json(),
        )
        unit.add(row)
    attempts = row.attempts + 1
    if attempts >= TRIES:
        unit.change(row, state=Receipt.DEAD, attempts=attempts, due_at=None)
        turns.apologise(unit, host, inbound)
        log.error("letter.dead", letter=row.id, attempt=attempts)
        return True
    unit.change(row, attempts=attempts, due_at=unit.now + _BACKOFF * 2 ** (attempts - 1))
    return False
