"""Duty hours and the minutes of an escalation: values of the program, read from its settings.

Duty hours say when somebody is there for what can wait. They never hold back an emergency or an urgent alert.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

ALWAYS = "always"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = 7
_SPAN = re.compile(
    r"(?P<first>[a-z]{3})[a-z]*(?:\s*-\s*(?P<last>[a-z]{3})[a-z]*)?"
    r"\s+(?P<from>\d{1,2}:\d\d)\s*-\s*(?P<to>\d{1,2}:\d\d)"
)


@dataclass(frozen=True, slots=True)
class Span:
    """From one local time to a later one, on some days of the week (0 is Monday)."""

    days: frozenset[int]
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class DutyHours:
    """No span at all means always."""

    spans: tuple[Span, ...] = ()
    text: str = ALWAYS

    @classmethod
    def read(cls, text: str) -> "DutyHours":
        """From "always" or "mon-fri 09:00-17:00, sat 10:00-12:00"; ValueError when it is neither."""
        words = text.strip().lower()
        return cls() if words == ALWAYS else cls(tuple(_span(part) for part in words.split(",")), words)

    def on(self, instant: datetime, zone: str) -> bool:
        here = instant.astimezone(ZoneInfo(zone))
        return not self.spans or any(
            here.weekday() in span.days and span.begins <= here.time() < span.ends for span in self.spans
        )

    def next(self, instant: datetime, zone: str) -> datetime:
        """This instant if it is on duty, else the beginning of the next duty hours, in UTC."""
        if self.on(instant, zone):
            return instant
        here = instant.astimezone(ZoneInfo(zone))
        begins = [
            at
            for ahead in range(_WEEK + 1)
            for span in self.spans
            if (day := here.date() + timedelta(days=ahead)).weekday() in span.days
            and (at := datetime.combine(day, span.begins, ZoneInfo(zone))) > here
        ]
        return min(begins).astimezone(instant.tzinfo)


def read_minutes(text: str) -> tuple[int, ...]:
    """Three rising numbers of minutes, such as "5,10,15"; ValueError when it is anything else."""
    minutes = tuple(int(part) for part in text.split(","))
    if len(minutes) != 3 or not 0 < minutes[0] < minutes[1] < minutes[2] <= 24 * 60:
        raise ValueError
    return minutes


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError
    first = DAYS.index(found["first"])
    last = DAYS.index(found["last"]) if found["last"] else first
    days = frozenset((first + n) % _WEEK for n in range((last - first) % _WEEK + 1))
    begins, ends = _time(found["from"]), _time(found["to"])
    if begins >= ends:
        raise ValueError
    return Span(days, begins, ends)


def _time(text: str) -> time:
    hours, minutes = (int(part) for part in text.split(":"))
    return time.max if (hours, minutes) == (24, 0) else time(hours, minutes)
