"""Triage: what somebody's words may mean for their safety comes before all else that is done with them.

What explicit phrases hear is committed at once: flag, alert and card in a unit of its own. Help for whoever
asks for it outright is, too. Of anything but suicide and self-harm a model at hand has a glance before: where
it takes the words for ordinary ("he hit me hard with that tax bill"), the bot asks. What only the model can
hear, or what a phrase is not sure of, takes the time that it takes, off the event loop, and is committed
before the message's own turn. What the storage cannot take in time is answered past it: cards, calls, and the
presses of somebody who may be in danger.

One message that cannot be committed, by a fault of ours, must not keep all others from being heard: its turn
fails with it, and both are tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bot import crisis, inbox, safety, sos
from bot.concerns import BELIEVED, Concern, Hearer, Level
from bot.direct import Direct
from bot.host import Host
from bot.inbound import Inbound, Pressed
from bot.journal import Log
from bot.listening import Deaf, Listening
from bot.unit import Storage, Unit, Work

log = Log(__name__)

PATIENCE = 1.5
"""Seconds that a concern may take to be committed before its card is sent directly (law 3)."""
AT_MOST = 30.0
"""Seconds for which anybody waits for the model; then what the phrases heard must do."""
GLANCE = 0.5
"""Seconds that explicit words wait for the model; then they are believed."""
_ASIDE = 0.5
"""Seconds that it may take to learn which dialog is open, before a concern is committed."""

Heard = tuple[Inbound, Concern | None]
T = TypeVar("T")


class NotYet(Exception):
    """The model has not read the message in time."""


class Unheard(Exception):
    """What was heard in the message could not be committed: its turn must wait for that."""


class Triage:
    """`hearer` knows the phrases; `listening` is the model, where there is one."""

    def __init__(
        self, storage: Storage, host: Host, hearer: Hearer, direct: Direct, listening: Listening | None
    ) -> None:
        self._storage = storage
        self._host = host
        self._hearer = hearer
        self._direct = direct
        self._listening = listening
        self._unheard: set[bytes] = set()

    async def screen(self, batch: Sequence[Inbound], *, at_once: bool = False) -> list[Heard]:
        """What the phrases hear in all of it. What they are sure of is committed; `at_once`, in a flood, the
        model has no glance at it before."""
        heard = [(inbound, await self._screened(inbound)) for inbound in batch]
        if not at_once:
            heard = await asyncio.gather(*(self._glanced(inbound, concern) for inbound, concern in heard))
        concerns = [
            self.hear(inbound, concern)
            for inbound, concern in heard
            if concern is not None and not concern.expected and not self._listens(inbound, concern)
        ]
        concerns += [
            self._help(inbound)
            for inbound, concern in heard
            if concern is None and sos.is_call(self._host.program, inbound)
        ]
        if concerns:
            await asyncio.gather(*concerns)
        return heard

    async def listen(self, inbound: Inbound, concern: Concern | None, seconds: float) -> Concern | None:
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
        if heard is not None and not heard.expected:
            await self.hear(inbound, heard)
        return heard

    async def hear(self, inbound: Inbound, concern: Concern) -> None:
        """Commit a concern in time, or send its card past the storage; what fails, its turn tries again."""
        commit = partial(crisis.hear, host=self._host, inbound=inbound, concern=concern)

        async def card() -> None:
            if crisis.needs_help_first(concern):
                text = crisis.unsaved_card(self._host.program, inbound.language or "en", concern)
                await self._direct.send(inbound.key.hex(), inbound.chat, text)

        try:
            await self._in_time(commit, card)
        except Exception:
            self._unheard.add(inbound.key)

    async def _help(self, inbound: Inbound) -> None:
        """Commit help for a call in time, or send it past the storage; else its turn says the same."""

        def commit(unit: Unit) -> None:
            sos.answer(unit, self._host, inbound)

        with suppress(Exception):
            await self._in_time(commit, partial(self._past_storage, inbound))

    async def _past_storage(self, inbound: Inbound) -> None:
        """What can be done for a call or a press past the storage: help is sent, or the screen is cleared."""
        key, chat, message_id = inbound.key.hex(), inbound.chat, inbound.message_id
        if not sos.hides(inbound):
            await self._direct.send(key, chat, sos.unsaved(self._host.program, inbound))
        elif message_id is not None:
            sign = self._host.program.words.text(inbound.language or "en", "crisis", "hidden")
            await self._direct.take_back(key, chat, message_id, sign)

    async def answer_directly(self, inbounds: Sequence[Inbound]) -> None:
        """Past the storage, which takes none of these, what their presses ask for."""
        for inbound in inbounds:
            if self._is_pressing(inbound):
                await self._past_storage(inbound)

    async def take(self, turn: Work[T], inbound: Inbound) -> T:
        """Commit its turn, or keep it; help goes past the storage to whoever presses for it where that takes
        too long. An error says nothing of the storage yet: it may be a fault of ours. Raises `Unheard`."""
        if inbound.key in self._unheard:
            self._unheard.discard(inbound.key)
            raise Unheard
        if not self._is_pressing(inbound):
            return await self._storage.write(turn)
        # A short answer may be to any question: it is committed together with the others'.
        urgent = isinstance(inbound.event, Pressed)
        taken = await self._in_time(turn, partial(self._past_storage, inbound), urgent=urgent, only_late=True)
        self._direct.forget(inbound.key.hex())
        return taken

    def _is_pressing(self, inbound: Inbound) -> bool:
        return sos.wants_help(self._host.program, inbound) or sos.hides(inbound)

    async def _in_time(
        self,
        commit: Work[T],
        unsaved: Callable[[], Awaitable[None]],
        *,
        urgent: bool = True,
        only_late: bool = False,
    ) -> T:
        """Commit within `PATIENCE`, or do this past the storage; with `only_late`, not at an error."""
        writing = asyncio.ensure_future(self._storage.write(commit, urgent=urgent))
        try:
            return await asyncio.wait_for(asyncio.shield(writing), PATIENCE)
        except inbox.Behind:
            raise
        except Exception as error:
            late = isinstance(error, TimeoutError)
            if late or not only_late:
                log.error("triage.not_committed", error=error)
                await unsaved()
            if not late:
                raise
            return await writing

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

    async def _meant(self, inbound: Inbound, words: str, heard: Concern) -> Concern | None:
        """The same concern, or what it is worth where such words are asked for; none where they just answer
        a question, short of danger."""

        def look(unit: Unit) -> tuple[bool, bool]:
            chat, at = inbound.chat, inbound.at
            return (
                safety.asks_for(unit, self._host, chat, at, heard.category),
                not heard.crisis and safety.answers(unit, self._host, chat, at, words),
            )

        try:
            expected, answers = await asyncio.wait_for(self._storage.read(look), _ASIDE)
        except Exception as error:
            log.warning("concern.dialog_unknown", error=error)
            return heard
        if expected:
            return self._hearer(words, planning=True) or replace(heard, expected=True)
        return None if answers else heard

    async def _glanced(self, inbound: Inbound, concern: Concern | None) -> Heard:
        """Explicit words as they are, or asked about where the model takes them for ordinary (`Hearing`)."""
        prose, listening = inbound.prose, self._listening
        if concern is None or concern.expected or not concern.crisis or prose is None:
            return inbound, concern
        if concern.category in BELIEVED:
            return inbound, concern
        if listening is None or listening.behind:
            return inbound, concern
        try:
            heard = await asyncio.wait_for(listening.hear(prose), GLANCE)
        except (Deaf, TimeoutError):
            return inbound, concern
        ordinary = heard is not None and heard.ask
        return inbound, replace(concern, level=Level.WATCH, ask=True) if ordinary else concern

    def _listens(self, inbound: Inbound, concern: Concern | None) -> bool:
        """Whether the model is to be asked: where a phrase is sure, it has nothing to add."""
        if self._listening is None or self._listening.deaf or inbound.prose is None:
            return False
        return concern is None or not (concern.crisis or concern.expected)
