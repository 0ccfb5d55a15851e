"""What is in hand: the rows of one chat and lane stand in a queue, and only its head may leave."""

from bisect import insort
from dataclasses import dataclass, field

from bot.outbox import Lane
from bot.pace import Handle
from bot.rows import Outgoing

Key = tuple[bytes, int]


@dataclass(slots=True, eq=False)
class Held:
    """A row in hand. `proven`: when the database last said that it is ours (the timer's seconds).

    `placed`: no earlier row of its chat and lane waits in another process. `marked`: a nudge that the
    database already takes for sent.
    """

    row: Outgoing
    proven: float
    tries: int = 0
    waits: int = 0
    placed: bool = False
    marked: bool = False
    message_id: int | None = None
    started: float | None = None


@dataclass(slots=True, eq=False)
class Queue:
    """`busy` while its head is under way, `timer` while it waits for a moment, else it is ready."""

    key: Key
    lane: Lane
    rows: list[Held] = field(default_factory=list)
    busy: bool = False
    timer: Handle | None = None

    @property
    def head(self) -> Held:
        return self.rows[0]

    def add(self, held: Held) -> None:
        """In the order of ids; what is under way stays in front."""
        if not self.rows or self.rows[-1].row.id < held.row.id:
            self.rows.append(held)
        else:
            insort(self.rows, held, lo=1 if self.busy else 0, key=lambda one: one.row.id)
