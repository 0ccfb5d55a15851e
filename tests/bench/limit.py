"""Telegram's documented limit, enforced over a window that slides."""

from collections import deque


class Limit:
    """So many messages in any second, over all chats; with one more, 429. "About 30 messages per second" is
    what Telegram's FAQ says. Of a single chat it says "avoid more than one per second", and that short bursts
    may pass: that is no number to enforce.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._passed: deque[float] = deque()
        self.refused = 0

    def seconds_to_wait(self, now: float) -> int:
        """0: it passes, and counts."""
        while self._passed and self._passed[0] <= now - 1.0:
            self._passed.popleft()
        if len(self._passed) < self._most:
            self._passed.append(now)
            return 0
        self.refused += 1
        return 1
