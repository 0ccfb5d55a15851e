"""Ids that grow, and that no two processes on one database share.

    milliseconds since 1970 (43 bits) | the process's number (12) | a count (8)

The order of ids is an order in time, to the millisecond. The number is the database's own count of starts, so
it comes round after 4,096 of them. A shared id would be a lost row: what is added once would be taken for
what is there already.
"""

import threading

from bot.clock import Clock

NUMBERS = 1 << 12
"""So many processes can be told apart by their ids."""
_COUNT, _BELOW = 8, 20
"""Bits of an id's count, and of all that stands below its millisecond."""


class Ids:
    """When a millisecond's ids are used up, or the clock is behind because it was set back, they go on in the
    millisecond after the last one."""

    def __init__(self, clock: Clock, number: int = 0) -> None:
        self._clock = clock
        self._number = number % NUMBERS
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        now = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            made = self._first_of(now)
            if made <= self._last:
                made = self._last + 1
                if made >> _COUNT & NUMBERS - 1 != self._number:
                    made = self._first_of((self._last >> _BELOW) + 1)
            self._last = made
            return made

    def begin(self, number: int, last: int) -> None:
        """Give only ids of this process's number, above one that somebody gave before."""
        with self._lock:
            self._number = number % NUMBERS
            self._last = max(self._last, last | (1 << _BELOW) - 1)

    def _first_of(self, millisecond: int) -> int:
        return millisecond << _BELOW | self._number << _COUNT
