"""How many rows of each lane came to what, for the log: lanes, counts and durations, no more."""

from collections import Counter

from bot.journal import Log
from bot.outbox import Lane

log = Log(__name__)

EVERY = 60.0


class Tally:
    """All times are the sender's timer's seconds."""

    def __init__(self, now: float) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._reported_at = now

    def count(self, lane: Lane, what: str, seconds: float | None = None) -> None:
        self.counts[lane.name, what] += 1
        if seconds is not None:
            self._seconds[lane.name] += round(seconds * 1000)

    def due(self, now: float) -> bool:
        return now - self._reported_at >= EVERY

    def report(self, now: float, waiting: int) -> None:
        """Log what happened since the last time."""
        self._reported_at = now
        for (lane, what), count in sorted(self.counts.items()):
            ms = self._seconds[lane] / count if what == "sent" else 0.0
            log.info("sender.did", lane=lane, status=what, count=count, ms=ms, waiting=waiting)
        self.counts.clear()
        self._seconds.clear()
