"""What time it is, asked of an object that is handed around, so that tests and the demo can say.

Everything else in Handrail takes a Clock and never asks the machine; a test keeps it so. Instants are
aware and in UTC: a patient's local time is worked out from them where it is needed.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.journal import Log

log = Log(__name__)

# File systems stamp in steps of some milliseconds: within one, a second write can look like the first.
SETTLED_NS = 100_000_000
FARTHEST = timedelta(days=36_525)  # a century: beyond it lies a slip of the pen, and datetime's own end


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, aware, in UTC."""
        ...


def awake() -> float:
    """Seconds that have passed, those of a machine that slept too, where it counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class StillClock:
    """Time that stands where it was put."""

    def __init__(self, at: datetime) -> None:
        self._at = _in_utc(at)

    def now(self) -> datetime:
        return self._at


class SettableClock:
    """A clock that is moved by hand, for the demo's "move time on" and for tests.

    It goes on running, or stands still, as the clock beneath it does.
    """

    def __init__(self, beneath: Clock | None = None) -> None:
        self._beneath = beneath or SystemClock()
        self._offset = timedelta()

    def now(self) -> datetime:
        return self._beneath.now() + self._offset

    def advance(self, by: timedelta) -> None:
        """Move by so much, back where it is negative."""
        self._offset += by

    def set(self, at: datetime) -> None:
        """Move to this instant."""
        self._offset = _in_utc(at) - self._beneath.now()


class OffsetClock:
    """The time of the clock beneath, moved by the seconds that a file holds; another process may
    change the file at any moment, and the next `now` obeys.

    A file that is gone or holds no number leaves the last good offset standing: half a write must not
    throw every reminder a week back. That is logged once, and so is its mending.
    """

    def __init__(self, path: Path, beneath: Clock | None = None) -> None:
        self._path = path
        self._beneath = beneath or SystemClock()
        self._offset = timedelta()
        self._seen: tuple[int, ...] | None = None
        self._trusted = True

    def now(self) -> datetime:
        self._look()
        return self._beneath.now() + self._offset

    def _look(self) -> None:
        before = self._offset
        try:
            stat = os.stat(self._path)
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen == self._seen:
                return
            self._offset = _seconds(self._path.read_text("ascii"))
        except (OSError, ValueError) as error:
            if self._trusted:
                log.warning("clock.file_unreadable", seconds=self._offset.total_seconds(), error=error)
            self._trusted = False
            return
        self._seen = seen if time.time_ns() - stat.st_mtime_ns > SETTLED_NS else None
        self._trusted = True
        if self._offset != before:
            log.info("clock.moved", seconds=self._offset.total_seconds())


def _seconds(text: str) -> timedelta:
    seconds = float(text)
    if abs(seconds) > FARTHEST.total_seconds():
        raise ValueError
    return timedelta(seconds=seconds)  # which refuses "nan" by itself


def _in_utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("a clock is set to an aware instant")
    return at.astimezone(UTC)
