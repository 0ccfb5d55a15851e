"""Listening for what no phrase names: the model reads in a thread of its own, and the event loop goes on.

It reads in the order in which people wrote, and what waits is read together, which costs a third of reading
one by one. Where the model is missing or breaks, nobody waits for it: the phrases work on, and the log says
so once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol

from bot.concerns import Concern
from bot.journal import Log

log = Log(__name__)

TOGETHER, MUCH = 32, 8000
"""Messages and characters of one round at most, so that nobody waits for many long ones."""


class Listener(Protocol):
    """Takes its time, and may fail: `problem` says in words why it hears no more than the phrases."""

    @property
    def problem(self) -> str | None: ...

    def load(self) -> bool:
        """Gets ready; False when it cannot."""
        ...

    def listen(self, texts: Sequence[str]) -> list[Concern | None]:
        """What is heard in each text, phrases included. It never raises."""
        ...


class Deaf(Exception):
    """The model is missing or broke: what the phrases heard is all there is."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    text: str
    loop: asyncio.AbstractEventLoop
    heard: asyncio.Future[Concern | None]

    def tell(self, concern: Concern | None) -> None:
        self._from_thread(lambda: self.heard.set_result(concern))

    def give_up(self) -> None:
        self._from_thread(lambda: self.heard.set_exception(Deaf()))

    def _from_thread(self, settle: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(lambda: None if self.heard.done() else settle())


class Listening:
    """Loads at once, in the background; what is asked meanwhile waits."""

    def __init__(self, listener: Listener) -> None:
        self.deaf = self._ready = False
        self._listener = listener
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        threading.Thread(target=self._run, name="listening", daemon=True).start()

    @property
    def behind(self) -> bool:
        """Not ready yet, or far more waits than a round takes: who can come again had better do so."""
        return not self._ready or self._queue.qsize() > 8 * TOGETHER

    async def hear(self, text: str) -> Concern | None:
        """What is heard in it, phrases included. Raises `Deaf`."""
        if self.deaf:
            raise Deaf
        loop = asyncio.get_running_loop()
        waiting = _Waiting(text, loop, loop.create_future())
        self._queue.put(waiting)
        return await waiting.heard

    def stop(self) -> None:
        """End the thread after what it has in hand. Nobody waits for it."""
        self._queue.put(None)

    def _run(self) -> None:
        if not self._listener.load():
            self._give_up()
        self._ready = True
        while taken := self._round():
            if self.deaf:
                for waiting in taken:
                    waiting.give_up()
                continue
            heard = self._listener.listen([waiting.text for waiting in taken])
            for waiting, concern in zip(taken, heard, strict=True):
                waiting.tell(concern)
            if self._listener.problem is not None:
                self._give_up()

    def _round(self) -> list[_Waiting]:
        """What waits now, at least one; nothing at the end."""
        taken: list[_Waiting] = []
        size = 0
        while len(taken) < TOGETHER and size < MUCH:
            try:
                waiting = self._queue.get(block=not taken)
            except Empty:
                break
            if waiting is None:
                self._queue.put(None)
                break
            if not waiting.heard.cancelled():
                taken.append(waiting)
                size += len(waiting.text)
        return taken

    def _give_up(self) -> None:
        log.warning("listening.phrases_only")
        self.deaf = True
