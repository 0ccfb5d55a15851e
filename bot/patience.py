"""What a 429 stops, and for how long.

Telegram's answer is the same whether the bot as a whole is too fast or one chat gets too much, so it
stops everybody, unless what was sent in the last seconds says plainly that one chat alone is flooded:
then a patient who hammers on buttons does not hold up another one's alert.
"""

from collections import deque

SECONDS = 3.0
FLOOD = 3
QUIET = 45


class Patience:
    """All times are the sender's timer's seconds."""

    def __init__(self) -> None:
        self.everyone = 0.0
        self._slow: dict[bytes, float] = {}
        self._calls: deque[tuple[float, bytes]] = deque(maxlen=4096)

    def called(self, now: float, chat: bytes) -> None:
        """A call for this chat begins."""
        self._calls.append((now, chat))

    def slow_down(self, now: float, chat: bytes, seconds: float) -> bool:
        """Obey a 429; True if it is that chat's alone."""
        alone = self._floods(now, chat)
        if alone:
            self._slow[chat] = max(self._slow.get(chat, 0.0), now + seconds)
        else:
            self.everyone = max(self.everyone, now + seconds)
        return alone

    def until(self, chat: bytes) -> float:
        """When this chat may be written to again, for its own sake."""
        return self._slow.get(chat, 0.0)

    def forget(self, now: float) -> None:
        """Drop what is over."""
        self._slow = {chat: until for chat, until in self._slow.items() if until > now}

    def _floods(self, now: float, chat: bytes) -> bool:
        if any(other != chat and until > now for other, until in self._slow.items()):
            return False
        recent = [one for at, one in self._calls if at > now - SECONDS]
        own = recent.count(chat)
        return len(recent) <= QUIET and own >= FLOOD and own * 2 >= len(recent)
