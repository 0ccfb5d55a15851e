"""What every prompt is: a frozen value that can be awaited. The kinds stand in prompts.py and moments.py."""

import json
from collections.abc import Generator, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from dialogs import reading
from dialogs.reading import Reason, Unclear

Json = None | bool | int | float | str | list[Any] | dict[str, Any]
Identity = tuple[str, str | None]
T = TypeVar("T")

SKIP = "+skip"
DONE = "+done"


@dataclass(frozen=True, slots=True)
class Input:
    """What the person gave to the open prompt: words, or the value part of a pressed button.

    `danger`: the words speak of the danger that is asked about, as the screen hears them.
    """

    at: datetime
    text: str | None = None
    data: str | None = None
    danger: bool = False
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


def typed(given: Input) -> str:
    if given.text is None:
        raise Unclear(Reason.EMPTY if given.data is None else Reason.NOT_A_CHOICE)
    return given.text
