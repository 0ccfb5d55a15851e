"""What a dialog can ask, and what an answer to it means.

A prompt is a frozen value. A script awaits it and gets the person's answer, already of the right type:

    mood = await Scale("mood", 0, 10)                       # int
    sleep = await Scale("sleep", 0, 24).or_skip()           # int | None: a Skip button is shown
    feelings = await Many("feelings", Feeling)              # tuple[Feeling, ...], in catalogue order
    before = {f: await Scale("intensity", 0, 100, item=f) for f in feelings}

Every prompt has an identity, `(key, item)`, under which its answer is stored for ever, and these members:

    read(given)   what the person gave -> the JSON value that is stored; raises Unclear
    load(value)   a stored value -> the value that the script gets; raises ValueError
    dump(value)   the inverse of load
    spec          what would make an old answer mean something else if it changed
    samples       stored values that cover branches and edges, the most ordinary first
    options       the `data` of its buttons, in order;  columns: how many to a row

Words are not known here: neither those that ask nor those on the buttons. The words in which people
answer are understood by `dialogs.reading`.
"""

import json
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, cast, get_type_hints

from dialogs import places, reading
from dialogs.facts import Facts
from dialogs.reading import Reason, Unclear, Unit

__all__ = [
    "DONE",
    "SKIP",
    "Choice",
    "Date",
    "Dialog",
    "Facts",
    "Identity",
    "Input",
    "Json",
    "Many",
    "Moment",
    "Offset",
    "Place",
    "Prompt",
    "Reason",
    "Say",
    "Scale",
    "Text",
    "Time",
    "Unclear",
    "YesNo",
    "dialog",
    "fingerprint",
]

Json = None | bool | int | float | str | list[Any] | dict[str, Any]
Identity = tuple[str, str | None]
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
R = TypeVar("R")

SKIP = "+skip"
DONE = "+done"


@dataclass(frozen=True, slots=True)
class Input:
    """What the person gave to the open prompt: words, or the value part of a pressed button."""

    at: datetime
    text: str | None = None
    data: str | None = None
    ticks: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"


def fingerprint(value: Json) -> str:
    """Sixteen hex digits that differ when the value differs, the same in every process and release."""
    words = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return blake2b(words.encode(), digest_size=8).hexdigest()


class _Interned(type):
    """Equal prompts are one object.

    A replay builds each prompt of a conversation anew; a frozen dataclass of eight fields costs more than
    the rest of the replay together. Prompts are values, so the one built before serves, with its
    fingerprint and options already known. Bounded, because a script may build prompts from facts.
    """

    if not TYPE_CHECKING:  # the constructors' own signatures are what type checkers are to see
        __call__ = lru_cache(maxsize=4096, typed=True)(type.__call__)


@dataclass(frozen=True)
class Prompt(Generic[T], metaclass=_Interned):
    """The parent of all prompts. `T` is what `await` gives."""

    key: str
    _: KW_ONLY
    item: str | None = None
    about: tuple[str, ...] = ()
    renamed: str | None = None
    optional: bool = False
    columns: int = 0

    asks: ClassVar[bool] = True
    identity: Identity = field(init=False, repr=False, compare=False)
    mark: str = field(init=False, repr=False, compare=False)
    """The mark of its answers (see the engine); empty where that hangs on other answers."""

    def __post_init__(self) -> None:
        known: dict[str, Any] = {}
        if self.item is not None and type(self.item) is not str:
            known["item"] = str(self.item)
        if not self.columns:
            known["columns"] = _columns(len(self.options))
        known["identity"] = (self.key, known.get("item", self.item))
        known["mark"] = fingerprint(self.spec) if self.asks and not self.about else ""
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def __await__(self) -> Generator["Prompt[Any]", Any, T]:
        answer: T = yield self
        return answer

    def or_skip(self) -> "Prompt[T | None]":
        """The same prompt with a Skip button; then `await` gives None for "not answered"."""
        return cast("Prompt[T | None]", self._skippable)

    @cached_property
    def _skippable(self) -> "Prompt[T]":
        return replace(self, optional=True)

    @cached_property
    def names(self) -> tuple[Identity, ...]:
        """The identities under which an answer may stand: today's first, then the one before a renaming."""
        return (self.identity,) if self.renamed is None else (self.identity, (self.renamed, self.item))

    @cached_property
    def options(self) -> tuple[str, ...]:
        return ()

    @property
    def spec(self) -> Json:
        raise NotImplementedError

    @property
    def samples(self) -> tuple[Json, ...]:
        raise NotImplementedError

    def read(self, given: Input) -> Json:
        """The value to store for what the person gave; raises Unclear."""
        if self.optional and (given.data == SKIP or self._passes(given)):
            return None
        return self._read(given)

    def load(self, value: Json) -> T:
        """What the script gets for a stored value; raises ValueError when it no longer parses."""
        raise NotImplementedError

    def dump(self, value: T) -> Json:
        """The stored value for what the script would get."""
        return None if value is None else self._dump(value)

    def _passes(self, given: Input) -> bool:
        return given.data is None and given.text is not None and reading.passes(given.text, given.language)

    def _read(self, given: Input) -> Json:
        raise NotImplementedError

    def _dump(self, value: T) -> Json:
        return cast(Json, value)

    def _unfit(self, value: Json) -> T:
        """What a value that is none of the ordinary ones loads as: None when the prompt was skipped."""
        if value is None and self.optional:
            return cast(T, None)
        raise ValueError(f"no answer to {self.key}")


def _columns(buttons: int) -> int:
    """Even rows of at most seven: 11 buttons are 6 + 5, 10 are 5 + 5."""
    rows = max(1, -(-buttons // 7))
    return max(1, -(-buttons // rows))


def _words(given: Input) -> str:
    if given.text is None:
        raise Unclear(Reason.EMPTY if given.data is None else Reason.NOT_A_CHOICE)
    return given.text


@dataclass(frozen=True)
class Say(Prompt[None]):
    """Words that ask nothing; they lead the next message."""

    asks: ClassVar[bool] = False

    @property
    def spec(self) -> Json:
        return ["say"]

    @property
    def samples(self) -> tuple[Json, ...]:
        return (None,)

    def load(self, value: Json) -> None:
        return None


@dataclass(frozen=True)
class Text(Prompt[str]):
    """The person's exact words, trimmed of outer white space only. `limit` is in characters."""

    limit: int = 4000

    @property
    def spec(self) -> Json:
        return ["text"]

    @property
    def samples(self) -> tuple[Json, ...]:
        return ("A few words.", '<b>Sam & "me"</b>', "🙂", "مرحبا", "x" * self.limit)

    def _passes(self, given: Input) -> bool:
        # "I don't know" is an answer here; only the word on the button skips.
        return given.data is None and given.text is not None and reading.skips(given.text, given.language)

    def _read(self, given: Input) -> Json:
        return reading.words(_words(given), self.limit)

    def load(self, value: Json) -> str:
        if isinstance(value, str) and value:
            return value
        return self._unfit(value)


@dataclass(frozen=True)
class Scale(Prompt[int]):
    """A whole number from `low` to `high`.

    Up to eleven values have a button each; a wider span has one for every ten, and any whole number
    may be typed. With `unit`, typed units are understood ("7 hours", "an hour" for minutes).
    """

    low: int
    high: int
    _: KW_ONLY
    step: int = 0
    unit: Unit = ""

    @property
    def spec(self) -> Json:
        return ["scale", self.low, self.high]

    @cached_property
    def options(self) -> tuple[str, ...]:
        step = self.step or (1 if self.high - self.low <= 12 else 10)
        values = list(range(self.low, self.high + 1, step))
        if values[-1] != self.high:
            values.append(self.high)
        return tuple(map(str, values))

    @cached_property
    def samples(self) -> tuple[Json, ...]:
        middle = (self.low + self.high) // 2
        edges = {self.low, self.low + 1, self.high - 1, self.high}
        values = {v for v in {*map(int, self.options), *edges} if self.low <= v <= self.high}
        return (middle, *sorted(values - {middle}))

    def _read(self, given: Input) -> Json:
        if given.data is not None:
            if given.data in self.options:
                return int(given.data)
            raise Unclear(Reason.NOT_A_CHOICE)
        return reading.whole(_words(given), self.low, self.high, self.unit, given.language)

    def load(self, value: Json) -> int:
        if type(value) is int and self.low <= value <= self.high:
            return value
        return self._unfit(value)


@dataclass(frozen=True)
class YesNo(Prompt[bool]):
    """Yes or no. Option values are "yes" and "no"; stored as true and false.

    `usual` is what most people answer: progress ("3 of about 8") looks ahead by it.
    """

    _: KW_ONLY
    usual: bool = False

    @cached_property
    def options(self) -> tuple[str, ...]:
        return ("yes", "no")

    @property
    def spec(self) -> Json:
        return ["yes_no"]

    @property
    def samples(self) -> tuple[Json, ...]:
        return (self.usual, not self.usual)

    def _read(self, given: Input) -> Json:
        if given.data is not None:
            if given.data in self.options:
                return given.data == "yes"
            raise Unclear(Reason.NOT_A_CHOICE)
        return reading.yes_no(_words(given), given.labels, given.language)

    def load(self, value: Json) -> bool:
        if isinstance(value, bool):
            return value
        return self._unfit(value)


@dataclass(frozen=True)
class Choice(Prompt[E]):
    """One member of a StrEnum. `among` leaves fewer to choose from."""

    catalogue: type[E]
    _: KW_ONLY
    among: tuple[E, ...] = ()

    @cached_property
    def options(self) -> tuple[str, ...]:
        return tuple(member.value for member in self._offered)

    @cached_property
    def _offered(self) -> dict[E, E]:
        return {m: m for m in self.catalogue if not self.among or m in self.among}

    @property
    def spec(self) -> Json:
        return ["choice"]

    @property
    def samples(self) -> tuple[Json, ...]:
        return self.options

    def _read(self, given: Input) -> Json:
        if given.data is not None:
            if given.data in self.options:
                return given.data
            raise Unclear(Reason.NOT_A_CHOICE)
        return reading.one(_words(given), self.options, given.labels, given.language)

    def load(self, value: Json) -> E:
        try:
            return self._offered[cast(E, value)]  # a StrEnum member equals, and hashes as, its value
        except (KeyError, TypeError):
            return self._unfit(value)

    def _dump(self, value: E) -> Json:
        return value.value


@dataclass(frozen=True)
class Many(Prompt[tuple[E, ...]]):
    """Any number of members, always in catalogue order.

    The host keeps the ticks of an open prompt: a pressed option goes through `toggle`, DONE submits.
    Typed words are the whole answer, whatever is ticked.
    """

    catalogue: type[E]
    _: KW_ONLY
    at_least: int = 0
    among: tuple[E, ...] = ()

    @cached_property
    def options(self) -> tuple[str, ...]:
        return tuple(m.value for m in self.catalogue if not self.among or m in self.among)

    @property
    def spec(self) -> Json:
        return ["many"]

    @cached_property
    def samples(self) -> tuple[Json, ...]:
        some = list(self.options[: max(2, self.at_least)])
        sets = (some, [], *([option] for option in self.options), list(self.options))
        return tuple(ticks for ticks in sets if len(ticks) >= self.at_least)

    def toggle(self, ticks: Iterable[str], option: str) -> tuple[str, ...]:
        """The ticks after a press on one option, in catalogue order."""
        return tuple(o for o in self.options if (o in set(ticks)) != (o == option))

    def _read(self, given: Input) -> Json:
        if given.data is None:
            chosen = reading.several(_words(given), self.options, given.labels, given.ticks, given.language)
        elif given.data == DONE:
            chosen = set(given.ticks)
        else:
            raise Unclear(Reason.NOT_A_CHOICE)
        if len(chosen & set(self.options)) < self.at_least:
            raise Unclear(Reason.TOO_FEW)
        return [option for option in self.options if option in chosen]

    def load(self, value: Json) -> tuple[E, ...]:
        if isinstance(value, list) and set(value) <= set(self.options) and len(value) >= self.at_least:
            return tuple(self.catalogue(option) for option in self.options if option in value)
        return self._unfit(value)

    def _dump(self, value: tuple[E, ...]) -> Json:
        return [member.value for member in value]


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
        return self._dump(reading.time_of_day(_words(given), self.part, given.language))

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
            day = reading.calendar_date(_words(given), self.today, past, given.language)
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
        return reading.offset(_words(given), given.at, self.near, given.language)

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
        zone = reading.label(_words(given), self.options, given.labels) or places.find(_words(given))
        if zone is None:
            raise Unclear(Reason.NOT_A_PLACE)
        return zone

    def load(self, value: Json) -> str:
        if isinstance(value, str) and places.known(value):
            return value
        return self._unfit(value)


Script = Callable[[Facts], Coroutine[Prompt[Any], Any, R]]


@dataclass(frozen=True)
class Dialog(Generic[R]):
    """A script and the name under which its sessions and its words are kept."""

    name: str
    script: Script[R]
    result: type[R]


def dialog(name: str) -> Callable[[Script[R]], Dialog[R]]:
    """Make a script a dialog; its result is the class that the script says it returns."""

    def named(script: Script[R]) -> Dialog[R]:
        return Dialog(name, script, cast("type[R]", get_type_hints(script)["return"]))

    return named
