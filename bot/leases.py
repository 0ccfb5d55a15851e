"""The rows that are ours for a time: taken up where they were left behind, renewed while they are in hand,
let go of at the end.

What belongs to whom is decided in `bot.ledger`; here stands how much this process takes, and when.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from bot import ledger
from bot.journal import Log
from bot.outbox import AT_ONCE, PACED
from bot.pace import Timer
from bot.queue import Hand, Held
from bot.rows import Outgoing
from bot.unit import Storage

log = Log(__name__)

ROOM = 256
CROWD = 1000
TOGETHER = 128


class Leases:
    """`take` puts a row in hand. `left_behind`: there is more than there was room for."""

    def __init__(self, storage: Storage, hand: Hand, timer: Timer, take: Callable[[Outgoing], None]) -> None:
        self._storage = storage
        self._hand = hand
        self._timer = timer
        self._take = take
        self._sweeping = asyncio.Lock()
        self.left_behind = self._every = False

    def has_room(self) -> bool:
        """Whether a sweep is worth its look, and none is under way."""
        return len(self._hand) < ROOM // 4 and not self._sweeping.locked()

    async def sweep(self, all_leases: bool) -> int:
        """Take up rows that were left behind, as many as there is room for; how many were taken.

        `all_leases` takes rows whatever their lease says: only for the sole process on a database.
        """
        async with self._sweeping:
            self._every = self._every or all_leases
            left, taken = False, 0
            for lanes in (AT_ONCE, PACED):
                held = frozenset(one.row.id for one in self._hand.rows.values() if one.row.lane in lanes)
                room = ROOM - len(held) if lanes is PACED else ROOM if len(held) < CROWD else 0
                if room <= 0:
                    left = True
                    continue
                look = partial(ledger.left_behind, lanes=lanes, held=held)
                if not self._every and not await self._storage.read(look):
                    continue
                work = partial(ledger.claim, lanes=lanes, most=room, held=held, every=self._every)
                rows = await self._storage.write(work)
                left = left or len(rows) == room
                for row in rows:
                    self._take(row)
                taken += len(rows)
            self.left_behind, self._every = left, self._every and left
        return taken

    async def renew(self, renewed: list[Held]) -> None:
        attempts = {held.row.id: held.tries for held in renewed}
        try:
            ours = await self._storage.write(partial(ledger.renew, attempts=attempts))
        except Exception as error:
            log.warning("sender.not_renewed", error=error, count=len(renewed))
            return
        now = self._timer.time()
        for held in renewed:
            if held.row.id in ours:
                held.proven = now

    async def let_go(self, flying: frozenset[int], untaken: list[Outgoing]) -> None:
        """Rows that never left are anybody's at once; what was in the air stays as the book has it."""
        kept = [one for one in self._hand.rows.values() if one.row.id not in flying]
        marked = frozenset(one.row.id for one in kept if one.marked)
        rows = [*(one.row for one in kept), *untaken]
        for start in range(0, len(rows), TOGETHER):
            some = rows[start : start + TOGETHER]
            await self._storage.write(partial(ledger.release, rows=some, marked=marked))
