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

`Time`, `Date`, `Offset` and `Place` stand in moments.py; what all share in prompt.py. A script imports
everything from here.

Words are not known here: neither those that ask nor those on the buttons. The words in which people
answer are understood by `dialogs.reading`.
"""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, TypeVar, cast

from dialogs import reading
from dialogs.facts import Facts
from dialogs.moments import Date, Moment, Offset, Place, Time
from dialogs.prompt import DONE, SKIP, Identity, Input, Json, Prompt, fingerprint, typed
from dialogs.reading import Reason, Unclear, Unit
from dialogs.script import Dialog, dialog

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

E = TypeVar("E", bound=StrEnum)


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
        return reading.words(typed(given), self.limit)

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
        return reading.whole(typed(given), self.low, self.high, self.unit, given.language)

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
        return reading.yes_no(typed(given), given.labels, given.language)

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
        return reading.one(typed(given), self.options, given.labels, given.language)

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
            chosen = reading.several(typed(given), self.options, given.labels, given.ticks, given.language)
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
