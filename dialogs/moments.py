"""Prompts for when and where: a time of day, a date, the offset of a clock, the place whose time it shows."""

from dataclasses import KW_ONLY, dataclass
from datetime import date, time, timedelta
from functools import cached_property
from typing import Literal, TypeVar

from dialogs import places, reading
from dialogs.prompt import Input, Json, Prompt, typed
from dialogs.reading import Reason, Unclear

T = TypeVar("T")


@dataclass(frozen=True)
class Moment(Prompt[T]):
    """A point in time, of one of three kinds: `Time` of day, `Date`, `Offset` from UTC."""


@dataclass(frozen=True)
class Time(Moment[time]):
    """A time of day, stored as "HH:MM". `suggest` are buttons ("08:00").

    `part` settles what a bare "8" means: in the evening it is 20:00. At night "1" is 01:00.
    """

    _: KW_ONLY
    suggest: tuple[str, ...] = ()
    part: Literal["", "morning", "evening", "night"] = ""

    @cached_property
    def options(self) -> tuple[str, ...]:
        return self.suggest

    @property
    def spec(self) -> Json:
        return ["time"]

    @cached_property
    def samples(self) -> tuple[Json, ...]:
        return tuple(dict.fromkeys((*self.suggest, "08:00", "00:00", "12:30", "23:59")))

    def _read(self, given: Input) -> Json:
        if given.data is not None:
            if given.data in self.options:
                return given.data
            raise Unclear(Reason.NOT_A_CHOICE)
        return self._dump(reading.time_of_day(typed(given), self.part, given.language))

    def load(self, value: Json) -> time:
        if isinstance(value, str) and len(value) == 5:
            return time.fromisoformat(value)
        return self._unfit(value)

    def _dump(self, value: time) -> Json:
        return value.isoformat("minutes")


@dataclass(frozen=True)
class Date(Moment[date]):
    """A calendar date, stored as "YYYY-MM-DD". `today` comes from the facts; buttons name days near it."""

    today: date
    _: KW_ONLY
    earliest: date | None = None
    latest: date | None = None
    suggest: tuple[Literal["today", "yesterday", "tomorrow"], ...] = ()

    @cached_property
    def options(self) -> tuple[str, ...]:
        return self.suggest

    @property
    def spec(self) -> Json:
        return ["date"]

    @cached_property
    def samples(self) -> tuple[Json, ...]:
        near = (self.today + timedelta(days=n) for n in (0, -1, 1, -30))
        edges = (d for d in (*near, self.earliest, self.latest) if d is not None and self._within(d))
        return tuple(dict.fromkeys(d.isoformat() for d in edges))

    def _within(self, day: date) -> bool:
        return (self.earliest or date.min) <= day <= (self.latest or date.max)

    def _read(self, given: Input) -> Json:
        if given.data is not None:
            if given.data not in self.options:
                raise Unclear(Reason.NOT_A_CHOICE)
            day = self.today + timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[given.data])
        else:
            past = self.latest is not None and self.latest <= self.today
            day = reading.calendar_date(typed(given), self.today, past, given.language)
        if not self._within(day):
            raise Unclear(Reason.OUT_OF_RANGE)
        return day.isoformat()

    def load(self, value: Json) -> date:
        if isinstance(value, str):
            return date.fromisoformat(value)
        return self._unfit(value)

    def _dump(self, value: date) -> Json:
        return value.isoformat()


@dataclass(frozen=True)
class Offset(Moment[int]):
    """Minutes east of UTC, found from what the person's clock shows now, to the quarter of an hour.

    `near` (the program's own offset) settles "8:10" without am or pm.
    """

    _: KW_ONLY
    near: int | None = None

    @property
    def spec(self) -> Json:
        return ["offset"]

    @property
    def samples(self) -> tuple[Json, ...]:
        return (-300, 0, 330, -720, 840)

    def _read(self, given: Input) -> Json:
        return reading.offset(typed(given), given.at, self.near, given.language)

    def load(self, value: Json) -> int:
        if type(value) is int and -720 <= value <= 840:
            return value
        return self._unfit(value)


@dataclass(frozen=True)
class Place(Prompt[str]):
    """Where the person lives, as the name of an IANA time zone. Buttons: the common zones of the US."""

    @cached_property
    def options(self) -> tuple[str, ...]:
        return places.COMMON

    @property
    def spec(self) -> Json:
        return ["place"]

    @cached_property
    def samples(self) -> tuple[Json, ...]:
        return (places.COMMON[0], "Europe/London", "Asia/Kolkata")

    def _read(self, given: Input) -> Json:
        if given.data is not None:
            if given.data in self.options:
                return given.data
            raise Unclear(Reason.NOT_A_CHOICE)
        zone = reading.label(typed(given), self.options, given.labels) or places.find(typed(given))
        if zone is None:
            raise Unclear(Reason.NOT_A_PLACE)
        return zone

    def load(self, value: Json) -> str:
        if isinstance(value, str) and places.known(value):
            return value
        return self._unfit(value)
