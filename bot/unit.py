"""A unit of work: everything a use case may ask of storage, inside one transaction.

Use cases are plain functions of a `Unit`; they run to their end or leave nothing behind. The real
one is `bot.store.units`; `tests.fakes` holds one of dictionaries that passes the same suite.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.clock import Clock
from bot.rows import Outgoing, Row

R = TypeVar("R", bound=Row)
S = TypeVar("S")


class Undone(Exception):
    """What was tried apart failed by a fault of ours (`__cause__`), and only that is undone."""


class Unit(Protocol):
    """`where` takes `column=value` (a tuple means "one of", None means "is unknown") and the suffixes
    `__lt`, `__le`, `__gt`, `__ge`, `__not`. Sealed columns cannot be searched."""

    @property
    def now(self) -> datetime:
        """The instant of this unit, aware UTC."""
        ...

    @property
    def owner(self) -> int | None:
        """The process that runs this unit: the first to send what it posts."""
        ...

    @property
    def lease(self) -> datetime:
        """Until when others leave alone what this process posts."""
        ...

    def new_id(self) -> int:
        """A fresh id, larger than any that this process gave before."""
        ...

    def new_token(self) -> str:
        """A fresh secret of 128 bits, safe in a link."""
        ...

    def digest(self, secret: int | str) -> bytes:
        """The keyed hash under which a Telegram id or a token is looked up."""
        ...

    def add(self, row: Row) -> None: ...

    def add_once(self, row: Row) -> bool:
        """Add unless a row with the same unique key is there; True if it was added."""
        ...

    def add_all(self, rows: Sequence[Row]) -> None:
        """Add many rows of one kind."""
        ...

    def get(self, kind: type[R], id: int) -> R | None: ...

    def find(
        self,
        kind: type[R],
        /,
        *,
        order: str = "id",
        limit: int | None = None,
        claim: bool = False,
        **where: Any,
    ) -> list[R]:
        """Rows by column; `order="-at"` is newest first. `claim` locks them, skipping those others hold."""
        ...

    def one(self, kind: type[R], /, **where: Any) -> R | None: ...

    def values(
        self, kind: type[Row], /, *names: str, order: str = "id", limit: int | None = None, **where: Any
    ) -> list[tuple[Any, ...]]:
        """These plain columns of what `find` would give: nothing else is read, and nothing opened."""
        ...

    def count(self, kind: type[Row], /, **where: Any) -> int: ...

    def holds(self, *looks: tuple[type[Row], dict[str, Any]]) -> list[bool]:
        """For each kind and conditions whether there is such a row, all in one look. ValueError where two of
        them ask for different values of one condition, other than the state."""
        ...

    def change(self, row: R, **fields: Any) -> R:
        """Write the changed fields of a row and return it as it is now."""
        ...

    def change_all(self, rows: Sequence[Row], /, **fields: Sequence[Any]) -> None:
        """Write the changed fields of many rows of one kind: of each field, one value for each row."""
        ...

    def remove(self, kind: type[Row], /, **where: Any) -> int: ...

    def apart(self, work: Callable[[], S]) -> S:
        """Run `work` so that, if it raises, it alone is undone: `Undone`, and the rest of the unit stands.

        Where the storage itself is in trouble, the whole unit fails as ever.
        """
        ...

    def lock(self, chat_hash: bytes) -> None:
        """Wait until no other unit holds this chat: two turns of one patient never run at the same time."""
        ...

    def forget(self, patient_id: int) -> None:
        """Destroy the patient's data key: what was sealed under it can never be read again."""
        ...


Work = Callable[[Unit], S]


class Storage(Protocol):
    """A store as the loops see it: it runs units, each committed whole or not at all."""

    @property
    def owner(self) -> int: ...

    @property
    def clock(self) -> Clock: ...

    async def write(self, work: Work[S], *, urgent: bool = False) -> S:
        """Run `work` and return its result once it is committed; raises what it raised."""
        ...

    async def read(self, work: Work[S]) -> S:
        """Run `work`, which writes nothing."""
        ...

    def on_posted(self, listener: Callable[[list[Outgoing]], None]) -> None:
        """`listener` gets the outbox rows of each unit right after its commit, on the event loop."""
        ...
