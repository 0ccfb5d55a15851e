"""Quiet hours: a stretch of the local day, perhaps across midnight, in which nothing unasked is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

_DAY = 24 * 60
_ROOM = 60
"""Minutes left free after a reminder, which may be up to an hour late."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` up to, not including, `end`. The two are never equal."""

    start: time
    end: time

    @classmethod
    def between(cls, start: time, end: time) -> "Quiet | None":
        """None when the stretch is empty: the person wants no quiet hours."""
        return cls(start, end) if start != end else None

    def __contains__(self, moment: time) -> bool:
        return self._into(moment) < self.length

    @property
    def length(self) -> int:
        """In minutes."""
        return (_minute(self.end) - _minute(self.start)) % _DAY

    def _into(self, moment: time) -> int:
        return (_minute(moment) - _minute(self.start)) % _DAY

    def around(self, moment: time) -> "Quiet | None":
        """What is left beside a reminder: the longer part, before it or from an hour after it."""
        if moment not in self:
            return self
        before, after = self._into(moment), self.length - self._into(moment) - _ROOM
        if max(before, after) <= 0:
            return None
        return Quiet(self.start, moment) if before >= after else Quiet(_later(moment, _ROOM), self.end)


def without(quiet: Quiet | None, reminders: Iterable[time]) -> Quiet | None:
    """Quiet hours in which none of the reminders lies."""
    for moment in reminders:
        quiet = quiet.around(moment) if quiet else None
    return quiet


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _later(moment: time, minutes: int) -> time:
    total = (_minute(moment) + minutes) % _DAY
    return time(total // 60, total % 60)
