"""Local time: when "every evening at 19:00" is, where the patient lives.

A slot is a local time on a local day. The rules, for the days on which clocks are changed:

 1. A local time that does not exist that day (clocks went forward) fires at the first instant after the gap.
 2. A local time that comes twice (clocks went back) fires the first time only.
 3. A day that is left out altogether (a zone that crossed the date line) has no slot.

Nothing here adds 24 hours to anything, asks the clock, or knows who is reminded of what. Many people are
reminded at the same minute, so what was worked out for one is kept for the next.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dialogs.hours import Quiet

EVERY_DAY = "1111111"
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_DAYS_AHEAD = 16  # a weekday comes round in seven days, in fourteen where the date line took it once


@lru_cache(maxsize=1024)
def next_at(local_time: str, days: str, zone: str, after: datetime) -> datetime:
    """The first slot strictly after `after`, in UTC.

    `local_time` is "HH:MM"; `days` seven digits, Monday first, with a 1 for each day that has a slot;
    `zone` an IANA name; `after` aware.
    """
    if after.tzinfo is None:
        raise ValueError("an instant is aware")
    if len(days) != 7 or set(days) - {"0", "1"} or "1" not in days:
        raise ValueError("days are seven digits of which one is a 1")
    at = time.fromisoformat(local_time)
    here = ZoneInfo(zone)
    today = after.astimezone(here).date()
    for ahead in range(_DAYS_AHEAD):
        day = today + ahead * _DAY
        if days[day.weekday()] == "1":
            instants = _instants(day, at, here)
            if instants and instants[0] > after:
                return instants[0]
    raise AssertionError("unreachable")


@lru_cache(maxsize=1024)
def slot_day(local_time: str, zone: str, slot: datetime) -> date:
    """The local day that a slot belongs to: not always the one it falls on (rule 1 at midnight)."""
    here = ZoneInfo(zone)
    day = slot.astimezone(here).date()
    eve = day - _DAY
    if slot in _instants(eve, time.fromisoformat(local_time), here)[:1]:
        return eve
    return day


@lru_cache(maxsize=1024)
def is_quiet(quiet: Quiet | None, zone: str, at: datetime) -> bool:
    """Whether the patient's clock stands within their quiet hours, which may lie over midnight."""
    return quiet is not None and at.astimezone(ZoneInfo(zone)).time() in quiet


def after_quiet(quiet: Quiet | None, zone: str, at: datetime) -> datetime:
    """`at` itself outside quiet hours, else the instant at which they end."""
    if quiet is None or not is_quiet(quiet, zone, at):
        return at
    here = ZoneInfo(zone)
    today = at.astimezone(here).date()
    ends = (end for n in (-1, 0, 1, 2) for end in _instants(today + n * _DAY, quiet.end, here))
    return next(end for end in sorted(ends) if end > at and not is_quiet(quiet, zone, end))


def _instants(day: date, at: time, here: ZoneInfo) -> tuple[datetime, ...]:
    """When a zone's clocks show this: once, twice, or (rule 1) the moment they jumped over it."""
    wall = datetime.combine(day, at)
    first = wall.replace(tzinfo=here).astimezone(UTC)
    second = wall.replace(tzinfo=here, fold=1).astimezone(UTC)
    if first == second:
        return (first,)
    if first < second:
        return first, second
    # In a gap the fold tells which offset to use: `second` lies before the jump, `first` at it or after.
    jump = _jump(second, first, here)
    if (jump - _SECOND).astimezone(here).date() < day < jump.astimezone(here).date():
        return ()
    return (jump,)


def _jump(before: datetime, after: datetime, here: ZoneInfo) -> datetime:
    """The first instant of the new offset. Zones change theirs at whole seconds."""
    new = after.astimezone(here).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(here).utcoffset() == new:
            after = middle
        else:
            before = middle
    return after
