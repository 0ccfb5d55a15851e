"""How rows ended, on their way into the book: together, and again until the database has them."""

import asyncio
from collections.abc import Callable
from functools import partial

from bot import ledger
from bot.journal import Log
from bot.ledger import OnBlocked, OnRefused, Outcome
from bot.pace import Timer
from bot.queue import Held
from bot.together import Together
from bot.unit import Storage

log = Log(__name__)

TOGETHER = 128
AGAIN = 1.0

Mark = tuple[Held, Outcome, Callable[[], None]]
"""A row, how it ended, and what is called when the database knows."""


class Marks(Together[Mark]):
    """`marked` is called after each batch that is written down."""

    def __init__(
        self,
        storage: Storage,
        timer: Timer,
        on_blocked: OnBlocked,
        on_refused: OnRefused,
        marked: Callable[[], None],
    ) -> None:
        super().__init__(self._write, TOGETHER)
        self._storage = storage
        self._timer = timer
        self._on_blocked = on_blocked
        self._on_refused = on_refused
        self._marked = marked
        self._marked_at = timer.time()

    def late(self, seconds: float) -> bool:
        """Whether some have waited, and none has been written down, for so long."""
        return len(self) > 0 and self._timer.time() - self._marked_at > seconds

    async def _write(self, batch: list[Mark]) -> None:
        outcomes = [outcome for _, outcome, _ in batch]
        try:
            work = partial(
                ledger.mark, outcomes=outcomes, on_blocked=self._on_blocked, on_refused=self._on_refused
            )
            await self._storage.write(work)
        except Exception as error:
            # One row that cannot be written must not keep the others from it: they try by halves.
            log.error("sender.not_marked", error=error, count=len(batch))
            self.most = max(1, len(batch) // 2)
            if len(batch) == 1:
                self.add(batch[0])
            else:
                self.put_back(batch)
            await self._sleep(AGAIN)
            return
        self.most = TOGETHER
        self._marked_at = self._timer.time()
        for _, _, settled in batch:
            settled()
        self._marked()

    async def _sleep(self, seconds: float) -> None:
        over = asyncio.Event()
        self._timer.call_at(self._timer.time() + seconds, over.set)
        await over.wait()
